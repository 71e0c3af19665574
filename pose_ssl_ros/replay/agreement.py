"""Two sets of answers to the same frames, compared: a live run and the replay of its recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from pose_ssl_ros.interfaces import Box, ObjectState
from pose_ssl_ros.perception.boxes import iou_matrix
from pose_ssl_ros.reading_messages import box_of, stamp_ns
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

#: Least overlap (intersection over union) of the boxes of one object.
_SAME_OBJECT = 0.5
#: Boxes travel as centre and size in doubles: those that are the same differ by rounding only.
_SAME_BOX = 1e-6
_WORDS = 20  # differences kept in words


class Said(NamedTuple):
    """What was said of one object."""

    track: str
    box: Box
    heading: str


@dataclass
class Agreement:
    """How far two sets of answers are the same."""

    first: int = 0  # frames answered
    second: int = 0
    both: int = 0
    same: int = 0  # frames with the same objects, each with the same heading
    exact: int = 0  # those of them with the same boxes, too
    objects: int = 0  # of the frames that both answered
    same_objects: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # frames by what is different: objects, headings
    words: list[str] = field(default_factory=list)  # the first differences

    @property
    def share(self) -> float:
        """Share of the frames that both answered on which both said the same; 0 where there is none."""
        return self.same / self.both if self.both else 0.0


def of_objects(objects: Iterable[ObjectState]) -> list[Said]:
    """Headings of a replayed frame."""
    return [Said(o.track_id, o.box, HEADINGS_AND_UNKNOWN[int(np.argmax(o.heading))]) for o in objects]


def of_message(message: Any) -> tuple[int, list[Said]]:
    """Stamp and headings of a message on `headings`."""
    said = []
    for item in message.detections:
        scores = {r.hypothesis.class_id: float(r.hypothesis.score) for r in item.results}
        heading = max(HEADINGS_AND_UNKNOWN, key=lambda name: scores.get(name, 0.0))
        said.append(Said(item.id, box_of(item), heading))
    return stamp_ns(message.header), said


def compare(first: Mapping[int, Sequence[Said]], second: Mapping[int, Sequence[Said]]) -> Agreement:
    """Compare by stamp; objects are the same by their boxes, since numbers of tracks depend on where one began.

    Args:
        first: What was said, by stamp of the frame.
        second: The same by somebody else.

    Example:
        >>> car = Said("1", Box(0, 0, 4, 4), "toward")
        >>> compare({1: [car], 2: []}, {1: [car._replace(track="7")]}).share
        1.0
    """
    found = Agreement(len(first), len(second))
    for stamp in sorted(first.keys() & second.keys()):
        found.both += 1
        ours, theirs = list(first[stamp]), list(second[stamp])
        found.objects += max(len(ours), len(theirs))
        reasons = set()
        exact = True
        for said in ours:
            match = _nearest(said, theirs)
            if match is None:
                reasons.add("objects")
                continue
            theirs.remove(match)
            exact = exact and bool(np.allclose(match.box, said.box, rtol=0, atol=_SAME_BOX))
            if match.heading == said.heading:
                found.same_objects += 1
            else:
                reasons.add("headings")
                _tell(found, f"{stamp}: {said.track} is {said.heading} and {match.track} {match.heading}")
        if theirs:
            reasons.add("objects")
        found.same += not reasons
        found.exact += exact and not reasons
        found.reasons.update(reasons)
        if "objects" in reasons:
            _tell(found, f"{stamp}: {len(ours)} and {len(second[stamp])} objects, not in the same places")
    return found


def _nearest(said: Said, others: Sequence[Said]) -> Said | None:
    """The object in the most similar box, of those with the same heading where boxes are alike."""
    overlaps = iou_matrix([said.box], [o.box for o in others])[0].tolist() if others else []
    rated = [(v, others[n].heading == said.heading, n) for n, v in enumerate(overlaps)]
    overlap, _, n = max(rated, default=(0.0, False, -1))
    return others[n] if overlap >= _SAME_OBJECT else None


def _tell(found: Agreement, words: str) -> None:
    if len(found.words) < _WORDS:
        found.words.append(words)
