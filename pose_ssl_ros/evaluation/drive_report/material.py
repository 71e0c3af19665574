"""What a report of recorded drives is made of: plain records between evaluation and the page.

`pose-ssl evaluate` makes one `Material` from the judge of each model (`Judge.metrics()`, `Answers.of(judge)`), what
the `Collector` of each model kept, and what it knows of the bags; `page.build` turns it into HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pose_ssl_ros.evaluation.judging import Judge

#: One frame.
FRAME_ROW = np.dtype(
    [
        ("drive", "f8"),
        ("bag", "i2"),
        ("danger", "f4"),  # 0..1
        ("speed_limit", "f4"),  # percent
        ("objects", "i2"),
        ("unknown", "i2"),  # of them with unknown heading
        ("version", "i4"),  # model that answered
        ("work_ms", "f4"),
    ]
)


@dataclass(frozen=True)
class Shot:
    """One picture of a strip."""

    jpeg: bytes
    seconds: float  # relative to the moment


@dataclass(frozen=True)
class Moment:
    """A moment that went wrong, or that looks as if it did, with the pictures around it."""

    kind: str  # key of `moments.KINDS`
    words: str  # what happened, one sentence
    severity: float  # greater is worse
    bag: int
    recorded_ns: int
    drive: float  # seconds, also the time in annotated.mp4
    track: str
    shots: tuple[Shot, ...]
    centre: int  # which of the shots is the moment


@dataclass(frozen=True)
class Example:
    """A crop of a prototype."""

    jpeg: bytes
    track: str
    heading: str
    probability: float


@dataclass(frozen=True)
class Prototype:
    """An identity that the model gave, with crops that got it."""

    name: str
    count: int  # answers over the drive
    tracks: int
    categories: tuple[tuple[str, int], ...]  # true categories with counts, commonest first; empty without truth
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Collected:
    """What a `Collector` kept of one model's run over all bags."""

    frames: np.ndarray  # FRAME_ROW, thinned evenly when there were too many
    moments: tuple[Moment, ...] = ()  # worst first
    prototypes: tuple[Prototype, ...] = ()  # commonest first


@dataclass(frozen=True)
class Answers:
    """The table behind a `Judge`'s figures, with the names of its numbers."""

    rows: np.ndarray  # judged.JUDGED
    tracks: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    @classmethod
    def of(cls, judge: Judge) -> Answers:
        """The table of a judge, copied."""
        names = (judge.tracks, judge.objects, judge.categories, judge.identities)
        return cls(judge.answers.rows.copy(), *(tuple(n.names) for n in names))


@dataclass(frozen=True)
class Bag:
    """One recording, as far as a reader wants to know."""

    name: str  # as a person calls it
    command_path: str  # as it is written in a command line
    start_ns: int  # of the recording: what `ros2 bag play --start-offset` counts from
    seconds: float
    frames: int
    storage: str = ""  # mcap, sqlite3
    topics: Mapping[str, str] = field(default_factory=dict)  # role -> topic that was read


@dataclass(frozen=True)
class Skipped:
    """Something that could not be used."""

    bag: str
    kind: str
    count: int
    words: str


@dataclass(frozen=True)
class Assertion:
    """One `--assert` with its outcome."""

    expression: str
    passed: bool
    words: str = ""  # the measured figure, or why there was none


@dataclass(frozen=True)
class Model:
    """One model with what was measured of it."""

    name: str
    metrics: Mapping[str, Any]  # as `Judge.metrics()` gives them; figures are {value, low, high, n} or numbers
    answers: Answers
    collected: Collected
    about: Mapping[str, Any] = field(default_factory=dict)  # path, sha256, version, parent, objective, ...


@dataclass(frozen=True)
class Material:
    """Everything that the page shows.

    The first model is the one that is judged; the others are what it is compared with, the second one being
    the one that the verdict names.
    """

    models: tuple[Model, ...]
    bags: tuple[Bag, ...]
    title: str = ""
    truth: str = ""  # where truth came from in words; empty: there was none
    settings: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    video: str = ""  # file name of the annotated film beside the page, empty: none
    result_bags: tuple[str, ...] = ()  # names of result bags beside the page
    command: str = ""  # that made this
