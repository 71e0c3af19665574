"""Truth adapters on hand-made files."""

import math

import pytest

from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import NoTruth, TopicTruth, truth_of_files
from pose_ssl_ros.interfaces import Box

HEADER = "path,x,y,w,h,category,instance,azimuth_deg,elevation_deg,sequence,frame,split\n"
CAR = "Car 0.00 0 {alpha} 100 50 160 90 1.5 1.8 4.2 -2.0 1.7 12.0 {yaw}"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("alpha", "azimuth"),
    # KITTI: 0 heads right, pi/2 towards the camera, pi to the left, -pi/2 away.
    [(0.0, -90), (math.pi / 2, 0), (math.pi, 90), (-math.pi / 2, 180)],
)
def test_kitti_alpha_is_azimuth_plus_a_quarter_turn(tmp_path, alpha, azimuth):
    write(tmp_path / "000003.txt", CAR.format(alpha=alpha, yaw=0))
    truth, said = truth_of_files(tmp_path, tmp_path / "drive", only=True)
    (car,) = truth.at(0, 3)
    assert said == []
    assert math.degrees(car.azimuth) == pytest.approx(azimuth)
    assert (car.category, car.box) == ("car", Box(100, 50, 60, 40))
    assert car.position == pytest.approx((-2.0, 1.7 - 0.75, 12.0))
    assert truth.at(0, 4) is None


def test_kitti_yaw_serves_where_alpha_is_not_known(tmp_path):
    # Straight ahead, yaw -pi/2 points along +z: away.
    row = "Car 0.25 1 -10 100 50 160 90 1.5 1.8 4.2 0 1.7 12.0 -1.5707963"
    write(tmp_path / "000000.txt", row + "\nDontCare -1 -1 -10 0 0 9 9 -1 -1 -1 -1000 -1000 -1000 -10\n")
    write(tmp_path / "000001.txt", "Car 0 0 -10 100 50 160 90 -1 -1 -1 -1000 -1000 -1000 -10")
    truth, _ = truth_of_files(tmp_path, tmp_path / "drive", only=True)
    (car,) = truth.at(0, 0)
    assert abs(car.azimuth) == pytest.approx(math.pi, abs=1e-6)
    assert car.visible == pytest.approx(0.6 * 0.75)
    (unknown,) = truth.at(0, 1)
    assert math.isnan(unknown.azimuth)
    assert unknown.position is None


def test_kitti_tracking_file_gives_ids_and_empty_frames_between(tmp_path):
    rows = [f"{frame} 7 {CAR.format(alpha=1.57, yaw=0)}" for frame in (2, 4)]
    file = write(tmp_path / "0001.txt", "\n".join(rows))
    truth, _ = truth_of_files(file, tmp_path / "any", only=True)
    assert [t.id for t in truth.at(0, 2)] == ["7"]
    assert truth.at(0, 3) == []
    assert truth.at(0, 1) is None
    assert truth.at(0, 5) is None


def test_kitti_folder_is_searched_by_the_name_of_the_recording(tmp_path):
    write(tmp_path / "labels/monday.txt", "0 1 " + CAR.format(alpha=0, yaw=0))
    write(tmp_path / "labels/tuesday/000000.txt", CAR.format(alpha=0, yaw=0))
    monday, _ = truth_of_files(tmp_path / "labels", tmp_path / "monday", only=False)
    tuesday, _ = truth_of_files(tmp_path / "labels", tmp_path / "tuesday.mcap", only=False)
    assert monday.at(0, 0)[0].id == "1"
    assert tuesday.at(0, 0)[0].id == ""
    with pytest.raises(EvaluationError, match="'friday'"):
        truth_of_files(tmp_path / "labels", tmp_path / "friday", only=False)


def test_kitti_bad_rows_are_named_and_skipped(tmp_path):
    file = write(
        tmp_path / "0001.txt",
        f"0 1 {CAR.format(alpha=0, yaw=0)}\n1 1 Car 0 0\n2 1 {CAR.format(alpha='x', yaw=0)}\n"
        f"3 1 {CAR.format(alpha=0, yaw=0).replace('160 90', '90 90')}\nnine 1 {CAR.format(alpha=0, yaw=0)}\n",
    )
    truth, said = truth_of_files(file, tmp_path / "any", only=True)
    assert len(truth.at(0, 0)) == 1
    (words,) = said
    assert "4 of 5 rows" in words
    assert "line 2" in words
    assert "'x' is no number" in words
    assert "has no size" in words
    write(file, "0 1 Car 0 0\n")
    with pytest.raises(EvaluationError, match="none of the 1 rows"):
        truth_of_files(file, tmp_path / "any", only=True)


def test_csv_by_index_and_by_stamp(tmp_path):
    stamp = 1_700_000_000_123_456_789
    file = write(
        tmp_path / "labels.csv",
        HEADER
        + ",10,20,30,40,car,golf,90,,monday,5,\n"
        + ",10,20,30,40,car,golf,90,,monday,6,\n"  # the same box again: the car is parked
        + f",10,20,30,40,bus,,-180,,tuesday,{stamp},\n",
    )
    monday, said = truth_of_files(file, tmp_path / "monday", only=False)
    assert said == []
    assert monday.at(123, 5) == [TruthObject("car golf", "car", Box(10, 20, 30, 40), math.pi / 2)]
    assert monday.at(123, 6) == monday.at(0, 5)
    assert monday.at(123, 7) is None
    tuesday, _ = truth_of_files(file, tmp_path / "tuesday", only=False)
    assert tuesday.at(stamp, 0)[0].azimuth == pytest.approx(math.pi)
    assert tuesday.at(stamp + 900_000, 0)[0].id == ""  # a table that rounds
    assert tuesday.at(stamp + 50_000_000, 0) is None
    with pytest.raises(EvaluationError, match="'monday', 'tuesday'"):
        truth_of_files(file, tmp_path / "friday", only=False)


def test_csv_of_one_sequence_fits_the_only_recording_and_bad_rows_are_told(tmp_path):
    rows = "".join(f",10,20,30,40,car,golf,9,,walk,{i},\n" for i in range(200))
    file = write(tmp_path / "labels.csv", HEADER + rows + ",,,,,car,golf,9,,walk,200,\n")
    truth, said = truth_of_files(file, tmp_path / "drive", only=True)
    assert truth.at(0, 199)
    assert "line 202: has no box" in said[0]
    with pytest.raises(EvaluationError, match="walk"):
        truth_of_files(file, tmp_path / "drive", only=False)
    write(file, HEADER + ",1,2,30,40,car,golf,9,,walk,0.5,\n")
    with pytest.raises(EvaluationError, match="whole number"):
        truth_of_files(file, tmp_path / "drive", only=True)
    with pytest.raises(EvaluationError, match="no truth file"):
        truth_of_files(tmp_path / "none.csv", tmp_path / "drive", only=True)


def test_a_topic_remembers_the_last_frames_only():
    truth = TopicTruth()
    for i in range(3000):
        truth.add(i * 100_000_000, [TruthObject(str(i), "car", Box(0, 0, 20, 20), 0.0)])
    assert truth.at(2999 * 100_000_000, 0)[0].id == "2999"
    assert truth.at(2999 * 100_000_000 + 5, 0)[0].id == "2999"
    assert truth.at(2999 * 100_000_000 + 50_000_000, 0) is None
    assert truth.at(0, 0) is None
    assert NoTruth().at(0, 0) is None
