import json
import math
import multiprocessing
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, DatasetError
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.shards import Shard, ShardSource
from pose_ssl_ros.datasets.table import COLUMNS, CropRow, row_of
from pose_ssl_ros.datasets.writing import ShardWriter

ANGLES = ("azimuth", "elevation", "roll", "bearing", "motion")


def crops_of(seed, count=6, size=8):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def rows_of(seed, count=6):
    """Rows whose instance belongs to one split, some facts unknown."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        angles = {name: float(rng.uniform(-4, 4)) if rng.random() < 0.7 else math.nan for name in ANGLES}
        kind = int(rng.integers(3))
        rows.append(
            CropRow(
                category=("sedan", "dog", 'an odd, "quoted" name')[kind],
                instance=f"{seed}-{i // 3}",
                split=SPLITS[seed % 3],
                domain=DOMAINS[kind],
                trajectory=10 * seed + i // 3,
                step=i % 3,
                box=(1.0, 2.5, 3.0, 4.0) if i % 2 else None,
                **angles,
            )
        )
    return rows


def write_all(writer, shards=3):
    writer.begin()
    for number in reversed(range(shards)):
        writer.write(number, crops_of(number), rows_of(number))
    return writer.finish(shards)


def everything(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_what_is_written_is_read_to_the_bit(tmp_path):
    write_all(ShardWriter(tmp_path / "set", "make it", 3))
    dataset = load(tmp_path / "set")
    rows = [row for number in range(3) for row in rows_of(number)]
    assert np.array_equal(dataset.crops(np.arange(18)), np.concatenate([crops_of(n) for n in range(3)]))
    assert np.array_equal(
        dataset.crops([17, 0, 17]), np.concatenate([crops_of(2)[[5]], crops_of(0)[[0]], crops_of(2)[[5]]])
    )
    for name in ANGLES:
        assert np.array_equal(getattr(dataset, name), np.float32([getattr(r, name) for r in rows]), equal_nan=True)
    assert [dataset.categories[c] for c in dataset.category] == [r.category for r in rows]
    assert [SPLITS[s] for s in dataset.split] == [r.split for r in rows]
    assert [DOMAINS[d] for d in dataset.domain] == [r.domain for r in rows]
    assert dataset.step.tolist() == [r.step for r in rows]
    names = [(r.category, r.instance) for r in rows]
    assert all(
        (names[i] == names[j]) == (dataset.instance[i] == dataset.instance[j]) for i in range(18) for j in range(18)
    )
    manifest = json.loads((tmp_path / "set/manifest.json").read_text())
    assert manifest["crops"] == 18 and manifest["command"] == "make it" and manifest["seed"] == 3
    assert manifest["counts"]["split"] == {"test": 6, "train": 6, "val": 6}
    assert (tmp_path / "set/table.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


@given(st.floats(width=32, min_value=-10, max_value=10), st.integers(0, 10**9))
def test_an_angle_comes_back_as_the_same_float32(angle, step):
    row = row_of(CropRow("car", 4, "val", azimuth=angle, step=step, box=(0, 1, 2, 3.25)).cells())
    assert np.float32(row.azimuth) == np.float32(angle) and row.step == step and math.isnan(row.motion)
    assert row.box == (0, 1, 2, 3.25) and row.trajectory == -1 and row.instance == "4"


def test_the_same_writes_give_the_same_bytes_in_any_order(tmp_path):
    write_all(ShardWriter(tmp_path / "a", seed=1))
    writer = ShardWriter(tmp_path / "b", seed=1)
    for number in (1, 0, 2):
        writer.write(number, crops_of(number), rows_of(number))
    writer.finish(3)
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def _write(job):
    writer, number = job
    writer.write(number, crops_of(number), rows_of(number))


def test_processes_write_side_by_side(tmp_path):
    write_all(ShardWriter(tmp_path / "a"))
    writer = ShardWriter(tmp_path / "b")
    writer.begin()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(_write, [(writer, number) for number in (2, 0, 1, 1)], chunksize=1)
    writer.finish(3)
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_a_killed_run_goes_on_with_what_is_whole(tmp_path):
    writer = ShardWriter(tmp_path / "set", seed=5)
    assert writer.begin() == set()
    for number in range(3):
        writer.write(number, crops_of(number), rows_of(number))
    (tmp_path / "set/.crops_00003.npy.99.tmp").write_bytes(b"half")
    damaged = tmp_path / "set/crops_00001.npy"
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1  # same size
    damaged.write_bytes(data)
    (tmp_path / "set/crops_00002.json").write_text('{"key": "')
    assert writer.begin() == {0}
    assert not list((tmp_path / "set").glob(".*"))
    with pytest.raises(DatasetError, match=r"missing or damaged: \[2\]"):
        writer.finish(3)
    with pytest.raises(DatasetError, match="not finished; run the same command"):
        load(tmp_path / "set")
    for number in (1, 2):
        writer.write(number, crops_of(number), rows_of(number))
    writer.finish(3)
    write_all(ShardWriter(tmp_path / "whole", seed=5))
    assert everything(tmp_path / "set") == everything(tmp_path / "whole")


def test_a_finished_folder_is_verified_and_mended(tmp_path):
    writer = ShardWriter(tmp_path, seed=5)
    write_all(writer)
    before = everything(tmp_path)
    assert writer.begin() == {0, 1, 2}
    (tmp_path / "crops_00001.npy").write_bytes(b"gone")
    assert writer.begin() == {0, 2}
    writer.write(1, crops_of(1), rows_of(1))
    writer.finish(3)
    assert everything(tmp_path) == before


def test_a_folder_of_another_seed_or_setting_is_not_mixed(tmp_path):
    write_all(ShardWriter(tmp_path, seed=1, settings={"crops": 18}))
    for other in (ShardWriter(tmp_path, seed=2, settings={"crops": 18}), ShardWriter(tmp_path, seed=1)):
        with pytest.raises(DatasetError, match="another seed or other settings"):
            other.begin()


@pytest.mark.parametrize(
    "crops, rows, words",
    [
        (crops_of(0), rows_of(0)[:5], "6 crops and 5 rows"),
        (crops_of(0)[:0], [], "0 crops"),
        (crops_of(0).astype(np.float32), rows_of(0), "float32"),
        (crops_of(0)[:, :4], rows_of(0), r"uint8 \(n, S, S, 3\)"),
        (crops_of(0, 1), [CropRow("car", 1, "training")], "split 'training'"),
        (crops_of(0, 1), [CropRow("car", 1, "train", domain="there")], "domain 'there'"),
        (crops_of(0, 1), [CropRow("car", " ", "train")], "no instance"),
        (crops_of(0, 1), [CropRow("car", 1, "train", azimuth=math.inf)], "infinite"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, crops, rows, words):
    with pytest.raises(DatasetError, match=words):
        ShardWriter(tmp_path).write(0, crops, rows)


def test_shards_of_two_sizes_are_no_dataset(tmp_path):
    writer = ShardWriter(tmp_path)
    writer.write(0, crops_of(0), rows_of(0))
    writer.write(1, crops_of(1, size=4), rows_of(1))
    with pytest.raises(DatasetError, match=r"different sizes: \[4, 8\]"):
        writer.finish(2)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    writer = ShardWriter(tmp_path)
    writer.write(0, crops_of(0), rows_of(0))
    before = everything(tmp_path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pose_ssl_ros.datasets.files.os.fsync", full)
    with pytest.raises(DatasetError, match=r"cannot write .*crops_00001.npy: No space left on device"):
        writer.write(1, crops_of(1), rows_of(1))
    assert everything(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot write the dataset folder"):
        ShardWriter(tmp_path / "file").begin()


# ---- reading a folder that is damaged


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def test_a_truncated_or_missing_shard_is_named(tmp_path):
    write_all(ShardWriter(tmp_path))
    _truncate(tmp_path / "crops_00001.npy")
    with pytest.raises(DatasetError, match=r"crops_00001.npy is damaged: it has \d+ bytes, the manifest says \d+"):
        load(tmp_path)
    (tmp_path / "crops_00001.npy").unlink()
    with pytest.raises(DatasetError, match=r"crops_00001.npy cannot be read: No such file"):
        load(tmp_path)


def test_a_shard_truncated_after_loading_is_named_and_does_not_kill_the_process(tmp_path):
    write_all(ShardWriter(tmp_path))
    dataset = load(tmp_path)
    _truncate(tmp_path / "crops_00002.npy")
    dataset.crops([0, 6])
    with pytest.raises(DatasetError, match=r"crops_00002.npy is damaged"):
        dataset.crops([0, 12])


def test_corrupt_shards_are_named(tmp_path):
    write_all(ShardWriter(tmp_path))
    path = tmp_path / "crops_00000.npy"
    whole = bytearray(path.read_bytes())
    path.write_bytes(b"\0" * 80 + whole[80:])  # the header
    with pytest.raises(DatasetError, match="crops_00000.npy is damaged"):
        load(tmp_path).crops([0])
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 255]))  # a pixel
    source = load(tmp_path).source
    with pytest.raises(DatasetError, match="crops_00000.npy is damaged: its hash"):
        source.verify()
    path.write_bytes(whole)
    source.verify()


def test_a_shard_of_another_shape_or_a_pickle_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 8, 8, 3), np.float32))
    np.save(tmp_path / "b.npy", np.zeros((3, 8, 9, 3), np.uint8))
    np.save(tmp_path / "c.npy", np.array([{}] * 3), allow_pickle=True)
    for name, words in (("a", "float32"), ("b", r"\(3, 8, 9, 3\)"), ("c", "pickle|object")):
        with pytest.raises(DatasetError, match=f"{name}.npy.*({words})"):
            ShardSource(tmp_path, [Shard(f"{name}.npy", 3)], 8).read(np.arange(1))


def test_a_source_works_in_another_process_and_in_threads(tmp_path):
    write_all(ShardWriter(tmp_path))
    source = load(tmp_path).source
    source.read(np.arange(3))
    copy = pickle.loads(pickle.dumps(source))
    assert np.array_equal(copy.read(np.arange(18)), source.read(np.arange(18))) and len(copy) == 18
    from concurrent.futures import ThreadPoolExecutor

    fresh = load(tmp_path).source
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(fresh.read, [np.arange(18)] * 32):
            assert np.array_equal(got, source.read(np.arange(18)))
    assert source.read(np.empty(0, np.int64)).shape == (0, 8, 8, 3)
    with pytest.raises(IndexError, match="not among the 18"):
        source.read(np.array([18]))
    with pytest.raises(IndexError):
        source.read(np.array([-1]))


@pytest.mark.parametrize(
    "name, change, words",
    [
        ("manifest.json", lambda t: t[:50], "manifest.json is damaged"),
        ("manifest.json", lambda t: "[]", "manifest.json is damaged"),
        ("manifest.json", lambda t: t.replace('"format": 1', '"format": 9'), "has format 9, this version reads 1"),
        ("manifest.json", lambda t: t.replace('"crops": 18', '"crops": 17'), "don't hold 17 crops"),
        ("manifest.json", lambda t: t.replace('"name": "crops', '"name": "../crops'), "is damaged"),
        ("table.csv", lambda t: t.replace("test", "val"), "table.csv is damaged or was changed"),
    ],
)
def test_a_damaged_manifest_or_table_is_named(tmp_path, name, change, words):
    write_all(ShardWriter(tmp_path))
    path = tmp_path / name
    path.write_text(change(path.read_text()))
    with pytest.raises(DatasetError, match=words):
        load(tmp_path)


def _edited(folder, change):
    """Change the table's lines and let the manifest know."""
    from pose_ssl_ros.datasets.files import sha256_of

    table, manifest = folder / "table.csv", folder / "manifest.json"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(change(lines)) + "\n")
    facts = json.loads(manifest.read_text())
    facts["table"]["sha256"] = sha256_of(table)
    manifest.write_text(json.dumps(facts))


@pytest.mark.parametrize(
    "cells, words",
    [
        ("0,0,car,x,train,in_domain,,,,,0,,,", "crop 0 of shard 0 has a row already"),
        ("0,7000,car,x,train,in_domain,,,,,0,,,", "no crop 7000 in shard 0"),
        ("9,0,car,x,train,in_domain,,,,,0,,,", "no crop 0 in shard 9"),
        ("a,0,car,x,train,in_domain,,,,,0,,,", "not two whole numbers"),
        ("1,0,car,x,train,in_domain,,,", "has 9 cells, not 14"),
        ("1,0,car,x,later,in_domain,,,,,0,,,", "split is 'later'"),
        ("1,0,car,x,train,here,,,,,0,,,", "domain is 'here'"),
        ("1,0,car,x,train,in_domain,left,,,,0,,,", "azimuth 'left' is not a number"),
        ("1,0,car,x,train,in_domain,1e9,,,,0,,,", "azimuth 1e9 is no angle"),
        ("1,0,car,x,train,in_domain,,,,,two,,,", "step 'two'"),
        ("1,0,car,x,train,in_domain,,,,,0,1;2;3,,", "3 numbers, not 4"),
    ],
)
def test_bad_rows_of_a_folder_are_named_and_skipped(tmp_path, cells, words):
    writer = ShardWriter(tmp_path)
    for number in range(2):
        writer.write(number, crops_of(0, 150), [CropRow("car", number, "train")] * 150)
    writer.finish(2)
    said = []
    _edited(tmp_path, lambda lines: [*lines[:-1], cells])
    dataset = load(tmp_path, say=said.append)
    assert len(dataset) == 299 and "1 of 300 rows" in said[0] and "line 301" in said[0] and words in said[0]
    _edited(tmp_path, lambda lines: [*lines[:-4], *[cells] * 4])
    with pytest.raises(DatasetError, match="4 of 300 rows"):
        load(tmp_path)


def test_an_instance_in_two_splits_of_a_folder_is_refused(tmp_path):
    writer = ShardWriter(tmp_path)
    writer.write(0, crops_of(0, 2), [CropRow("car", 1, "train"), CropRow("car", 1, "test")])
    writer.finish(1)
    with pytest.raises(DatasetError, match="car 1 in train and test"):
        load(tmp_path)


def test_a_folder_without_rows_or_with_other_columns_is_refused(tmp_path):
    write_all(ShardWriter(tmp_path))
    _edited(tmp_path, lambda lines: lines[:1])
    with pytest.raises(DatasetError, match="no rows"):
        load(tmp_path)
    _edited(tmp_path, lambda lines: ["a,b"])
    with pytest.raises(DatasetError, match="has the columns a,b"):
        load(tmp_path)


def test_paths_that_hold_no_dataset_are_said(tmp_path):
    with pytest.raises(DatasetError, match="there is no manifest.json"):
        load(tmp_path)
    with pytest.raises(DatasetError, match="nothing.csv cannot be read: No such file"):
        load(tmp_path / "nothing.csv")
    write_all(ShardWriter(tmp_path / "set"))
    assert len(load(tmp_path / "set/manifest.json")) == len(load(tmp_path / "set/table.csv")) == 18
