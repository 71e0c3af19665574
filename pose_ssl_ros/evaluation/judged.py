"""The table of judged answers: one row for each answer, and one for each true object that got none."""

from __future__ import annotations

import numpy as np

#: `track` is -1 for a true object without answer; `object` is -1 for an answer without true object, or where
#: nobody labelled the frame (`labelled` 0).  Numbers of tracks, objects and names are those of the judge's `Names`.
JUDGED = np.dtype(
    [
        ("bag", "i2"),
        ("frame", "i4"),  # number of the picture on its topic
        ("stamp_ns", "i8"),
        ("time", "f8"),  # robot seconds since the bag's first picture
        ("labelled", "i1"),
        ("track", "i4"),
        ("object", "i4"),
        ("category", "i2"),  # true one, -1 if not known
        ("identity", "i2"),  # answered one, -1 if none
        ("answer", "i1"),  # index into HEADINGS_AND_UNKNOWN, or records.MISSED
        ("best", "i1"),  # best of the four headings, whatever `unknown` says; -1 if none stands out
        ("confidence", "f4"),  # probability of `best`
        ("azimuth", "f4"),  # radians, NaN if none was given
        ("truth_azimuth", "f4"),  # radians, NaN if not known
        ("moving", "i1"),  # of the true object: 1 moving, 0 parked, -1 not known
        ("teacher", "i1"),  # heading that motion tells, -1 if it tells nothing
        ("teacher_azimuth", "f4"),  # radians, NaN if it tells nothing
        ("looks", "i1"),  # as `answer`, by appearance alone
        ("looks_azimuth", "f4"),  # as `azimuth`, by appearance alone
        ("danger", "f4"),  # of the object, NaN if missed
        ("reference", "f4"),  # danger that truth would give, NaN if not known
        ("version", "i4"),  # model that answered
    ]
)
