"""From textured triangles to plainly coloured ones, with no more of them than a small crop can show."""

from __future__ import annotations

import cv2
import numpy as np
from pose_ssl_sim.config import SimError
from pose_ssl_sim.mesh_catalogue.wavefront import Material, Wavefront
from pose_ssl_sim.meshes import Mesh

#: What a window shows besides what is behind it; renderers here know no transparency.
_GLASS = np.array([0.13, 0.16, 0.19])
_INVISIBLE = 0.05  # opacity below which a material is not drawn
_CELLS = 120  # corners are snapped to a grid of this many cells along the longest side
_PATCHES = 40  # a textured triangle is cut until its edges are shorter than the longest side over this
_VARIED = 0.05  # spread of the texture's colour (0..1) within a triangle that makes cutting worth it
_MOST_TRIANGLES = 40_000
_MOST_TEXELS = 256  # along a texture's longer side
_SPOTS = np.array([[1, 1, 1], [4, 1, 1], [1, 4, 1], [1, 1, 4], [4, 4, 1], [1, 4, 4], [4, 1, 4]], dtype=float)
_SPOTS /= _SPOTS.sum(axis=1, keepdims=True)


def paint(shape: Wavefront) -> tuple[np.ndarray, np.ndarray]:
    """Colour every triangle by its material.

    Corners closer than a crop can show are joined; textured triangles are cut until each piece has about one
    colour; pieces where the texture is transparent are left out.

    Returns:
        Triangles (n, 3, 3) float64 in the file's axes and colours (n, 3) in 0..1.

    Raises:
        SimError: If nothing visible is left.
    """
    side = float(np.ptp(shape.points.reshape(-1, 3), axis=0).max())
    # Before the cutting: joining the pieces' corners afterwards would tear holes along the cuts.
    joined, kept = _joined(shape.points, side / _CELLS)
    uv, numbers = shape.uv[kept], shape.material[kept]
    points, colours = [np.zeros((0, 3, 3))], [np.zeros((0, 3))]
    for number, material in enumerate(shape.materials):
        mine = numbers == number
        if material.opacity < _INVISIBLE or not mine.any():
            continue
        mapped = mine & np.isfinite(uv).all(axis=(1, 2)) & (material.texture is not None)
        plain = mine & ~mapped
        points.append(joined[plain])
        colours.append(np.broadcast_to(_plain(material), (int(plain.sum()), 3)))
        if material.texture is not None:
            for pieces, colour in _patches(joined[mapped], uv[mapped], material.texture, side / _PATCHES):
                points.append(pieces)
                colours.append(colour)
    triangles = np.concatenate(points)
    if not len(triangles):
        msg = "nothing visible is left of the mesh"
        raise SimError(msg)
    return triangles, np.concatenate(colours)


def as_mesh(points: np.ndarray, colours: np.ndarray) -> Mesh:
    """A mesh of triangles (n, 3, 3) and colours (n, 3)."""
    mesh = Mesh()
    for triangle, (r, g, b) in zip(points, colours.tolist(), strict=True):
        mesh.face(triangle, (r, g, b))
    return mesh


def _plain(material: Material) -> np.ndarray:
    """Colour (3,) of a face without texture coordinates."""
    if material.texture is not None:
        return material.texture[..., :3].reshape(-1, 3).mean(axis=0) / 255
    colour = np.asarray(material.colour)
    return colour * material.opacity + _GLASS * (1 - material.opacity)


def _patches(
    triangles: np.ndarray, uv: np.ndarray, texture: np.ndarray, longest: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pieces (n, 3, 3) of about one colour each, with their colours (n, 3)."""
    done: list[tuple[np.ndarray, np.ndarray]] = []
    texture = _coarse(texture)
    while len(triangles):
        spots = _sampled(texture, np.einsum("sk,nkc->nsc", _SPOTS, uv))  # (n, spots, 3 or 4)
        edges = np.linalg.norm(triangles - triangles[:, [1, 2, 0]], axis=2)
        varied = spots.std(axis=1).max(axis=1) > _VARIED
        room = sum(len(p) for p, _ in done) + 2 * len(triangles) < _MOST_TRIANGLES
        cut = varied & (edges.max(axis=1) > longest) & room
        mean = spots[~cut].mean(axis=1)
        seen = mean[:, 3] > 0.5 if mean.shape[1] == 4 else np.ones(len(mean), bool)
        done.append((triangles[~cut][seen], mean[seen, :3]))
        triangles, uv = _halved(triangles[cut], uv[cut], edges[cut].argmax(axis=1))
    return done


def _coarse(texture: np.ndarray) -> np.ndarray:
    """A texture without the grain that a crop does not show."""
    scale = _MOST_TEXELS / max(texture.shape[:2])
    if scale >= 1:
        return texture
    size = (max(1, round(texture.shape[1] * scale)), max(1, round(texture.shape[0] * scale)))
    return cv2.resize(texture, size, interpolation=cv2.INTER_AREA)


def _sampled(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Texture values in 0..1 at coordinates (..., 2); v counts from below and both repeat."""
    height, width = texture.shape[:2]
    x = np.floor(np.mod(uv[..., 0], 1.0) * width).astype(int) % width
    y = np.floor(np.mod(1.0 - uv[..., 1], 1.0) * height).astype(int) % height
    return texture[y, x].astype(float) / 255


def _halved(triangles: np.ndarray, uv: np.ndarray, edge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both halves of triangles cut in the middle of an edge (n,), which begins at the corner of the same number."""
    order = (edge[:, None] + np.arange(3)) % 3
    halves = []
    for values in (triangles, uv):
        a, b, c = np.moveaxis(np.take_along_axis(values, order[..., None], axis=1), 1, 0)
        middle = (a + b) / 2
        halves.append(np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)]))
    return halves[0], halves[1]


def _joined(points: np.ndarray, cell: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners snapped to the middle of those in their cell; triangles that vanish by it are left out.

    Returns:
        Triangles (m, 3, 3) and the numbers (m,) of those that are left.
    """
    flat = points.reshape(-1, 3)
    cells = np.floor(flat / max(cell, 1e-12)).astype(np.int64)
    _, which = np.unique(cells, axis=0, return_inverse=True)
    which = which.reshape(-1)
    counts = np.bincount(which)
    middle = np.stack([np.bincount(which, flat[:, axis]) for axis in range(3)], axis=1) / counts[:, None]
    corners = which.reshape(-1, 3)
    whole = (corners != corners[:, [1, 2, 0]]).all(axis=1)
    # The same triangle twice is drawn once, but one that faces the other way is its back.
    turned = np.take_along_axis(corners, (corners.argmin(axis=1)[:, None] + np.arange(3)) % 3, axis=1)
    _, first = np.unique(turned[whole], axis=0, return_index=True)
    kept = np.sort(np.flatnonzero(whole)[first])
    return middle[corners[kept]], kept
