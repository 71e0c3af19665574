"""Motorboats, as they stand ashore or on a trailer."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.hull import MIRROR, Lines, planking
from pose_ssl_sim.limbs import DARK, Rng, grounded, sitter
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import GLASS, RED_LAMP, WHITE_LAMP, body_colour, pick, shade
from pose_ssl_sim.parts import wheel


def _outboards(mesh: Mesh, rng: Rng, lines: Lines) -> None:
    """One to three outboard motors on the transom, down or tilted up."""
    count = int(rng.choice([1, 1, 2, 3])) if lines.long > 5 else 1
    cowl = pick(rng, ((0.08, 0.08, 0.09), (0.9, 0.9, 0.9), body_colour(rng)))
    big = rng.uniform(0.75, 1.15) * (1.0 if lines.long > 4.5 else 0.75)
    tilt = pick(rng, (rng.uniform(0.0, 0.3), rng.uniform(0.6, 1.0)))
    rear, top = -lines.long / 2, float(lines.gunwale[0][2])
    for i in range(count):
        y = (i - (count - 1) / 2) * 0.5 * big
        part = Mesh()
        part.wedge((-0.5, 0.02, 0.34), (-0.42, -0.06, 0.26), (0.1, 0.5), cowl)
        part.wedge((-0.42, -0.04, 0.26), (-0.5, 0.02, 0.34), (0.0, 0.1), shade(cowl, 0.5))
        part.wedge((-0.38, -0.16, 0.1), (-0.38, -0.1, 0.16), (-0.62, 0.0), shade(cowl, 0.8))
        part.box((-0.34, 0, -0.5), (0.42, 0.24, 0.03), shade(cowl, 0.8))
        part.cylinder((-0.46, 0, -0.66), (-0.12, 0, -0.66), 0.07, shade(cowl, 0.8), 0.03, sides=6)
        part.cylinder((-0.5, 0, -0.66), (-0.46, 0, -0.66), 0.17, (0.3, 0.3, 0.32), sides=6)
        part.box((0.02, 0, -0.1), (0.14, 0.2, 0.24), DARK)
        c, s = np.cos(tilt), np.sin(tilt)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        for points, colour in part.polygons():
            mesh.face(points * big @ turn.T + [rear - 0.05, y, top + 0.02], colour)


def motorboat(rng: Rng) -> Mesh:
    """A motorboat: pointed bow ahead, transom and motors behind; on a trailer, on chocks or on its keel."""
    mesh = Mesh()
    kind = pick(rng, ("runabout", "runabout", "console", "cabin", "inflatable", "skiff"))
    long = {
        "runabout": rng.uniform(4.6, 6.8),
        "console": rng.uniform(4.8, 7.5),
        "cabin": rng.uniform(5.5, 8.5),
        "inflatable": rng.uniform(3.2, 6.0),
        "skiff": rng.uniform(3.0, 4.6),
    }[kind]
    lines = Lines(rng, long, long * rng.uniform(0.32, 0.42), kind == "skiff" and rng.random() < 0.5)
    hull, deck = body_colour(rng), body_colour(rng)
    bottom = pick(rng, (hull, shade(hull, 0.5), body_colour(rng)))
    planking(mesh, lines, {"runabout": 2, "cabin": 1}.get(kind, 4), (bottom, hull, deck))
    if rng.random() < 0.5:  # a stripe along the side
        stripe, wide = body_colour(rng), rng.uniform(0.08, 0.25)
        for i in range(len(lines.t) - 2):
            a, b = lines.gunwale[i], lines.gunwale[i + 1]
            c, d = (p + wide * (q - p) for p, q in ((b, lines.chine[i + 1]), (a, lines.chine[i])))
            ring = np.array([d, c, b, a]) + [0, -0.012, -0.02]
            mesh.face(ring, stripe)
            mesh.face((ring * MIRROR)[::-1], stripe)
    if kind == "inflatable":
        colour, thick = body_colour(rng), lines.beam * rng.uniform(0.1, 0.13)
        path = [*(lines.gunwale * [1, 0.97, 1])]
        for side in (-1, 1):
            turned = [p * [1, -side, 1] for p in path]
            for a, b in zip(turned, turned[1:], strict=False):
                mesh.cylinder(a, b, thick, colour, sides=7)
            mesh.cylinder(turned[0], turned[0] - [thick * 2, 0, 0], thick, shade(colour, 0.7), 0.02, sides=7)
    if kind == "cabin" or rng.random() < 0.8:
        _outboards(mesh, rng, lines)
    else:  # a stern drive under a bathing platform
        mesh.box((-long / 2 - 0.25, 0, lines.depth * 0.4), (0.5, lines.beam * 0.7, 0.07), deck)
        mesh.wedge(
            (-long / 2 - 0.4, -long / 2, 0.2), (-long / 2 - 0.3, -long / 2, 0.3), (-0.05, lines.depth * 0.4), DARK
        )
    _superstructure(mesh, rng, kind, lines, deck)
    _outfit(mesh, rng, kind, lines)
    mesh = grounded(mesh)
    return grounded(_ashore(mesh, rng, lines))


def _superstructure(mesh: Mesh, rng: Rng, kind: str, lines: Lines, deck: Colour) -> None:
    """What stands on the hull: windscreen, console, cabin, seats and who sits there."""
    long, beam = lines.long, lines.beam
    floor, top = lines.depth * 0.45, float(lines.rim(0.55)[2])
    seat, trim = body_colour(rng), body_colour(rng)
    helm = np.array([(rng.uniform(0.42, 0.5) - 0.5) * long, 0.0, floor])
    if kind == "cabin":
        rear, front = (0.3 - 0.5) * long, (rng.uniform(0.72, 0.82) - 0.5) * long
        high, low = beam * rng.uniform(0.32, 0.5), top - 0.05
        wide, slope = beam * 0.72, rng.uniform(0.1, 0.2) * long
        waist = low + high * 0.4
        mesh.wedge((rear, front, wide), (rear, front - slope * 0.4, wide * 0.97), (low, waist), deck)
        mesh.wedge(
            (rear + 0.05, front - slope * 0.4, wide * 0.95),
            (rear + 0.1, front - slope, wide * 0.86),
            (waist, low + high),
            GLASS,
        )
        roof = low + high
        mesh.wedge(
            (rear - rng.uniform(0.0, 0.15) * long, front - slope + 0.15, wide * 0.92),
            (rear, front - slope, wide * 0.85),
            (roof, roof + 0.09),
            trim,
        )
        for side in (-1, 1):
            for t in (0.0, 0.5):
                x = rear + 0.06 + t * (front - slope - rear - 0.1)
                mesh.wedge_at((x, side * wide * 0.46, (waist + roof) / 2), (0.1, 0.1, roof - waist), deck)
        if rng.random() < 0.5:
            mesh.cylinder((rear + 0.5, 0, roof), (rear + 0.4, 0, roof + 0.5), 0.03, DARK, sides=4)
            mesh.box((rear + 0.42, 0, roof + 0.5), (0.12, 0.5, 0.07), WHITE_LAMP)
        helm = np.array([rear - 0.35, 0, floor])
    elif kind == "runabout":
        at, rise = (0.6 - 0.5) * long, rng.uniform(0.28, 0.5)
        wide = abs(float(lines.rim(0.58)[1])) * 1.7
        mesh.wedge(
            (at - 0.06, at + 0.02, wide),
            (at - rise * 0.8 - 0.03, at - rise * 0.8, wide * 0.85),
            (top, top + rise),
            GLASS,
        )
        for side in (-1, 1):
            mesh.wedge_at((at - 0.4, side * wide * 0.47, top + rise * 0.4), (0.8, 0.04, rise * 0.8), GLASS)
        mesh.wedge((at - 0.5, at, wide * 0.9), (at - 0.2, at, wide * 0.85), (floor, top), shade(deck, 0.8))
        helm = np.array([at - 1.15, -beam * 0.18, floor])
    elif kind == "console" or long > 4.2:
        high = rng.uniform(0.75, 1.0)
        x = float(helm[0])
        wide = rng.uniform(0.55, 0.8)
        mesh.wedge((x + 0.1, x + 0.75, wide), (x + 0.15, x + 0.55, wide * 0.9), (floor, floor + high), trim)
        mesh.wedge(
            (x + 0.35, x + 0.42, wide * 0.85),
            (x + 0.2, x + 0.24, wide * 0.7),
            (floor + high, floor + high + rng.uniform(0.25, 0.45)),
            GLASS,
        )
        mesh.cylinder((x + 0.1, 0, floor + high * 0.85), (x + 0.04, 0, floor + high * 0.88), 0.2, DARK, sides=7)
        helm = np.array([x - 0.45, 0, floor])
        if kind == "console" and rng.random() < 0.5:  # a roof on four posts
            roof = floor + rng.uniform(1.9, 2.1)
            for side in (-1, 1):
                for a, b in ((x - 0.1, x - 0.5), (x + 0.65, x + 0.7)):
                    mesh.cylinder(
                        (a, side * wide * 0.6, floor), (b, side * wide * 0.6, roof), 0.03, (0.7,) * 3, sides=4
                    )
            mesh.wedge(
                (x - 0.9, x + 1.0, beam * 0.55), (x - 0.85, x + 0.8, beam * 0.5), (roof, roof + 0.07), body_colour(rng)
            )
    else:
        helm = np.array([-0.32 * long, 0.0, floor])
    mesh.box(helm + [0, 0, 0.2], (0.42, 0.55, 0.4), seat)
    if kind in ("runabout", "console", "cabin"):
        mesh.wedge(
            (helm[0] - 0.24, helm[0] - 0.16, 0.55),
            (helm[0] - 0.32, helm[0] - 0.25, 0.5),
            (floor + 0.35, floor + 0.85),
            seat,
        )
        bench = -0.42 * long
        mesh.box((bench, 0, floor + 0.2), (0.45, beam * 0.6, 0.4), seat)
        if kind == "runabout":
            mesh.box(helm * [1, -1, 1] + [0, 0, 0.2], (0.42, 0.5, 0.4), seat)
            mesh.wedge_at(helm * [1, -1, 1] + [-0.24, 0, 0.6], (0.1, 0.5, 0.5), seat)
    else:
        for t in (0.35, 0.6):
            x, y, _ = lines.rim(t)
            mesh.box((x, 0, floor + 0.25), (0.26, abs(y) * 1.65, 0.05), seat)
    if rng.random() < 0.35:
        hands, feet = helm + [0.4, 0, 0.75], helm + [0.45, 0, 0.08]
        sitter(mesh, rng, helm + [0, 0, 0.42], hands, feet)
        if kind != "cabin" and rng.random() < 0.4:
            there = np.array([-0.38 * long, -beam * 0.15, floor + 0.42])
            sitter(mesh, rng, there, there + [0.35, 0, 0.05], there + [0.45, 0, -0.36])


def _outfit(mesh: Mesh, rng: Rng, kind: str, lines: Lines) -> None:
    """Rails and lamps at the bow, a tower, fenders, a flag at the stern."""
    long, metal = lines.long, (0.7, 0.7, 0.72)
    if kind in ("runabout", "cabin", "console") and rng.random() < 0.65:
        high = rng.uniform(0.25, 0.5)
        for side in (-1, 1):
            feet = [lines.rim(t) * [1, 0.9 * -side, 1] for t in (0.66, 0.8, 0.92, 0.985)]
            heads = [p + [0.04, 0, high] for p in feet]
            for a, b in zip(heads, heads[1:], strict=False):
                mesh.cylinder(a, b, 0.022, metal, sides=3)
            for a, b in zip(feet, heads, strict=True):
                mesh.cylinder(a, b, 0.018, metal, sides=3)
    nose = lines.rim(0.96)
    for side, colour in ((-1, (0.1, 0.7, 0.25)), (1, RED_LAMP)):
        mesh.box(nose * [1, 0, 1] + [0, side * 0.05, 0.04], (0.1, 0.08, 0.07), colour)
    if kind == "runabout" and rng.random() < 0.3:  # a tower to tow from, leaning ahead
        foot, colour = lines.rim(0.42), body_colour(rng)
        for side in (-1, 1):
            ends = [foot * [1, -side, 1] + [dx, 0, 0] for dx in (-0.5, 0.2)]
            peak = np.array([foot[0] + 0.3, side * lines.beam * 0.35, foot[2] + 1.2])
            for end in ends:
                mesh.cylinder(end, peak, 0.035, colour, sides=4)
        mesh.cylinder(peak * MIRROR, peak, 0.035, colour, sides=4)
    if kind != "inflatable" and rng.random() < 0.4:
        colour = body_colour(rng)
        for side in (-1, 1):
            for t in (0.2, 0.5):
                at = lines.rim(t) * [1, -side, 1]
                mesh.cylinder(at + [0, side * 0.1, -0.5], at + [0, side * 0.1, -0.08], 0.09, colour, sides=6)
    if rng.random() < 0.4:
        foot = lines.rim(0.02) * [1, 0.8, 1]
        mesh.cylinder(foot, foot + [-0.2, 0, 0.8], 0.02, metal, sides=4)
        mesh.box(foot + [-0.38, 0, 0.66], (0.4, 0.015, 0.26), body_colour(rng))
    if kind in ("skiff", "inflatable") and rng.random() < 0.4:
        mesh.box((0.3 * long, 0, lines.depth * 0.6), (0.5, lines.beam * 0.3, 0.25), body_colour(rng))


def _ashore(boat: Mesh, rng: Rng, lines: Lines) -> Mesh:
    """The boat on a trailer with its drawbar ahead, on chocks, or as it is."""
    kind = pick(rng, ("trailer", "trailer", "chocks", "keel"))
    if kind == "keel":
        return boat
    _, high = boat.bounds()
    long, beam = lines.long, lines.beam
    metal = pick(rng, ((0.55, 0.55, 0.57), body_colour(rng)))
    lift = rng.uniform(0.4, 0.55)
    # The motor may hang lower than the keel.
    keel = min(float(p[:, 2].min()) for p, _ in boat.polygons() if abs(p[:, 0]).max() < long * 0.4)
    mesh = boat.moved((0, 0, lift - keel))
    if kind == "chocks":
        for t in (0.2, 0.7):
            x = (t - 0.5) * long
            mesh.box((x, 0, lift / 2 + 0.02), (0.25, beam * 0.5, lift + 0.04), metal)
            for side in (-1, 1):
                top = lines.rim(t) * [1, -side * 0.7, 1] * [1, 1, 0] + [0, 0, lift + lines.depth * 0.5]
                mesh.cylinder((x, side * beam * 0.48, 0), top, 0.04, metal, sides=4)
        return mesh
    nose = long / 2 + rng.uniform(0.4, 1.0)
    axles = (-0.12,) if long < 5.5 or rng.random() < 0.4 else (-0.16, -0.05)
    radius = rng.uniform(0.26, 0.33)
    for side in (-1, 1):
        mesh.cylinder(
            (-0.42 * long, side * beam * 0.36, lift - 0.08),
            (0.15 * long, side * beam * 0.36, lift - 0.08),
            0.05,
            metal,
            sides=4,
        )
        mesh.cylinder(
            (0.15 * long, side * beam * 0.36, lift - 0.08), (nose - 0.3, 0, lift - 0.08), 0.05, metal, sides=4
        )
        for x in axles:
            wheel(mesh, x * long, side * (beam * 0.47 + 0.1), radius, 0.18)
            mesh.box((x * long, side * (beam * 0.47), radius * 2 + 0.05), (radius * 2, 0.26, 0.04), metal)
        mesh.box((-0.45 * long, side * beam * 0.36, lift), (0.05, 0.3, 0.12), RED_LAMP)
    mesh.box((-0.45 * long, 0, lift - 0.04), (0.06, beam * 0.9, 0.1), metal)
    for x in axles:
        mesh.cylinder((x * long, -beam * 0.45, radius), (x * long, beam * 0.45, radius), 0.04, metal, sides=4)
    mesh.cylinder((nose - 0.4, 0, lift - 0.08), (nose, 0, lift - 0.08), 0.05, metal, sides=4)
    mesh.cylinder((nose - 0.15, 0, 0.06), (nose - 0.15, 0, lift), 0.04, metal, sides=4)
    mesh.cylinder((nose - 0.15, -0.04, 0.09), (nose - 0.15, 0.04, 0.09), 0.09, DARK, sides=7)
    bow = lines.rim(0.97)
    mesh.cylinder((bow[0] + 0.2, 0, lift - 0.08), (bow[0] + 0.1, 0, lift + lines.depth * 0.75), 0.05, metal, sides=4)
    return mesh
