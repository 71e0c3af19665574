"""From the Debian package to a folder of models with their makers named; an explicit command does it, once."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from pose_ssl_sim.config import SimError
from pose_ssl_sim.mesh_catalogue import deb as debian
from pose_ssl_sim.mesh_catalogue.package import PackageModel, extract, read_archive
from pose_ssl_sim.mesh_catalogue.table import Entry, read_table

from pose_ssl_ros.datasets.files import sha256_of, write_bytes

MANIFEST, CREDITS = "models.json", "CREDITS.txt"
FORMAT = 1


def fetch(folder: Path, package: Path | None = None, tell: Callable[[str], None] = print) -> int:
    """Get the models that our table names into a folder.

    Args:
        folder: Where to; what is there is written anew.
        package: The Debian package; without it apt downloads it.
        tell: Takes a line now and then.

    Returns:
        How many models there are.

    Raises:
        SimError: If the package cannot be had or read.
        DatasetError: If the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="pose_ssl_meshes_") as name:
        scratch = Path(name)
        if package is None:
            tell(f"apt-get download {debian.PACKAGE} (120 MB)")
            package = debian.download(scratch)
        archives = debian.unpack_archives(package, scratch)
        return install(archives, folder, read_table(), tell)


def install(archives: Iterable[Path], folder: Path, entries: Iterable[Entry], tell: Callable[[str], None]) -> int:
    """Copy the entries' models out of archives, and say whose they are; see `fetch`."""
    held = {path.stem: (path, read_archive(path)) for path in archives}
    models: dict[str, PackageModel] = {}
    missing = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)  # written last: a folder with it is whole
        for entry in entries:
            stem = entry.model.partition("/")[0]
            path, described = held.get(stem, (None, {}))
            if path is None or entry.model not in described:
                missing.append(entry.model)
                continue
            extract(path, described[entry.model], folder / entry.model)
            models[entry.model] = described[entry.model]
    except (OSError, zipfile.BadZipFile) as error:
        msg = f"cannot unpack models into {folder}: {error}"
        raise SimError(msg) from None
    if missing:
        tell(f"{len(missing)} models are not in this version of the package: {', '.join(missing[:5])} ...")
    if not models:
        msg = "none of the models of our table is in the package"
        raise SimError(msg)
    write_bytes(folder / CREDITS, credits_text(models.values()).encode())
    for stem, (path, _) in held.items():
        with zipfile.ZipFile(path) as archive:
            if "LICENSE.TXT" in archive.namelist():
                write_bytes(folder / stem / "LICENSE.TXT", archive.read("LICENSE.TXT"))
    facts = {
        "format": FORMAT,
        "package": debian.PACKAGE,
        "archives": {path.name: sha256_of(path) for path, _ in held.values()},
        "models": {
            key: {
                "name": model.name,
                "creator": model.creator,
                "licence": model.licence,
                "size": model.size,
                "rotation": model.rotation,
                "file": Path(model.path).name,
            }
            for key, model in models.items()
        },
    }
    write_bytes(folder / MANIFEST, json.dumps(facts, indent=1, sort_keys=True).encode())
    return len(models)


def credits_text(models: Iterable[PackageModel]) -> str:
    """Name, creator and licence of every model, as CC-BY asks of those who show or share them."""
    by_licence: dict[str, list[PackageModel]] = {}
    for model in models:
        by_licence.setdefault(model.licence, []).append(model)
    lines = [
        f"Models from the Debian package {debian.PACKAGE} (Sweet Home 3D's furniture libraries).",
        "Name the creator and the licence where you show or share them or pictures of them.",
    ]
    for licence, group in sorted(by_licence.items()):
        lines += ["", licence, "-" * min(100, len(licence))]
        lines += [f"{m.key}: {m.name}, by {m.creator}" for m in sorted(group, key=lambda m: m.key)]
    return "\n".join([*lines, ""])
