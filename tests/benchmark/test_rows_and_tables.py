import pytest

from pose_ssl_ros.benchmark.differences import difference, differences, toward_away
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.measures import Measure, from_figures
from pose_ssl_ros.benchmark.rows import KEYS, aggregate, mean_and_deviation
from pose_ssl_ros.benchmark.table import Table
from pose_ssl_ros.benchmark.tables import EMPTY, layers, number, summary


def measure(value, layer="middle", domain="in_domain", metric="knn.within_30", task="absolute_pose", n=10):
    return Measure(layer, task, domain, metric, value, n)


def test_mean_deviation_and_count_are_those_worked_by_hand():
    runs = {
        ("vicreg", 0): [measure(0.5, n=12)],
        ("vicreg", 1): [measure(0.6, n=10)],
        ("vicreg", 2): [measure(0.7, n=11)],
        ("ours", 0): [measure(0.9)],
    }
    rows = aggregate(runs)
    assert [tuple(row) for row in rows] == [KEYS, KEYS]
    first, second = rows
    assert first["method"] == "vicreg" and second["method"] == "ours"
    assert first["mean"] == pytest.approx(0.6)
    assert first["std"] == pytest.approx(0.1)  # sqrt((.01 + 0 + .01) / 2)
    assert (first["seeds"], first["n"]) == (3, 10)
    assert (second["mean"], second["std"], second["seeds"], second["n"]) == (0.9, 0.0, 1, 10)


def test_a_deviation_of_one_value_is_zero_and_of_none_an_error():
    assert mean_and_deviation([2.0]) == (2.0, 0.0)
    with pytest.raises(ValueError, match="no values"):
        mean_and_deviation([])


def test_a_figure_that_is_named_twice_is_an_error():
    with pytest.raises(BenchmarkError, match="vicreg, seed 0: middle/absolute_pose.* twice"):
        aggregate({("vicreg", 0): [measure(0.5), measure(0.6)]})


def test_what_could_not_be_counted_gives_no_row():
    found = from_figures("last", "semantic", "in_domain", "knn", {"accuracy": 0.5, "ece": float("nan")}, 7)
    assert [(m.metric, m.n) for m in found] == [("knn.accuracy", 7)]


def test_numbers_are_written_with_their_unit():
    assert number({"metric": "knn.within_30", "mean": 0.8526, "std": 0.012, "seeds": 3}) == "85.3 ± 1.2"
    assert number({"metric": "knn.median_error_deg", "mean": 12.34, "std": 0.56, "seeds": 2}) == "12.3° ± 0.6"
    assert number({"metric": "knn.within_30", "mean": 0.5, "std": 0.0, "seeds": 1}) == "50.0"


def rows_of(**methods):
    """Rows of two seeds each: method -> mean on the middle map in domain; last layer ten points less."""
    runs = {}
    for name, value in methods.items():
        for seed, shift in ((0, -0.01), (1, 0.01)):
            runs[name.replace("_", "+"), seed] = [
                measure(value + shift),
                measure(value - 0.1 + shift, layer="last"),
                measure(0.95, "last", metric="knn.accuracy", task="semantic"),
            ]
    return aggregate(runs)


def test_the_best_of_a_column_is_bold():
    table = summary(rows_of(vicreg=0.5, vicreg_traj=0.6))
    assert table.header == ["method", "semantic, last", "pose, in domain"]
    assert table.rows[1] == ["vicreg+traj", "95.0 ± 0.0", "**60.0 ± 1.4**"]
    assert table.rows[0][2] == "50.0 ± 1.4"


def test_differences_are_points_with_their_error():
    rows = rows_of(vicreg=0.5, vicreg_traj=0.6)
    row = next(r for r in differences(rows).rows if r[1] == "absolute pose, in domain")
    # Deviations are sqrt(2) points; the error of a mean of two is 1, of a difference of two sqrt(2).
    assert row[:2] == ["vicreg+traj less vicreg", "absolute pose, in domain"]
    assert row[2:] == ["+10.0 ± 1.4", "+4", "60.0 ± 1.4 / 50.0 ± 1.4"]
    assert difference({"mean": 0.5, "std": 0.0, "seeds": 1}, {"mean": 0.6, "std": 0.1, "seeds": 3}) == "-10.0"
    assert differences(rows_of(byol=0.5)) is None
    assert toward_away(rows) is None


def test_layers_are_compared_per_domain():
    table = layers(rows_of(vicreg=0.5))
    assert table.rows[0][:2] == ["vicreg", "+10.0"]
    assert set(table.rows[0][2:]) == {EMPTY}


def test_a_table_is_the_same_in_markdown_and_html():
    table = Table("T", "note < 1", ["method", "a|b"], [["x", "**1.0**"]])
    assert table.markdown() == "## T\n\nnote < 1\n\n| method | a\\|b |\n|---|---:|\n| x | **1.0** |\n"
    assert "<td><b>1.0</b></td>" in table.html() and "note &lt; 1" in table.html()
