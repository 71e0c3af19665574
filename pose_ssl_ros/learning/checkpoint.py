"""Checkpoints that survive a kill and a full disk.

Weights and buffer are safetensors files with a number in their name; the
manifest names them with their hashes and is written last, so a checkpoint
exists wholly or not at all.  The manifest before it and its files are kept:
when the newest is damaged, the previous one is taken, and the reader is told.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

MANIFEST, PREVIOUS = "manifest.json", "manifest.previous.json"
FORMAT = 1


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written or read; the text says which file and why."""


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that after a crash either the old or the new content is there.

    Raises:
        CheckpointError: If the disk is full or the folder cannot be written; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # The half-written file must not keep a full disk full.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = f"cannot write {path}: {error.strerror or error}"
        raise CheckpointError(msg) from error


class CheckpointStore:
    """The checkpoints of one learner in one folder.

    Args:
        directory: Folder; made when first needed.
        architecture: Name that a checkpoint must carry to be read.
    """

    def __init__(self, directory: Path, architecture: str) -> None:
        self.directory = directory
        self.architecture = architecture

    def save(
        self,
        facts: Mapping[str, Any],
        weights: Mapping[str, torch.Tensor],
        buffer: tuple[Mapping[str, torch.Tensor], Mapping[str, str]] | None,
    ) -> None:
        """Write a checkpoint.

        Args:
            facts: JSON values that go into the manifest.
            weights: Weights and optimiser state by name.
            buffer: Buffer tensors and their text metadata; None keeps the last saved buffer.

        Raises:
            CheckpointError: If a file cannot be written; the last checkpoint stays.
        """
        self._refuse_foreign()
        last = self._manifest_or_none(MANIFEST)
        number = 1 + max((int(p.stem.split("-")[1]) for p in self._data_files()), default=0)
        files = {"weights": self._put(f"weights-{number:06d}.safetensors", save(dict(weights)))}
        try:
            if buffer is not None:
                data = save(dict(buffer[0]), dict(buffer[1]))
                files["buffer"] = self._put(f"buffer-{number:06d}.safetensors", data)
            elif last is not None and "buffer" in last["files"]:
                files["buffer"] = last["files"]["buffer"]
            manifest = {
                "format": FORMAT,
                "number": number,
                "architecture": self.architecture,
                "files": files,
                **facts,
            }
            # A damaged checkpoint must not push out the good one before it.
            if last is not None and self._whole(last):
                write_atomic(self.directory / PREVIOUS, json.dumps(last, indent=1).encode())
            write_atomic(self.directory / MANIFEST, json.dumps(manifest, indent=1).encode())
        except CheckpointError:
            self._sweep()  # what this attempt left behind
            raise
        self._sweep()

    def load(self) -> tuple[dict[str, Any], dict[str, torch.Tensor], Any, list[str]] | None:
        """Read the newest whole checkpoint.

        Returns:
            Manifest, weights, (buffer tensors, their metadata) or None, and warnings about what was
            damaged; None when the folder holds no checkpoint.

        Raises:
            CheckpointError: If there are checkpoints but none can be used, or they belong to another architecture.
        """
        warnings: list[str] = []
        for name in (MANIFEST, PREVIOUS):
            if not (self.directory / name).exists():
                continue
            try:
                manifest = self._read_manifest(name)
                weights, _ = self._get(manifest["files"]["weights"])
            except CheckpointError as error:
                warnings.append(str(error))
                continue
            try:
                buffer = self._get(manifest["files"]["buffer"]) if "buffer" in manifest["files"] else None
            except CheckpointError as error:
                # Weights are worth more than the buffer: keep them and learn on.
                warnings.append(f"{error}; the weights are taken, the replay buffer starts empty")
                buffer = None
            return manifest, weights, buffer, warnings
        if warnings:
            msg = f"no checkpoint in {self.directory} can be used: " + "; ".join(warnings)
            raise CheckpointError(msg)
        return None

    def _put(self, name: str, data: bytes) -> dict[str, str]:
        write_atomic(self.directory / name, data)
        return {"name": name, "sha256": hashlib.sha256(data).hexdigest()}

    def _get(self, file: Mapping[str, str]) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
        path = self.directory / file["name"]
        try:
            data = path.read_bytes()
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror or error}"
            raise CheckpointError(msg) from error
        if hashlib.sha256(data).hexdigest() != file["sha256"]:
            msg = f"{path} is damaged (its hash is not the manifest's)"
            raise CheckpointError(msg)
        try:
            length = int.from_bytes(data[:8], "little")
            metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
            return load(data), metadata
        except (SafetensorError, ValueError) as error:
            msg = f"{path} is not a safetensors file: {error}"
            raise CheckpointError(msg) from error

    def _read_manifest(self, name: str) -> dict[str, Any]:
        path = self.directory / name
        try:
            manifest = json.loads(path.read_bytes())
            ok = manifest["format"] == FORMAT and isinstance(manifest["files"]["weights"]["sha256"], str)
            architecture = manifest["architecture"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            msg = f"{path} is damaged: {error!r}"
            raise CheckpointError(msg) from error
        if not ok:
            msg = f"{path} has format {manifest['format']}, this version reads {FORMAT}"
            raise CheckpointError(msg)
        if architecture != self.architecture:
            msg = f"{path} is of architecture '{architecture}', the learner is '{self.architecture}'"
            raise CheckpointError(msg)
        return dict(manifest)

    def _manifest_or_none(self, name: str) -> dict[str, Any] | None:
        """A manifest for bookkeeping; a damaged one counts as none, `load` is who tells."""
        try:
            return self._read_manifest(name)
        except CheckpointError:
            return None

    def _manifests(self) -> list[dict[str, Any]]:
        return [m for m in map(self._manifest_or_none, (MANIFEST, PREVIOUS)) if m is not None]

    def _refuse_foreign(self) -> None:
        """Saving must never push out the checkpoint of another network."""
        for name in (MANIFEST, PREVIOUS):
            try:
                found = json.loads((self.directory / name).read_bytes())["architecture"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # missing or damaged: nothing that could be lost
            if found != self.architecture:
                msg = f"{self.directory} holds a checkpoint of '{found}'; '{self.architecture}' is not saved over it"
                raise CheckpointError(msg)

    def _whole(self, manifest: Mapping[str, Any]) -> bool:
        try:
            for file in manifest["files"].values():
                self._get(file)
        except CheckpointError:
            return False
        return True

    def _data_files(self) -> list[Path]:
        patterns = ("weights-*.safetensors", "buffer-*.safetensors")
        return [path for pattern in patterns for path in self.directory.glob(pattern)]

    def _sweep(self) -> None:
        """Remove files that neither manifest names."""
        wanted = {file["name"] for manifest in self._manifests() for file in manifest["files"].values()}
        for path in self._data_files():
            if path.name not in wanted:
                with contextlib.suppress(OSError):
                    path.unlink()
