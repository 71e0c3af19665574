"""Things that do not exist: ends, tops and proportions of known kinds put together anew.

A front is told by a windscreen, lamps, a face, a seat's back, whatever they are mounted on.  Twelve kinds show each of
these on one kind of body only; in a hybrid they stand on all others too.  Hybrids are made of categories that encoders
are trained on, never of those kept away.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pose_ssl_sim.limbs import grounded
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import body_colour, pick

Rng = np.random.Generator
#: How much of the way to the other's proportions a part is bent; the rest is scaled evenly.
_BENT = 0.6
#: Least and greatest ratio by which one part is fitted to the other's cut.
_FIT = (0.6, 1.7)
_SPREAD = 0.2  # of the logarithm of proportions


def hybrid(rng: Rng, draw: Callable[[], Mesh]) -> Mesh:
    """A thing with a front that no catalogue knows.

    Args:
        rng: Where chance comes from.
        draw: Draws an instance of a known kind, facing +x, standing on z = 0.
    """
    kind = pick(rng, ("ends", "ends", "stacked", "stretched"))
    first = draw()
    if kind == "stretched":
        return _scaled(first, np.exp(rng.normal(0, 2 * _SPREAD, 3)))
    second = draw()
    sizes = np.log([_size(first), _size(second)])
    target = np.exp(sizes.mean(axis=0) + rng.normal(0, _SPREAD, 3))
    first, second = _towards(first, target), _towards(second, target)
    cut = float(rng.uniform(0.35, 0.65))
    if kind == "ends":
        return _joined(rng, _part(first, 0, cut, 1), _part(second, 0, cut, -1), 0)
    lower, upper = _part(first, 2, cut, -1), _part(second, 2, cut, 1)
    return grounded(_joined(rng, lower, upper, 2))


def clipped(mesh: Mesh, axis: int, at: float, side: int) -> Mesh:
    """The part of a mesh above (side 1) or below (-1) a plane across an axis; its cut stays open."""
    kept = Mesh()
    for points, colour in mesh.polygons():
        height = side * (points[:, axis] - at)
        if (height >= 0).all():
            kept.face(points, colour)
            continue
        if (height < 0).all():
            continue
        corners = []
        for i, (here, above) in enumerate(zip(points, height, strict=True)):
            there, beyond = points[(i + 1) % len(points)], height[(i + 1) % len(points)]
            if above >= 0:
                corners.append(here)
            if (above >= 0) != (beyond >= 0):
                corners.append(here + (there - here) * (above / (above - beyond)))
        if len(corners) >= 3:
            kept.face(corners, colour)
    return kept


def _part(mesh: Mesh, axis: int, cut: float, side: int) -> Mesh:
    """One side of the cut at a share of the way from the least to the greatest, moved so that the cut lies at 0."""
    low, high = mesh.bounds()
    at = float(low[axis] + (high[axis] - low[axis]) * cut)
    shift = np.zeros(3)
    shift[axis] = -at
    return clipped(mesh, axis, at, side).moved(shift)


def _joined(rng: Rng, first: Mesh, second: Mesh, axis: int) -> Mesh:
    """Both parts at their cut, the second fitted to the first's section, a plate between them."""
    across = [1, 2] if axis == 0 else [0, 1]
    one, other = _section(first, axis, across), _section(second, axis, across)
    ratio = np.ones(3)
    for place, along in enumerate(across):
        spans = [float(s[1][place] - s[0][place]) for s in (one, other)]
        ratio[along] = np.clip(spans[0] / max(spans[1], 1e-6), *_FIT)
    second = _scaled(second, ratio)
    middle = np.zeros(3)
    other = _section(second, axis, across)
    for place, along in enumerate(across):
        if along != 2:  # both stand on the ground
            middle[along] = (one[0][place] + one[1][place] - other[0][place] - other[1][place]) / 2
    second = second.moved(middle)
    other = _section(second, axis, across)
    low, high = np.maximum(one[0], other[0]), np.minimum(one[1], other[1])
    whole = Mesh()
    for part in (first, second):
        for points, colour in part.polygons():
            whole.face(points, colour)
    if (high - low > 0.02).all():
        centre, size = np.zeros(3), np.full(3, 0.03)
        centre[across], size[across] = (low + high) / 2, (high - low) * 0.97
        whole.box(centre, size, body_colour(rng))
    return whole


def _section(mesh: Mesh, axis: int, across: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest corner (2,) of a part near its cut; of all of it where nothing reaches the cut."""
    points = mesh.vertices()
    near = points[np.abs(points[:, axis]) < 1e-6]
    points = near if len(near) > 2 else points
    return points[:, across].min(axis=0), points[:, across].max(axis=0)


def _size(mesh: Mesh) -> np.ndarray:
    low, high = mesh.bounds()
    return np.maximum(high - low, 0.05)


def _towards(mesh: Mesh, target: np.ndarray) -> Mesh:
    """The mesh as large as the target, and some of the way to its proportions."""
    ratio = np.log(target / _size(mesh))
    even = ratio.mean()
    return _scaled(mesh, np.exp(even + _BENT * (ratio - even)))


def _scaled(mesh: Mesh, ratio: np.ndarray) -> Mesh:
    found = Mesh()
    for points, colour in mesh.polygons():
        found.face(points * ratio, colour)
    return found
