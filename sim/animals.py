"""Animals on four legs: dog and horse."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, Rng, flap, grounded, join, joint, sitter, stride, tube
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import body_colour, pick, shade


def _animal_leg(
    mesh: Mesh, hip: np.ndarray, foot: np.ndarray, thick: float, front: bool, colours: tuple[Colour, Colour]
) -> None:
    """A leg of bones: the elbow points back, the stifle ahead and the hock back."""
    coat, sock = colours
    length = float(np.linalg.norm(hip - foot))
    if front:
        ankle = foot + np.array([-0.01, 0, 0.2]) * length
        knee = joint(hip, ankle, 0.46 * length, 0.4 * length, (-1, 0, 0))
        # The upper arm goes back to the elbow, the forearm down to the wrist.
        tube(mesh, [hip, knee, ankle], [thick * 1.5, thick * 1.05, thick * 0.7], coat, sides=5)
    else:
        ankle = foot + np.array([-0.15, 0, 0.3]) * length
        knee = joint(hip, ankle, 0.48 * length, 0.42 * length, (1, 0, 0))
        tube(mesh, [hip, knee, ankle], [(thick * 1.3, thick * 2.4), (thick, thick * 1.5), thick * 0.7], coat, sides=5)
    mesh.cylinder(ankle, foot, thick * 0.68, sock, thick * 0.6, sides=5)


def dog(rng: Rng) -> Mesh:
    """A dog, standing, going or sitting: muzzle ahead, tail behind."""
    mesh = Mesh()
    tall = rng.uniform(0.28, 0.78)  # at the shoulder
    long = tall * rng.uniform(0.9, 1.15) if rng.random() < 0.75 else tall * rng.uniform(1.25, 1.7)
    leg = rng.uniform(0.3, 0.45) if long > 1.2 * tall else rng.uniform(0.46, 0.6)
    coat = body_colour(rng)
    sock = pick(rng, (coat, coat, body_colour(rng)))
    fur = pick(rng, (1.0, 1.0, rng.uniform(1.1, 1.35)))
    deep = tall * (1 - leg) * 0.5 * fur
    wide = deep * rng.uniform(0.62, 0.95)
    waist = rng.uniform(0.55, 0.95) if fur == 1.0 else 0.95
    sits = rng.random() < 0.2
    if sits:
        rump, chest = np.array([-0.36 * long, 0, deep * 0.95]), np.array([0.06 * long, 0, tall * 1.02 - deep])
    else:
        z = tall - deep
        rump, chest = np.array([-0.48 * long, 0, z * rng.uniform(0.96, 1.04)]), np.array([0.38 * long, 0, z])
    spine = [rump + t * (chest - rump) for t in (0.0, 0.15, 0.45, 0.75, 1.0, 1.12)]
    spine[2][2] += deep * (1 - waist) * 0.5  # the belly is drawn in, the back is straight
    girth = (0.5, 0.85, waist, 1.0, 0.92, 0.5)
    tube(mesh, spine, [(wide * g, deep * g) for g in girth], coat, sides=8)
    gait = pick(rng, ("stand", "walk", "trot", "gallop"))
    steps = stride(rng, "stand" if sits else gait, tall * rng.uniform(0.18, 0.32))
    thick = tall * rng.uniform(0.055, 0.09) * fur
    for number, (ahead, lift) in enumerate(steps):
        side, front = (-1, 1)[number % 2], number < 2
        y = side * wide * 0.62
        if sits and not front:
            mesh.sphere(
                (rump[0] + deep * 0.7, side * wide * 0.85, deep * 0.85), (deep * 0.85, thick * 1.5, deep * 0.8), coat
            )
            foot = np.array([rump[0] + deep * 1.7, side * wide, thick * 0.5])
        else:
            end = chest if front else spine[1]
            hip = np.array([end[0] - 0.02 * long * (1 if front else -1), y, end[2] - deep * 0.25])
            foot = np.array([hip[0] + ahead, y, thick * 0.8 + lift])
            _animal_leg(mesh, hip, foot, thick, front, (coat, sock))
        mesh.wedge_at(foot + [thick * 0.7, 0, -thick * 0.25], (thick * 3, thick * 1.7, thick * 1.2), sock)
    _dog_tail(mesh, rng, rump + [0, 0, deep * 0.3], tall, thick * fur, coat)
    pose = "high" if sits else pick(rng, ("high", "high", "ahead", "low"))
    rise = {"high": rng.uniform(0.7, 1.15), "ahead": rng.uniform(0.25, 0.5), "low": rng.uniform(-0.6, -0.2)}[pose]
    neck = tall * rng.uniform(0.28, 0.4)
    start = chest + [0.0, 0, deep * 0.35]
    skull = start + neck * np.array([np.cos(rise), 0.0, np.sin(rise)]) + [long * 0.06, 0, 0]
    size = tall * rng.uniform(0.125, 0.165) * (1 if tall > 0.4 else 1.2)
    tube(mesh, [start - (skull - start) * 0.3, (start + skull) / 2, skull], [deep * 0.75, size * fur, size * 0.9], coat)
    if rng.random() < 0.6:
        ring = start + 0.6 * (skull - start)
        way = (skull - start) / np.linalg.norm(skull - start) * size * 0.18
        mesh.cylinder(ring - way, ring + way, size * 1.12 * fur, body_colour(rng), sides=8)
    yaw = rng.normal(0, 0.25)
    join(mesh, _dog_head(rng, size, coat, fur), skull, float(np.clip(yaw, -0.5, 0.5)), 0.15 if pose != "low" else 0.6)
    if rng.random() < 0.3:
        _dog_gear(mesh, rng, spine, wide, deep)
    return grounded(mesh)


def _dog_tail(mesh: Mesh, rng: Rng, root: np.ndarray, tall: float, thick: float, coat: Colour) -> None:
    kind = pick(rng, ("up", "curl", "hang", "straight", "stump"))
    length = tall * rng.uniform(0.4, 0.65)
    ways = {
        "up": ((-0.5, 0.5), (-0.75, 1.1)),
        "curl": ((-0.4, 0.55), (0.25, 0.7)),
        "hang": ((-0.4, -0.25), (-0.6, -0.8)),
        "straight": ((-0.55, 0.05), (-1.05, 0.15)),
        "stump": ((-0.12, 0.1), (-0.2, 0.2)),
    }[kind]
    wag = rng.uniform(-0.3, 0.3)
    points = [root, *(root + length * np.array([x, wag * i, z]) for i, (x, z) in enumerate(ways, 1))]
    bushy = rng.uniform(0.8, 1.7)
    tube(mesh, points, [thick * 0.9, thick * bushy, thick * 0.35 * bushy], coat, sides=5)


def _dog_head(rng: Rng, r: float, coat: Colour, fur: float) -> Mesh:
    """The skull around the origin, the muzzle along +x."""
    part = Mesh()
    muzzle = r * rng.uniform(0.7, 1.9)
    blunt = rng.uniform(0.4, 0.62)
    snout = pick(rng, (coat, body_colour(rng), shade(coat, 0.55)))
    tube(
        part,
        [(-r * 0.9, 0, 0), (-r * 0.2, 0, r * 0.15), (r * 0.55, 0, r * 0.05), (r * 0.95, 0, -r * 0.25)],
        [(r * 0.65, r * 0.6), (r * fur, r), (r * 0.9, r * 0.85), (r * 0.6, r * 0.5)],
        coat,
        sides=8,
    )
    tip = r * 0.8 + muzzle
    tube(
        part,
        [(r * 0.7, 0, -r * 0.3), (tip, 0, -r * 0.38)],
        [(r * blunt * 1.15, r * 0.5), (r * blunt * 0.85, r * blunt * 0.72)],
        snout,
    )
    part.sphere((tip, 0, -r * 0.2), (r * 0.22, r * 0.26, r * 0.2), DARK, sides=5, rings=3)
    if rng.random() < 0.3:  # it pants
        part.box((tip - r * 0.15, 0, -r * 0.85), (r * 0.4, r * 0.35, r * 0.35), (0.85, 0.42, 0.45))
    ears = pick(rng, ("up", "up", "hang", "fold", "round"))
    ear = pick(rng, (coat, shade(coat, 0.6), body_colour(rng)))
    height = r * rng.uniform(0.8, 1.5)
    for side in (-1, 1):
        part.box((r * 0.78, side * r * 0.42, r * 0.3), (r * 0.25, r * 0.25, r * 0.25), DARK)
        y = side * r * 0.65
        if ears == "up":
            part.cylinder((-r * 0.2, y, r * 0.6), (-r * 0.15, y * 1.3, r * 0.8 + height), r * 0.42, ear, 0.0, sides=4)
        elif ears == "fold":
            part.cylinder((-r * 0.1, y, r * 0.6), (r * 0.05, y * 1.4, r * 1.3), r * 0.4, ear, r * 0.25, sides=4)
            part.box((r * 0.25, y * 1.45, r * 1.15), (r * 0.45, r * 0.4, r * 0.3), ear)
        elif ears == "hang":
            part.wedge_at((0, side * r * 0.98 * fur, r * 0.4 - height * 0.55), (r * 0.75, r * 0.22, height * 1.5), ear)
        else:
            part.sphere((-r * 0.15, y * 1.1, r * 0.95), (r * 0.2, r * 0.45, r * 0.45), ear, sides=6, rings=4)
    return part


def _dog_gear(mesh: Mesh, rng: Rng, spine: list[np.ndarray], wide: float, deep: float) -> None:
    """A coat, a pair of bags or a guide dog's harness."""
    cloth, kind = body_colour(rng), pick(rng, ("coat", "bags", "harness"))
    if kind == "coat":
        rings = [(wide * 1.07, deep * 1.07)] * 3
        tube(mesh, [spine[1] + [0.0, 0, deep * 0.1], spine[2], spine[3]], rings, cloth, sides=8)
    elif kind == "bags":
        for side in (-1, 1):
            place = spine[3] + [-deep * 0.3, side * wide * 1.1, deep * 0.1]
            mesh.box(place, (deep * 1.5, wide * 0.5, deep * 0.9), cloth)
        mesh.box(spine[3] + [-deep * 0.3, 0, deep * 0.95], (deep * 0.6, wide * 1.6, deep * 0.12), shade(cloth, 0.7))
    else:
        tube(
            mesh, [spine[3] - [deep * 0.2, 0, 0], spine[3] + [deep * 0.2, 0, 0]], [(wide * 1.1, deep * 1.1)] * 2, cloth
        )
        if rng.random() < 0.5:
            top = spine[2] + [-deep * 0.4, 0, deep * 2.4]
            for side in (-1, 1):
                grip = top + [0.0, side * wide * 0.3, 0]
                mesh.cylinder(spine[3] + [0.0, side * wide, deep * 0.4], grip, 0.012, shade(cloth, 0.5), sides=4)
            mesh.box(top, (0.03, wide * 0.9, 0.03), shade(cloth, 0.5))


def horse(rng: Rng) -> Mesh:
    """A horse or pony, bare, saddled, packed or ridden: head and neck ahead, tail behind."""
    mesh = Mesh()
    tall = rng.uniform(0.95, 1.75)  # at the withers
    stout = rng.uniform(0.85, 1.25) * (1.1 if tall < 1.25 else 1.0)
    long = tall * rng.uniform(0.95, 1.12)
    coat = body_colour(rng)
    sock = pick(rng, (coat, shade(coat, 0.5), body_colour(rng)))
    hair = pick(rng, (shade(coat, 0.45), body_colour(rng)))
    deep, wide = tall * 0.2 * stout, tall * 0.15 * stout
    z = tall - deep * 0.95
    spine = [
        np.array([x * long, 0.0, z + d * tall])
        for x, d in ((-0.52, 0.0), (-0.4, 0.02), (-0.1, -0.02), (0.22, 0.0), (0.4, 0.0), (0.47, 0.02))
    ]
    girth = (0.45, 0.95, 0.98, 1.0, 0.85, 0.5)
    tube(mesh, spine, [(wide * g, deep * g) for g in girth], coat, sides=8)
    gait = pick(rng, ("stand", "stand", "walk", "trot", "gallop"))
    steps = stride(rng, gait, tall * (rng.uniform(0.22, 0.34) if gait == "gallop" else rng.uniform(0.1, 0.22)))
    thick = tall * 0.042 * rng.uniform(0.85, 1.3) * stout
    for number, (ahead, lift) in enumerate(steps):
        side, front = (-1, 1)[number % 2], number < 2
        end = spine[4] if front else spine[1]
        hip = np.array([end[0] - (0.0 if front else 0.01), side * wide * 0.62, z - deep * 0.3])
        foot = np.array([hip[0] + ahead, side * wide * 0.62, tall * 0.05 + lift])
        _animal_leg(mesh, hip, foot, thick, front, (coat, sock))
        below = foot - [-thick * 0.3, 0, tall * 0.05]
        mesh.cylinder(below, foot, thick * 1.15, (0.16, 0.13, 0.11), thick * 0.75, sides=6)
        if stout > 1.15 and tall > 1.4:  # the feathers of a draught horse
            mesh.cylinder(foot, foot + [-thick * 0.4, 0, tall * 0.09], thick * 1.5, hair, thick * 0.7, sides=5)
    root, length = spine[0] + [0.02, 0, deep * 0.35], tall * rng.uniform(0.4, 0.62)
    flow = rng.uniform(0.5, 0.9) if gait in ("trot", "gallop") else rng.uniform(0.12, 0.3)
    swish = rng.uniform(-0.15, 0.15)
    ends = [
        root + length * np.array([-flow * t, swish * t, 0.12 * (1 - t) - t * (1.1 - flow)]) for t in (0.4, 0.75, 1.0)
    ]
    tube(mesh, [root, *ends], [thick * 0.7, thick * 1.3, thick * 1.4, thick * 0.5], hair)
    grazes = gait in ("stand", "walk") and rng.random() < 0.15
    rise = rng.uniform(-0.75, -0.5) if grazes else rng.uniform(0.5, 1.1)
    start = spine[4] + [0.0, 0, deep * 0.3]
    reach = tall * (0.62 if grazes else rng.uniform(0.42, 0.52))
    poll = start + reach * np.array([np.cos(rise), 0.0, np.sin(rise)])
    middle = (start + poll) / 2 + [0, 0, tall * 0.03]
    tube(
        mesh,
        [start - (poll - start) * 0.25, middle, poll],
        [(wide * 0.8, deep * 0.95), (wide * 0.5, deep * 0.58), (wide * 0.36, deep * 0.36)],
        coat,
    )
    normal = np.array([-np.sin(rise), 0.0, np.cos(rise)])
    fall, lean = tall * rng.uniform(0.05, 0.14), pick(rng, (-1, 1)) * wide * 0.25
    for a, b in ((0.1, 0.45), (0.4, 0.75), (0.7, 1.05)):
        ridge = [start + t * (poll - start) + normal * deep * (0.72 - 0.4 * t) for t in (a, b)]
        drop = np.array([-0.02, lean, -fall])
        flap(mesh, [ridge[0], ridge[1], ridge[1] + drop, ridge[0] + drop], thick * 1.2, hair)
    yaw = float(np.clip(rng.normal(0, 0.2), -0.4, 0.4))
    pitch = rng.uniform(0.9, 1.2) if grazes else rng.uniform(0.5, 0.95)
    join(mesh, _horse_head(rng, tall, coat, hair), poll, yaw, pitch)
    load = pick(rng, ("bare", "bare", "saddle", "rider", "packs", "blanket"))
    if load != "bare":
        _horse_load(mesh, rng, load, spine[2] + [0.12 * long, 0, deep], (tall, wide, deep))
    return grounded(mesh)


def _horse_head(rng: Rng, tall: float, coat: Colour, hair: Colour) -> Mesh:
    """The poll at the origin, the face along +x."""
    part = Mesh()
    r, length = tall * 0.075, tall * rng.uniform(0.33, 0.4)
    nose = pick(rng, (coat, shade(coat, 0.6), body_colour(rng)))
    tube(
        part,
        [(-r * 0.6, 0, 0), (r * 0.5, 0, -r * 0.15), (length * 0.55, 0, -r * 0.15), (length * 0.85, 0, 0)],
        [(r * 0.6, r * 0.7), (r * 0.85, r * 1.25), (r * 0.6, r * 0.8), (r * 0.5, r * 0.6)],
        coat,
    )
    tube(part, [(length * 0.8, 0, 0), (length, 0, -r * 0.1)], [(r * 0.56, r * 0.66), (r * 0.48, r * 0.55)], nose)
    if rng.random() < 0.5:
        part.box((length * 0.5, 0, r * 0.72), (length * 0.6, r * rng.uniform(0.25, 0.5), r * 0.2), body_colour(rng))
    for side in (-1, 1):
        tip = (-r * 0.3, side * r * 0.65, r * rng.uniform(1.9, 2.5))
        part.cylinder((-r * 0.1, side * r * 0.5, r * 0.5), tip, r * 0.38, coat, 0.0, sides=4)
        part.box((r * 0.9, side * r * 0.75, r * 0.35), (r * 0.4, r * 0.25, r * 0.3), DARK)
        part.box((length * 0.99, side * r * 0.28, r * 0.25), (r * 0.2, r * 0.2, r * 0.2), DARK)
    part.wedge((-r * 0.3, r * 0.9, r * 0.5), (-r * 0.4, r * 0.1, r * 0.5), (r * 0.7, r * 1.3), hair)
    if rng.random() < 0.5:  # a bridle
        strap = body_colour(rng)
        for x, w, h in ((length * 0.68, 0.66, 0.82), (r * 0.35, 0.9, 1.32)):
            tube(part, [(x, 0, -r * 0.12), (x + r * 0.22, 0, -r * 0.12)], [(r * w, r * h)] * 2, strap)
    return part


def _horse_load(mesh: Mesh, rng: Rng, load: str, back: np.ndarray, sizes: tuple[float, float, float]) -> None:
    """What lies on its back: a saddle with or without a rider, packs or a blanket."""
    tall, wide, deep = sizes
    cloth, leather = body_colour(rng), body_colour(rng)
    long = tall * (0.7 if load == "blanket" else 0.34)
    middle = back - [0.12 * tall if load == "blanket" else 0.0, 0, 0]
    hang = deep * rng.uniform(0.7, 1.3)
    mesh.wedge(
        (middle[0] - long / 2, middle[0] + long / 2, wide * 2.25),
        (middle[0] - long / 2, middle[0] + long / 2, wide * 1.3),
        (back[2] - hang, back[2] + 0.03),
        cloth,
    )
    if load in ("saddle", "rider"):
        seat = back[2] + tall * 0.03
        mesh.wedge(
            (back[0] - tall * 0.13, back[0] + tall * 0.14, wide * 1.2),
            (back[0] - tall * 0.1, back[0] + tall * 0.1, wide * 0.8),
            (seat - 0.03, seat + 0.03),
            leather,
        )
        mesh.box((back[0] - tall * 0.13, 0, seat + 0.06), (0.06, wide * 1.1, 0.1), leather)  # cantle
        mesh.box((back[0] + tall * 0.13, 0, seat + 0.07), (0.05, wide * 0.4, 0.13), leather)  # pommel
        if load == "rider":
            feet = (back[0] + 0.1, 0.0, back[2] - deep * 1.9)
            hands = (back[0] + tall * 0.24, 0.0, seat + 0.3)
            sitter(mesh, rng, (back[0] - 0.03, 0, seat + 0.02), hands, feet, min(1.0, 0.5 + tall * 0.32), wide * 1.15)
    elif load == "packs":
        for side in (-1, 1):
            size = tall * rng.uniform(0.2, 0.32), wide * rng.uniform(0.8, 1.3), deep * rng.uniform(0.9, 1.4)
            mesh.box((back[0], side * (wide + size[1] / 2), back[2] - deep * 0.5), size, body_colour(rng))
        if rng.random() < 0.6:
            mesh.cylinder(
                (back[0], -wide * 1.2, back[2] + deep * 0.35),
                (back[0], wide * 1.2, back[2] + deep * 0.35),
                deep * 0.35,
                leather,
                sides=7,
            )
