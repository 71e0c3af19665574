"""Windows of robot time, by hand."""

import numpy as np
import pytest

from pose_ssl_ros.evaluation.windows import window_of


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([], []),
        ([0.0, 9.9, 10.0, 19.9], [0, 0, 1, 1]),
        ([0.0, 15.0, 20.4], [0, 1, 1]),  # four tenths of a second are no window of their own
        ([0.0, 15.0, 25.0], [0, 1, 2]),  # half a window is one
        ([0.0, 0.3], [0, 0]),  # shorter than half a window: still one
    ],
)
def test_what_is_left_after_the_last_window_joins_it(times: list[float], expected: list[int]) -> None:
    assert window_of(np.array(times), 10.0).tolist() == expected
