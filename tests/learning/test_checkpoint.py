"""Checkpoints: whole or not at all, whatever happens while they are written or lie on disk."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from pose_ssl_ros.learning.checkpoint import MANIFEST, PREVIOUS, CheckpointError, CheckpointStore, write_atomic


def weights(value: float, size: int = 1000) -> dict[str, torch.Tensor]:
    return {"weights.a": torch.full((size,), value), "optimizer.0.step": torch.tensor(value)}


BUFFER = ({"serial": torch.arange(5)}, {"tracks": '["a"]'})


def saved(tmp_path: Path, *values: float) -> CheckpointStore:
    store = CheckpointStore(tmp_path / "c", "net")
    for value in values:
        store.save({"steps": int(value)}, weights(value), BUFFER)
    return store


def newest(store: CheckpointStore, kind: str = "weights") -> Path:
    manifest = json.loads((store.directory / MANIFEST).read_text())
    return store.directory / manifest["files"][kind]["name"]


def test_what_was_saved_is_loaded_and_old_files_are_swept(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2, 3)
    manifest, found, buffer, warnings = store.load()
    assert manifest["steps"] == 3 and warnings == []
    assert torch.equal(found["weights.a"], weights(3)["weights.a"])
    assert buffer[0]["serial"].tolist() == [0, 1, 2, 3, 4] and buffer[1] == {"tracks": '["a"]'}
    names = sorted(p.name for p in store.directory.iterdir())
    assert len(names) == 6 and not any(name.endswith(".tmp") for name in names)  # two checkpoints, two manifests


def test_an_empty_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert CheckpointStore(tmp_path / "none", "net").load() is None


def test_without_a_new_buffer_the_saved_one_stays(tmp_path: Path) -> None:
    store = saved(tmp_path, 1)
    for value in (2, 3, 4):
        store.save({"steps": value}, weights(value), None)
    manifest, _, buffer, _ = store.load()
    assert manifest["steps"] == 4 and len(buffer[0]["serial"]) == 5


@pytest.mark.parametrize("kept", [0, 4, 300, 0.5])
def test_weights_cut_short_fall_back_to_the_previous_loudly(tmp_path: Path, kept: float) -> None:
    store = saved(tmp_path, 1, 2)
    path = newest(store)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if kept == 0.5 else int(kept)])
    manifest, found, _, warnings = store.load()
    assert manifest["steps"] == 1 and float(found["weights.a"][0]) == 1
    assert len(warnings) == 1 and path.name in warnings[0] and "damaged" in warnings[0]
    # The next save must not push out the only good one.
    store.save({"steps": 3}, weights(3), None)
    newest(store).write_bytes(b"")
    assert store.load()[0]["steps"] == 1


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2)
    data = bytearray(newest(store).read_bytes())
    data[-1] ^= 1
    newest(store).write_bytes(data)
    assert store.load()[0]["steps"] == 1


def test_a_damaged_manifest_falls_back(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2)
    path = store.directory / MANIFEST
    path.write_bytes(path.read_bytes()[:40])
    manifest, _, _, warnings = store.load()
    assert manifest["steps"] == 1 and MANIFEST in warnings[0]


def test_a_damaged_buffer_costs_the_buffer_only(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2)
    newest(store, "buffer").write_bytes(b"x")
    manifest, _, buffer, warnings = store.load()
    assert manifest["steps"] == 2 and buffer is None and "starts empty" in warnings[0]


def test_nothing_usable_is_an_error_that_names_both(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2)
    for path in store.directory.glob("weights-*"):
        path.write_bytes(b"x")
    with pytest.raises(CheckpointError, match="weights-000001.*weights-000002|weights-000002.*weights-000001"):
        store.load()


def test_another_architecture_is_refused_and_never_saved_over(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2)
    before = sorted(p.name for p in (tmp_path / "c").iterdir())
    other = CheckpointStore(tmp_path / "c", "wider")
    with pytest.raises(CheckpointError, match="'net'.*'wider'"):
        other.load()
    with pytest.raises(CheckpointError, match="not saved over"):
        other.save({"steps": 9}, weights(9), None)
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == before


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = saved(tmp_path, 1, 2)
    before = {p.name: p.read_bytes() for p in store.directory.iterdir()}
    real = os.fsync
    for allowed in range(4):  # the disk fills up at each of the files in turn
        left = [allowed]

        def full(descriptor: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(CheckpointError, match="cannot write .*No space left"):
            store.save({"steps": 3}, weights(3), BUFFER)
        monkeypatch.setattr(os, "fsync", real)
        assert store.load()[0]["steps"] == 2
        assert newest(store).read_bytes() == before[newest(store).name]
        assert not list(store.directory.glob("*.tmp")) and not list(store.directory.glob(".*.tmp"))
    store.save({"steps": 4}, weights(4), BUFFER)
    assert store.load()[0]["steps"] == 4


def test_a_real_limit_on_file_size_behaves_the_same(tmp_path: Path) -> None:
    store = saved(tmp_path, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # Python ignores SIGXFSZ: writing raises EFBIG
    try:
        with pytest.raises(CheckpointError, match="cannot write .*File too large"):
            store.save({"steps": 2}, weights(2), None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.load()[0]["steps"] == 1


def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import sys, torch
        from pathlib import Path
        from pose_ssl_ros.learning.checkpoint import CheckpointStore
        store = CheckpointStore(Path(sys.argv[1]), "net")
        for value in range(1, 10000):
            tensor = torch.full((50_000,), float(value))
            store.save({"steps": value}, {"weights.a": tensor}, ({"serial": tensor}, {}))
            print(value, flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "c")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = 0
    while last < 5:
        last = int(process.stdout.readline())
    time.sleep(0.037)
    process.send_signal(signal.SIGKILL)
    said = [int(line) for line in process.stdout.read().split()] or [last]
    process.wait()
    manifest, found, buffer, warnings = CheckpointStore(tmp_path / "c", "net").load()
    assert warnings == [] and manifest["steps"] >= said[-1]
    assert float(found["weights.a"][0]) == float(buffer[0]["serial"][-1]) == manifest["steps"]


def test_write_atomic_into_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError, match="cannot write"):
        write_atomic(tmp_path / "file" / "inside", b"data")
    assert (tmp_path / "file").read_text() == "x"


def test_previous_manifest_exists_only_after_the_second_save(tmp_path: Path) -> None:
    store = saved(tmp_path, 1)
    assert not (store.directory / PREVIOUS).exists()
