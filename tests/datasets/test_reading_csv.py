import math

import cv2
import numpy as np
import pytest
from pictures_factory import HEADER, folder, good_rows, picture, save, write_csv

from pose_ssl_ros.datasets.assembly import split_of_instances
from pose_ssl_ros.datasets.csv_table import REQUIRED
from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, DatasetError
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.crops import cut


def read(path, **options):
    """The dataset and what was said."""
    said: list[str] = []
    return load(path, say=said.append, **options), "\n".join(said)


def splits(dataset):
    return [SPLITS[s] for s in dataset.split]


def domains(dataset):
    return [DOMAINS[d] for d in dataset.domain]


# ---- what is good


def test_every_column_is_read_and_crops_are_cut_as_robots_cut_them(tmp_path):
    rgb = picture()
    save(tmp_path / "images/a.png", rgb)
    save(tmp_path / "images/b.png", rgb[::-1])
    rows = [
        {"path": "images/a.png", "x": 3, "y": 2.5, "w": 20, "h": 11, "category": "car", "instance": "vw", "frame": 4,
         "azimuth_deg": -270, "elevation_deg": 12.5, "sequence": "s", "split": "train", "domain": "unseen_pose",
         "bearing_deg": 725, "motion_deg": 360, "roll_deg": -3},
        {"path": "images/b.png", "x": -6, "y": 30, "w": 20, "h": 30, "instance": "rex", "split": "test"},
        {"path": "images/b.png", "category": "car", "instance": "vw", "sequence": "s", "frame": 2, "split": "train"},
        {"path": "images/a.png", "x": 0, "y": 0, "w": 48, "h": 40, "category": "dog", "instance": "vw", "split": "val"},
    ]  # fmt: skip
    dataset, said = read(write_csv(tmp_path / "set.csv", rows, HEADER + ",domain,bearing_deg,motion_deg,roll_deg"))
    want = [cut(rgb, Box(3, 2.5, 20, 11), 64), cut(rgb[::-1], Box(-6, 30, 20, 30), 64)]
    want += [cut(image, Box(0, 0, 48, 40), 64, margin=0.0) for image in (rgb[::-1], rgb)]
    assert np.array_equal(dataset.crops(range(4)), np.stack(want))
    assert dataset.categories == ("car", "dog") and dataset.category.tolist() == [0, -1, 0, 1]
    assert dataset.instance.tolist() == [0, 1, 0, 2]  # names are told apart by category
    assert splits(dataset) == ["train", "test", "train", "val"]
    assert domains(dataset) == ["unseen_pose", "in_domain", "in_domain", "unseen_category"]
    assert "no row to train on of dog: domain unseen_category" in said
    assert dataset.azimuth[0] == np.float32(math.pi / 2) and np.isnan(dataset.azimuth[1:]).all()
    assert dataset.elevation[0] == np.float32(math.radians(12.5)) and dataset.roll[0] == np.float32(math.radians(-3))
    assert dataset.bearing[0] == np.float32(math.radians(5)) and dataset.motion[0] == 0
    assert [run.tolist() for run in dataset.sequences()] == [[2, 0]] and dataset.step.tolist() == [4, 0, 2, 0]


@pytest.mark.parametrize("degrees, radians", [(180, math.pi), (-180, math.pi), (360, 0), (-90, -math.pi / 2)])
def test_angles_are_wrapped(tmp_path, degrees, radians):
    dataset, _ = read(folder(tmp_path, {"azimuth_deg": degrees}))
    assert dataset.azimuth[1] == np.float32(radians)


def test_columns_in_another_order_a_byte_order_mark_and_crlf_are_read(tmp_path):
    save(tmp_path / "a.png", picture())
    header = ",".join(reversed(REQUIRED)) + ", Colour"
    text = f"\ufeff{header}\r\ntrain,,,,,,car,,,,, a.png ,red\r\n\r\n,,,,,,,,,,,,\r\n"
    (tmp_path / "set.csv").write_bytes(text.encode())
    dataset, said = read(tmp_path / "set.csv")
    assert len(dataset) == 1 and dataset.categories == ("car",)
    assert "the columns 'colour' are not used; optional are domain, bearing_deg" in said


@pytest.mark.parametrize("cache", [False, True])
def test_another_size_of_crops(tmp_path, cache):
    dataset, _ = read(folder(tmp_path), size=32, cache=tmp_path / "cache" if cache else None)
    assert dataset.crops([0, 1]).shape == (2, 32, 32, 3)


# ---- pictures of all kinds


def _one(tmp_path, name):
    path = write_csv(tmp_path / "set.csv", [{"path": name, "category": "car", "split": "train"}])
    return read(path)[0].crops([0])[0]


def test_jpeg_grey_and_sixteen_bits(tmp_path):
    rgb = cv2.resize(picture(), (64, 64))
    save(tmp_path / "a.jpg", rgb)
    assert np.abs(_one(tmp_path, "a.jpg").astype(int) - rgb).mean() < 12
    cv2.imwrite(str(tmp_path / "grey.png"), rgb[:, :, 0])
    assert np.array_equal(_one(tmp_path, "grey.png"), np.repeat(rgb[:, :, :1], 3, 2))
    cv2.imwrite(str(tmp_path / "deep.png"), rgb[:, :, ::-1].astype(np.uint16) * 257)
    assert np.array_equal(_one(tmp_path, "deep.png"), rgb)
    cv2.imwrite(str(tmp_path / "deep_grey.png"), rgb[:, :, 0].astype(np.uint16) * 257 + 100)
    assert np.array_equal(_one(tmp_path, "deep_grey.png")[:, :, 1], rgb[:, :, 0])


def test_alpha_is_laid_over_grey(tmp_path):
    rgb = cv2.resize(picture(), (64, 64))
    alpha = np.full((64, 64, 1), 255, np.uint8)
    alpha[:, :32], alpha[:, 32:40] = 0, 51
    for name, scale, kind in (("alpha.png", 1, np.uint8), ("deep.png", 257, np.uint16)):
        mixed = np.concatenate([rgb[:, :, ::-1], alpha], 2).astype(kind) * kind(scale)
        cv2.imwrite(str(tmp_path / name), mixed)
        crop = _one(tmp_path, name)
        assert (crop[:, :32] == 128).all() and np.array_equal(crop[:, 40:], rgb[:, 40:])
        assert np.abs(crop[:, 32:40] - (0.2 * rgb[:, 32:40] + 0.8 * 128)).max() <= 0.51


def test_the_rotation_that_a_photograph_carries_is_applied(tmp_path):
    rgb = np.full((64, 64, 3), 20, np.uint8)
    rgb[:16] = 230
    _, data = cv2.imencode(".jpg", rgb)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # 6: turn clockwise
    raw = data.tobytes()
    (tmp_path / "a.jpg").write_bytes(raw[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + raw[2:])
    crop = _one(tmp_path, "a.jpg")
    assert crop[:, 52:].mean() > 200 and crop[:, :44].mean() < 50


# ---- bad rows

BAD = [
    ({"azimuth_deg": 361}, "azimuth_deg is 361, it must be from -360 to 360"),
    ({"azimuth_deg": "-360.5"}, "azimuth_deg is -360.5"),
    ({"azimuth_deg": "left"}, "azimuth_deg is 'left', it must be a number or empty"),
    ({"azimuth_deg": "1,5"}, "azimuth_deg is '1,5'"),
    ({"azimuth_deg": "nan"}, "azimuth_deg is 'nan', it must be a finite number"),
    ({"azimuth_deg": "inf"}, "azimuth_deg is 'inf'"),
    ({"elevation_deg": 91}, "elevation_deg is 91"),
    ({"motion_deg": 400}, "motion_deg is 400"),
    ({"w": -20}, "the box is -20 wide and 16 high, both must be positive"),
    ({"h": 0}, "the box is 20 wide and 0 high"),
    ({"w": ""}, "the box has no w; give all of x, y, w, h or none"),
    ({"x": "one"}, "x is 'one'"),
    ({"x": 48}, "lies outside the 48x40 image"),
    ({"y": -16}, "lies outside the 48x40 image"),
    ({"split": "training"}, "split is 'training', it must be train, val, test or empty"),
    ({"domain": "out"}, "domain is 'out', it must be in_domain"),
    ({"path": ""}, "path is empty"),
    ({"path": "none.png"}, "none.png cannot be read: No such file"),
    ({"path": "."}, "cannot be read: Is a directory"),
    ({"path": "set.csv"}, "set.csv is no picture"),
    ({"sequence": "s"}, "belongs to the sequence 's' but has no frame number"),
    ({"frame": "1.5"}, "frame is '1.5', it must be a whole number"),
    ({"frame": "1e300"}, "frame is '1e300', it must be a whole number"),
    ({"x": 1, "y": 1}, "the same image and box as line 2"),
]


@pytest.mark.parametrize("bad, words", BAD, ids=[str(b) for b, _ in BAD])
def test_a_bad_row_is_named_and_skipped(tmp_path, bad, words):
    dataset, said = read(folder(tmp_path, bad))
    assert len(dataset) == 199 and "1 of 200 rows" in said
    assert f"line 3: {words}" in said or (words in said and "line 3: " in said)
    assert np.degrees(dataset.azimuth[1]) == pytest.approx(2)  # the row after the bad one, with its own crop
    x, y = good_rows(3)[2]["x"], good_rows(3)[2]["y"]
    assert np.array_equal(dataset.crops([1])[0], cut(picture(), Box(x, y, 20, 16), 64))


@pytest.mark.parametrize("kind", ["truncated png", "truncated jpeg", "empty", "noise", "float"])
def test_a_picture_that_cannot_be_decoded_is_a_bad_row(tmp_path, kind):
    path = folder(tmp_path, {"path": "bad.jpg"})
    for name in ("good.png", "good.jpg"):
        save(tmp_path / name, cv2.resize(picture(), (200, 200)))
    data = {
        "truncated png": lambda: (tmp_path / "good.png").read_bytes()[:-20],
        "truncated jpeg": lambda: (tmp_path / "good.jpg").read_bytes()[:-2000],
        "empty": lambda: b"",
        "noise": lambda: np.random.default_rng(0).bytes(500),
        "float": lambda: cv2.imencode(".tiff", np.zeros((8, 8), np.float32))[1].tobytes(),
    }[kind]()
    (tmp_path / "bad.jpg").write_bytes(data)
    dataset, said = read(path)
    words = {"noise": "no picture", "float": "float32 channels", "empty": "is empty"}.get(kind, "truncated")
    assert len(dataset) == 199 and f"line 3: the image {tmp_path / 'bad.jpg'}" in said and words in said


def test_a_row_with_too_few_cells_and_a_quote_that_swallows_lines(tmp_path):
    path = folder(tmp_path, count=500)
    lines = path.read_text().splitlines()
    lines[6] = "a.png,1,2"
    path.write_text("\n".join(lines))
    dataset, said = read(path)
    assert len(dataset) == 499 and "line 7: has 3 cells, the header has 12" in said
    lines[6:9] = ['a.png,1,1,1,1,"car,,,,,,train', "a.png,1", '",,,']
    path.write_text("\n".join(lines))
    dataset, said = read(path)
    assert len(dataset) == 497 and "3 of 500 rows" in said and "begins on line 7" in said


def test_more_than_one_percent_of_bad_rows_stops_the_run_and_lists_the_first(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = good_rows(1000)
    for row in rows[10:20]:
        row["azimuth_deg"] = "?"
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    assert len(dataset) == 990 and "10 of 1000 rows" in said
    for row in rows[20:25]:
        row["path"] = "none.png"  # seen only when images are read
    with pytest.raises(DatasetError, match="15 of 1000 rows .* more than 1 %") as caught:
        read(write_csv(tmp_path / "set.csv", rows))
    text = str(caught.value)
    assert text.count("line ") == 10 and "... and 5 more" in text and "  line 12: azimuth_deg is '?'" in text


def test_a_table_whose_rows_are_all_bad_stops(tmp_path):
    with pytest.raises(DatasetError, match="1 of 1 rows"):
        read(write_csv(tmp_path / "set.csv", [{"path": "none.png", "split": "train"}]))


# ---- tables that are refused


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "lacks the columns path, x, y, w, h, category"),
        ("path,x,y,w,h,category,instance,elevation_deg,frame,split\n", "lacks the columns azimuth_deg, sequence;"),
        (HEADER.replace(",", ";") + "\n", "not separated by commas"),
        (HEADER + ",split\n", "the columns split twice"),
        (HEADER + "\n", "has no rows"),
        (HEADER + "\n\n,,,,,,,,,,,\n", "has no rows"),
        (HEADER + '\na.png,"' + "x" * 200_000, "is no CSV: line 2"),
        (b"\xff\xfe\x00p", "is not UTF-8"),
    ],
)
def test_a_table_that_is_no_table_is_refused(tmp_path, text, words):
    (tmp_path / "set.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match=words):
        read(tmp_path / "set.csv")


def test_an_instance_in_two_splits_is_a_leak_and_found_before_any_image_is_read(tmp_path):
    rows = good_rows(20, "none.png")
    rows += [row | {"split": "test", "x": 30} for row in rows[:1]]
    with pytest.raises(DatasetError, match="1 instances are in more than one split.*car one in train and test"):
        read(write_csv(tmp_path / "set.csv", rows))


def test_the_same_frame_twice_is_a_bad_row(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = [row | {"sequence": "s", "frame": i} for i, row in enumerate(good_rows(150))]
    rows[100]["frame"] = 7
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    assert len(dataset) == 149 and "line 102: frame 7 of the sequence 's' is on line 9 already" in said


# ---- what is inferred, and said


def test_sequences_of_one_frame_give_no_triplet_and_are_said(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = good_rows(6)
    for i, row in enumerate(rows):
        row.update(sequence=("long", "long", "long", "a", "b", "")[i], frame=i)
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    assert dataset.trajectory.tolist() == [0, 0, 0, -1, -1, -1]
    assert "2 of 3 sequences have one frame: no triplet from them" in said


def test_a_sequence_of_two_objects_is_two_trajectories(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = [
        row | {"sequence": "street", "frame": i // 2, "instance": "ab"[i % 2]} for i, row in enumerate(good_rows(6))
    ]
    dataset, _ = read(write_csv(tmp_path / "set.csv", rows))
    assert [run.tolist() for run in dataset.sequences()] == [[0, 2, 4], [1, 3, 5]]


def test_without_splits_instances_are_divided_by_their_names(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = [
        row | {"split": "", "instance": f"{i % 10}", "category": "car" if i % 10 < 8 else "dog"}
        for i, row in enumerate(good_rows(40))
    ]
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    other, _ = read(write_csv(tmp_path / "set.csv", rows[::-1]))
    assert splits(dataset) == splits(other)[::-1]
    assert "divided 60/20/20 by the hash of their name (5 train, 2 val, 3 test)" in said
    assert all(len(set(dataset.split[dataset.instance == i])) == 1 for i in range(10))


@pytest.mark.parametrize(
    "count, parts", [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (10, (6, 2, 2)), (101, (61, 20, 20))]
)
def test_shares_of_the_division(count, parts):
    given = list(split_of_instances([str(i) for i in range(count)]).values())
    assert tuple(given.count(split) for split in SPLITS) == parts


def test_splits_for_some_rows_only_are_refused(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = good_rows(4)
    rows[2]["split"] = ""
    with pytest.raises(DatasetError, match="1 of 4 rows have no split"):
        read(write_csv(tmp_path / "set.csv", rows))


def test_rows_without_instance_count_by_sequence_or_by_row(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = [row | {"instance": "", "sequence": "s" if i < 3 else "", "frame": i} for i, row in enumerate(good_rows(5))]
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    assert dataset.instance.tolist() == [0, 0, 0, 1, 2] and "5 rows have no instance" in said


def test_a_category_only_in_test_is_an_unseen_one(tmp_path):
    save(tmp_path / "a.png", picture())
    rows = good_rows(4)
    rows[3].update(category="tram", instance="t", split="test")
    dataset, said = read(write_csv(tmp_path / "set.csv", rows))
    assert domains(dataset) == ["in_domain"] * 3 + ["unseen_category"] and "of tram: domain unseen_category" in said


# ---- the cache


def _no_reading(path):
    raise AssertionError(path)


def test_the_cache_gives_the_same_and_reads_no_image_again(tmp_path, monkeypatch):
    path = folder(tmp_path, {"path": "none.png"})
    plain, said = read(path)
    first, said_first = read(path, cache=tmp_path / "cache")
    monkeypatch.setattr("pose_ssl_ros.datasets.cropping.read_picture", _no_reading)
    second, said_second = read(path, cache=tmp_path / "cache")
    for dataset in (first, second):
        assert np.array_equal(dataset.crops(range(199)), plain.crops(range(199)))
        assert np.array_equal(dataset.azimuth, plain.azimuth)
    assert said == said_first == said_second and "line 3" in said


def test_the_cache_is_not_used_for_a_changed_picture_table_or_size(tmp_path):
    path = folder(tmp_path)
    cache = tmp_path / "cache"
    before, _ = read(path, cache=cache)
    save(tmp_path / "a.png", picture(9, (50, 60)))
    after, _ = read(path, cache=cache)
    assert not np.array_equal(after.crops([0]), before.crops([0]))
    assert read(path, cache=cache, size=16)[0].crops([0]).shape == (1, 16, 16, 3)
    assert len(list(cache.iterdir())) == 3


def test_a_damaged_cache_is_made_anew(tmp_path):
    path = folder(tmp_path)
    want = read(path, cache=tmp_path / "cache")[0].crops(range(200))
    (shard,) = (tmp_path / "cache").glob("*/crops_00000.npy")
    (index,) = (tmp_path / "cache").glob("*/index.json")
    for victim in (shard, index):
        for data in (victim.read_bytes()[:-9], b"", b"[]"):
            victim.write_bytes(data)
            assert np.array_equal(read(path, cache=tmp_path / "cache")[0].crops(range(200)), want)


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    path = folder(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot write"):
        read(path, cache=tmp_path / "file")


def test_several_blocks_keep_rows_and_crops_together(tmp_path, monkeypatch):
    monkeypatch.setattr("pose_ssl_ros.datasets.cropping._BLOCK", 7)
    monkeypatch.setattr("pose_ssl_ros.datasets.cropping._REPORT_EVERY", -1.0)
    path = folder(tmp_path, {"path": "none.png"}, count=120)
    for cache in (None, tmp_path / "cache"):
        dataset, said = read(path, cache=cache)
        boxes = [Box(r["x"], r["y"], 20, 16) for i, r in enumerate(good_rows(120)) if i != 1]
        assert np.array_equal(dataset.crops(range(119)), np.stack([cut(picture(), box, 64) for box in boxes]))
        assert "120 of 120 crops cut" in said
