"""What a person said of prototypes: names, merges, what is ignored, what was split off.

A prototype has a number that never changes (`3`); one that a person split off from it has its number
with a further one behind (`3.1`).  What is said here is about numbers, so it outlives encoders and
restarts, and the numbers themselves go on living through the examples that are kept with the names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pose_ssl_ros.viewpoint import UNKNOWN

#: Longest name that a person may give.
LONGEST_NAME = 64
#: Tracks that are not tracks but the examples kept with a name begin so.
EXAMPLE = "names/"
_AUTOMATIC = re.compile(r"object_[0-9.]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}(\.[1-9][0-9]{0,3}){0,7}")


class IdentityNameError(ValueError):
    """A name or a number cannot be used; the text says why."""


@dataclass(frozen=True)
class IdentityNames:
    """What a person said; all keys are prototype numbers.

    Attributes:
        names: Number to name; two numbers may share one.
        merged: Number to the number that it counts as from now on.
        ignored: Numbers whose objects shall be `unknown` (shadows, walls, half a box).
        pins: Track to the number that it was put into by hand.
        examples: Number to JPEG crops that keep it alive when the buffer has forgotten it.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    pins: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)

    def root(self, number: str) -> str:
        """The number that a number counts as, over merges of merges."""
        seen = {number}
        while (target := self.merged.get(number)) is not None and target not in seen:
            seen.add(target)
            number = target
        return number

    def title(self, number: str) -> str:
        """What an object of this prototype is called."""
        root = self.root(number)
        if root in self.ignored:
            return UNKNOWN
        return self.names.get(root, f"object_{root}")

    def touched(self) -> set[str]:
        """Numbers that a person said anything about; they are never given up by themselves."""
        both = {*self.merged, *self.merged.values()}
        return {*self.names, *self.ignored, *self.pins.values(), *self.examples, *both}

    def may_join(self, one: str, other: str, touched: Collection[str] | None = None) -> bool:
        """Whether two prototypes may become one by themselves: not where a person told them apart.

        Args:
            one: A number.
            other: Another one.
            touched: `touched()`, from whoever asks about many.
        """
        said = self.touched() if touched is None else touched
        return not ((one in said and other in said) or parent_of(one, other) or parent_of(other, one))


def parent_of(number: str, other: str) -> bool:
    """Whether `other` was split off from `number`."""
    return other.startswith(number + ".")


def order(number: str) -> tuple[int, ...]:
    """Sorts numbers as a person would: 2, 3, 3.1, 10."""
    return tuple(int(part) for part in number.split("."))


def is_number(text: object) -> bool:
    """Whether a text is the number of a prototype."""
    return isinstance(text, str) and _NUMBER.fullmatch(text) is not None


def clean_name(text: object) -> str:
    """A name as it is kept: one line, composed characters, single spaces.

    Raises:
        IdentityNameError: If it is empty, too long, not printable or a name that the learner gives by itself.
    """
    if not isinstance(text, str):
        msg = "a name must be a text"
        raise IdentityNameError(msg)
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        msg = "the name is empty"
        raise IdentityNameError(msg)
    if len(name) > LONGEST_NAME:
        msg = f"the name has {len(name)} characters, at most {LONGEST_NAME} are allowed"
        raise IdentityNameError(msg)
    # Cf (joiners) is allowed: some scripts and symbols are written with it.
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") for letter in name):
        msg = "the name holds characters that cannot be written"
        raise IdentityNameError(msg)
    if name.lower() == UNKNOWN or _AUTOMATIC.fullmatch(name):
        msg = f"'{name}' is what the learner itself says; choose another name"
        raise IdentityNameError(msg)
    return name
