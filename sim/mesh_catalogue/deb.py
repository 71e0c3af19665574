"""Files inside a Debian package, read without installing or unpacking it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pose_ssl_sim.config import SimError

PACKAGE = "sweethome3d-furniture"
_HOW = f"on a Debian or Ubuntu machine `apt-get download {PACKAGE}` gets the package; give the file with --deb FILE"
_PATIENCE = 900.0  # seconds for 120 MB
_AR = b"!<arch>\n"


def download(folder: Path) -> Path:
    """Get the package with apt into a folder, without installing it or needing root; returns the file.

    Raises:
        SimError: If there is no apt, or it does not know the package or cannot reach it.
    """
    if shutil.which("apt-get") is None:
        msg = f"this machine has no apt-get; {_HOW}"
        raise SimError(msg)
    try:
        done = subprocess.run(
            ["apt-get", "download", PACKAGE],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"apt-get download {PACKAGE} failed: {error}; {_HOW}"
        raise SimError(msg) from None
    found = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if done.returncode or not found:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        msg = f"apt-get download {PACKAGE} failed ({said[0]}); `apt-get update` may help, otherwise {_HOW}"
        raise SimError(msg)
    return found[0]


def unpack_archives(deb: Path, folder: Path) -> list[Path]:
    """Copy the furniture archives (`*.sh3f`) of a package into a folder; returns them by name.

    Raises:
        SimError: If the file is not such a package.
    """
    if not deb.is_file():
        msg = f"there is no file {deb}"
        raise SimError(msg)
    found = []
    try:
        for name, file in _members(deb, ".sh3f"):
            target = folder / name
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            found.append(target)
    except (tarfile.TarError, EOFError, ValueError) as error:
        msg = f"{deb} is not a whole Debian package: {error}"
        raise SimError(msg) from None
    except OSError as error:
        msg = f"{deb} cannot be unpacked: {error.strerror or error}"
        raise SimError(msg) from None
    if not found:
        msg = f"{deb} holds no furniture archives; the package is {PACKAGE}"
        raise SimError(msg)
    return sorted(found)


def _members(deb: Path, ending: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of the files with an ending; paths inside the package are never used as paths here."""
    tool = shutil.which("dpkg-deb")
    if tool is None:
        with deb.open("rb") as file:
            _seek_data(file)
            with tarfile.open(fileobj=file, mode="r|*") as tar:
                yield from _files(tar, ending)
        return
    with subprocess.Popen(
        [tool, "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                yield from _files(tar, ending)
        finally:
            process.kill()  # after an error it would wait for a reader


def _files(tar: tarfile.TarFile, ending: str) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        name = PurePosixPath(member.name).name
        content = tar.extractfile(member) if member.isfile() and name.endswith(ending) else None
        if content is not None:
            yield name, content


def _seek_data(file: Any) -> None:
    """Go to the beginning of `data.tar.*` in an ar archive, which is what a package is."""
    if file.read(len(_AR)) != _AR:
        msg = "it does not begin as one"
        raise ValueError(msg)
    while header := file.read(60):
        name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if name.startswith("data.tar"):
            if name.endswith(".zst"):
                msg = "its content is packed with zstd, for which dpkg-deb is needed"
                raise ValueError(msg)
            return
        file.seek(size + size % 2, 1)
    msg = "it holds no data"
    raise ValueError(msg)
