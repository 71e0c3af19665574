"""PyBullet as a picture maker: bodies, poses, colour image and segmentation."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pybullet
from pose_ssl_sim.config import SimError
from pose_ssl_sim.meshes import Mesh, palette_image

_C = ctypes.CDLL(None)
#: Where bodies wait until they are placed.
_AWAY = (0.0, 0.0, -900.0)
# A library that cannot open a display ends the whole process, so the question is asked in another one.
_PROBE = """
import importlib.util, pybullet as p
p.connect(p.DIRECT)
plugin = p.loadPlugin(importlib.util.find_spec("eglRenderer").origin, "_eglRendererPlugin")
image = p.getCameraImage(16, 16, renderer=p.ER_BULLET_HARDWARE_OPENGL)
raise SystemExit(0 if plugin >= 0 and len(image[2]) else 1)
"""


class Lighting(NamedTuple):
    """The light of one moment, as PyBullet takes it."""

    direction: tuple[float, float, float]  # towards the sun
    colour: tuple[float, float, float]
    ambient: float
    diffuse: float


class Raw(NamedTuple):
    """What the renderer saw."""

    rgb: np.ndarray  # (h, w, 3) uint8, meaningless where no body is
    bodies: np.ndarray  # (h, w) int32, -1 where no body is


#: Names under which Mesa draws on the CPU.
_SOFTWARE_GL = ("llvmpipe", "softpipe", "swrast")


class EglProbe(NamedTuple):
    """What the EGL plugin can do here."""

    works: bool
    software: bool  # it draws on the CPU, where TinyRenderer is cheaper on these meshes
    reason: str  # why it does not work, or what it draws with


def probe_egl() -> EglProbe:
    """Try the EGL plugin in a process of its own."""
    if importlib.util.find_spec("eglRenderer") is None:
        return EglProbe(False, False, "PyBullet has no eglRenderer plugin here")
    try:
        done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return EglProbe(False, False, f"the EGL probe failed: {error}")
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        reason = f"the EGL probe ended with {done.returncode} ({last[0]}); libegl1 and libgl1-mesa-dri are needed"
        return EglProbe(False, False, reason)
    driver = next(
        (line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("GL_RENDERER=")),
        "GL_RENDERER=unknown",
    ).partition("=")[2]
    return EglProbe(True, any(name in driver.lower() for name in _SOFTWARE_GL), f"EGL draws with {driver}")


class Renderer:
    """One PyBullet client; create, use and close it on one thread."""

    def __init__(self, choice: str = "auto", threads: int = 0) -> None:
        """Connect.

        Args:
            choice: `egl`, `tiny`, or `auto`: EGL where a graphics card draws, TinyRenderer where EGL does
                not work or would draw on the CPU too (there it took 1.6 times the CPU time of TinyRenderer).
            threads: Threads of the software OpenGL, 0 for Mesa's choice.

        Raises:
            SimError: If EGL was asked for and does not work.
        """
        self.reason = ""
        use_egl = False
        if choice != "tiny":
            probe = probe_egl()
            self.reason = probe.reason
            use_egl = probe.works and (choice == "egl" or not probe.software)
            if choice == "egl" and not probe.works:
                msg = f"renderer 'egl' does not work here: {self.reason}"
                raise SimError(msg)
        if use_egl and threads:
            os.environ["LP_NUM_THREADS"] = str(threads)
        self._count = 0
        self._closed = False
        with _quiet():
            self._client = pybullet.connect(pybullet.DIRECT)
        if self._client < 0:
            msg = "PyBullet refused another client"
            raise SimError(msg)
        # Its file cache would keep every mesh for ever.
        pybullet.setPhysicsEngineParameter(enableFileCaching=0, physicsClientId=self._client)
        self._plugin = -1
        if use_egl:
            origin = importlib.util.find_spec("eglRenderer").origin  # type: ignore[union-attr]
            with _quiet():
                self._plugin = pybullet.loadPlugin(origin, "_eglRendererPlugin", physicsClientId=self._client)
        self.name = "egl" if self._plugin >= 0 else "tiny"
        self._folder = tempfile.TemporaryDirectory(prefix="pose_ssl_sim_")
        palette = Path(self._folder.name) / "palette.png"
        # Wavefront counts v from below, the renderers from the first row.
        cv2.imwrite(str(palette), palette_image()[::-1, :, ::-1])
        self._texture = pybullet.loadTexture(str(palette), physicsClientId=self._client)

    def store(self, mesh: Mesh) -> Path:
        """Keep a mesh in a file, to make bodies of it with `add`."""
        # A name used twice would show the first mesh again: PyBullet remembers meshes by file name.
        self._count += 1
        path = Path(self._folder.name) / f"mesh{self._count}.obj"
        path.write_text(mesh.obj_text())
        return path

    def add(self, mesh: Mesh | Path) -> int:
        """Make a body of a mesh or of a stored one, out of sight, and return its number."""
        path = mesh if isinstance(mesh, Path) else self.store(mesh)
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            fileName=str(path),
            rgbaColor=[1, 1, 1, 1],
            specularColor=[0.15, 0.15, 0.15],
            physicsClientId=self._client,
        )
        body = pybullet.createMultiBody(0.0, -1, shape, _AWAY, physicsClientId=self._client)
        if isinstance(mesh, Mesh):
            path.unlink()
        if shape < 0 or body < 0:
            msg = "PyBullet could not make a body"
            raise SimError(msg)
        pybullet.changeVisualShape(body, -1, textureUniqueId=self._texture, physicsClientId=self._client)
        return int(body)

    def place(self, body: int, x: float, y: float, yaw: float, z: float = 0.0) -> None:
        """Put a body somewhere."""
        turn = (0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2)))
        pybullet.resetBasePositionAndOrientation(body, (x, y, z), turn, physicsClientId=self._client)

    def remove(self, body: int) -> None:
        """Take a body away for good."""
        pybullet.removeBody(body, physicsClientId=self._client)

    def draw(self, view: np.ndarray, projection: np.ndarray, width: int, height: int, light: Lighting) -> Raw:
        """Draw what a camera sees.

        Args:
            view: OpenGL view matrix, (4, 4).
            projection: OpenGL projection matrix, (4, 4).
            width: Image width in pixels.
            height: Image height in pixels.
            light: The light.
        """
        hardware = self.name == "egl"
        _, _, rgba, _, bodies = pybullet.getCameraImage(
            width,
            height,
            view.T.reshape(-1).tolist(),
            projection.T.reshape(-1).tolist(),
            lightDirection=[50 * c for c in light.direction],
            lightColor=list(light.colour),
            lightDistance=50.0,
            shadow=0,
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=0.1,
            renderer=pybullet.ER_BULLET_HARDWARE_OPENGL if hardware else pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        image = np.asarray(rgba, np.uint8).reshape(height, width, 4)
        return Raw(image[:, :, :3], np.asarray(bodies, np.int32).reshape(height, width))

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        if self._closed:
            return
        self._closed = True
        with _quiet():
            if self._plugin >= 0:
                pybullet.unloadPlugin(self._plugin, physicsClientId=self._client)
            pybullet.disconnect(physicsClientId=self._client)
        self._folder.cleanup()


class _quiet:
    """Keep what the plugin's C code prints off standard output, where a caller may expect JSON."""

    def __enter__(self) -> None:
        sys.stdout.flush()
        _C.fflush(None)
        self._saved = os.dup(1)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.close(sink)

    def __exit__(self, *_: object) -> None:
        _C.fflush(None)  # what C still holds back must go the same way
        os.dup2(self._saved, 1)
        os.close(self._saved)
