"""The identity head as arrays: prototypes on the unit sphere and a floor for the unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pose_ssl_ros.viewpoint import UNKNOWN


@dataclass(frozen=True)
class IdentityHead:
    """Arrays of the identity head for features of length D, P prototypes and K classes.

    Attributes:
        centre: (D,) mean feature.
        prototypes: (D, P), unit columns.
        owner: (P + 1, K) 0/1, the class of each prototype; the last row is `unknown`'s.
        classes: Names, the last one is `unknown`.
        floor: Cosine below which no prototype is believed.
        sharpness: Inverse temperature of the softmax over cosines.
        ready: Whether there is a prototype that means something.
        projection: (D, D) or None for none; the embedding is the unit vector of (feature - centre) @ projection.
        ids: Who each prototype is, over all versions: a number, or `gallery/<class>`; () for nameless ones.
        merged: Numbers that are no more, to the ids that they have become.
    """

    centre: np.ndarray
    prototypes: np.ndarray
    owner: np.ndarray
    classes: tuple[str, ...]
    floor: float = 0.4
    sharpness: float = 12.0
    ready: bool = True
    projection: np.ndarray | None = None
    ids: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)

    @property
    def titles(self) -> tuple[str, ...]:
        """The class of each prototype, the last one is `unknown`."""
        return tuple(self.classes[column] for column in self.owner.argmax(1))

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Unit embeddings (N, D) of last features (N, D)."""
        centred = features - self.centre
        return unit(centred if self.projection is None else centred @ self.projection)

    def evidence(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (N, P + 1) of prototypes and, last, of none of them, from last features (N, D)."""
        cosines = self.embed(features) @ self.prototypes
        logits = self.sharpness * np.concatenate([cosines, np.full((len(cosines), 1), self.floor)], axis=1)
        p = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(p / p.sum(1, keepdims=True), np.float32)

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Class probabilities (N, K) of last features (N, D)."""
        return np.asarray(self.evidence(features) @ self.owner, np.float32)


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of unit length; a zero row stays zero."""
    return np.asarray(x / np.sqrt((x * x).sum(-1, keepdims=True) + 1e-12), np.float32)


def placeholder(dimension: int) -> IdentityHead:
    """A head that answers `unknown` to everything."""
    return IdentityHead(
        centre=np.zeros(dimension, np.float32),
        prototypes=np.zeros((dimension, 1), np.float32),
        owner=np.ones((2, 1), np.float32),
        classes=(UNKNOWN,),
        ready=False,
    )
