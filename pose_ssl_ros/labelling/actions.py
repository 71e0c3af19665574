"""What a person can do with prototypes, as pure changes of what was said before."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.labelling.errors import ConflictError, LabelError
from pose_ssl_ros.labelling.snapshot import Snapshot
from pose_ssl_ros.learning.identity_readout import encoded
from pose_ssl_ros.learning.names import MOST_EXAMPLES
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.probing.identity_names import IdentityNameError, IdentityNames, clean_name, is_number, parent_of


def act(names: IdentityNames, request: Mapping[str, Any], snapshot: Snapshot) -> IdentityNames:
    """Do what a request asks.

    Args:
        names: What was said before.
        request: `op` (name, merge, part, split, ignore, heed), `number`, `was` (the title that the person saw;
            leave it out to insist), and `name`, `into` or `tracks`.
        snapshot: Where tracks and crops are looked up.

    Raises:
        ConflictError: If the prototype is called otherwise by now.
        LabelError: If it cannot be done.
    """
    op = request.get("op")
    number = _known(request.get("number"), names, snapshot)
    was = request.get("was")
    if was is not None and was != names.title(number):
        msg = f"somebody else changed it meanwhile: it is '{names.title(number)}' now, not '{was}'"
        raise ConflictError(msg)
    if op == "name":
        return _name(names, number, request.get("name"), snapshot)
    if op == "merge":
        return _merge(names, number, _known(request.get("into"), names, snapshot), snapshot)
    if op == "part":
        return dataclasses.replace(names, merged={n: t for n, t in names.merged.items() if n != number})
    if op == "split":
        return _split(names, number, request.get("tracks"), snapshot)
    if op in ("ignore", "heed"):
        root = names.root(number)
        ignored = names.ignored | {root} if op == "ignore" else names.ignored - {root}
        return _keep_examples(dataclasses.replace(names, ignored=ignored), [root], snapshot)
    msg = f"'{op}' is nothing that can be done: name, merge, part, split, ignore, heed"
    raise LabelError(msg)


def example_entries(tracks: Sequence[str], snapshot: Snapshot, most: int) -> list[Entry]:
    """Entries to look at: of as many tracks as possible, then further views of them, evenly over time."""
    chosen = [tracks[i] for i in np.unique(np.linspace(0, len(tracks) - 1, min(most, len(tracks))).round().astype(int))]
    views = [_middle_out(snapshot.tracks[track]) for track in chosen]
    found: list[Entry] = []
    for turn in range(max(map(len, views), default=0)):
        found += [rows[turn] for rows in views if turn < len(rows)]
    return found[:most]


def _known(number: Any, names: IdentityNames, snapshot: Snapshot) -> str:
    """A prototype that there is."""
    text = str(number).removeprefix("object_")
    if is_number(text):
        if text in snapshot.groups.values() or text in names.touched():
            return text
        if text in snapshot.merged:
            msg = f"object_{text} has become object_{snapshot.merged[text]} by itself meanwhile"
            raise ConflictError(msg)
    msg = f"there is no prototype '{str(number)[:40]}'"
    raise LabelError(msg)


def _name(names: IdentityNames, number: str, text: Any, snapshot: Snapshot) -> IdentityNames:
    root = names.root(number)
    said = dict(names.names)
    if isinstance(text, str) and not text.strip() and root in said:
        del said[root]
    else:
        try:
            said[root] = clean_name(text)
        except IdentityNameError as error:
            raise LabelError(str(error)) from error
    return _keep_examples(dataclasses.replace(names, names=said, ignored=names.ignored - {root}), [root], snapshot)


def _merge(names: IdentityNames, number: str, into: str, snapshot: Snapshot) -> IdentityNames:
    root, target = names.root(number), names.root(into)
    if root == target:
        msg = f"object_{number} and object_{into} are one already"
        raise LabelError(msg)
    merged = {**names.merged, root: target}
    said = {n: name for n, name in names.names.items() if n != root}
    if target not in said and root in names.names:
        said[target] = names.names[root]  # a name is worth more than a number
    ignored = names.ignored - {root}
    changed = dataclasses.replace(names, names=said, merged=merged, ignored=ignored)
    return _keep_examples(changed, [root, target], snapshot)


def _split(names: IdentityNames, number: str, tracks: Any, snapshot: Snapshot) -> IdentityNames:
    members = snapshot.members(names)
    family = [n for n in members if names.root(n) == names.root(number)]
    own = [track for n in family for track in members[n]]
    if not isinstance(tracks, (list, tuple)) or not tracks:
        msg = "choose the crops that shall be split off"
        raise LabelError(msg)
    chosen = [str(track) for track in tracks]
    strangers = [track for track in chosen if track not in own]
    if strangers:
        msg = f"track {strangers[0][:40]} is not in object_{number} any more"
        raise ConflictError(msg)
    if len(set(chosen)) == len(own):
        msg = "these are all its tracks: name it instead"
        raise LabelError(msg)
    taken = {*names.touched(), *snapshot.groups.values(), *snapshot.merged}
    index = 1
    while f"{number}.{index}" in taken or any(parent_of(f"{number}.{index}", other) for other in taken):
        index += 1
    child = f"{number}.{index}"
    changed = dataclasses.replace(names, pins={**names.pins, **dict.fromkeys(chosen, child)})
    return _keep_examples(changed, [*family, child], snapshot)


def _keep_examples(names: IdentityNames, numbers: Sequence[str], snapshot: Snapshot) -> IdentityNames:
    """Crops of these prototypes as they are now; where there are none, those of before."""
    members = snapshot.members(names)
    examples = dict(names.examples)
    for number in numbers:
        rows = example_entries(members.get(number, []), snapshot, MOST_EXAMPLES)
        if rows:
            examples[number] = tuple(encoded(row.crops[1]) for row in rows)
    return dataclasses.replace(names, examples=examples)


def _middle_out(rows: list[Entry]) -> list[Entry]:
    """The view in the middle of a track first, then the last, then the first."""
    picks = dict.fromkeys((len(rows) // 2, len(rows) - 1, 0))
    return [rows[index] for index in picks]
