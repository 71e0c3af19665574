"""The assignment problem, solved with numpy alone."""

from __future__ import annotations

import numpy as np


def assign(gain: np.ndarray) -> list[tuple[int, int]]:
    """Pair rows with columns so that the sum of gains is greatest.

    Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957), O(rows^2 * columns).

    Args:
        gain: (rows, columns) non-negative; 0 means that the pair is not allowed.

    Returns:
        Pairs (row, column) with a positive gain, in row order.
    """
    rows, columns = gain.shape
    if rows == 0 or columns == 0:
        return []
    if rows > columns:
        return sorted((row, column) for column, row in assign(gain.T))
    cost = float(gain.max()) - gain
    row_potential = np.zeros(rows + 1)
    column_potential = np.zeros(columns + 1)
    owner = np.zeros(columns + 1, dtype=int)  # row (from 1) that holds a column; 0 = free
    for row in range(1, rows + 1):
        owner[0] = row
        column = 0
        shortest = np.full(columns + 1, np.inf)
        previous = np.zeros(columns + 1, dtype=int)
        done = np.zeros(columns + 1, dtype=bool)
        while owner[column] != 0:
            done[column] = True
            current = owner[column]
            reduced = cost[current - 1] - row_potential[current] - column_potential[1:]
            better = ~done[1:] & (reduced < shortest[1:])
            shortest[1:][better] = reduced[better]
            previous[1:][better] = column
            open_columns = np.where(done[1:], np.inf, shortest[1:])
            following = int(np.argmin(open_columns)) + 1
            delta = shortest[following]
            row_potential[owner[done]] += delta
            column_potential[done] -= delta
            shortest[~done] -= delta
            column = following
        while column:
            before = int(previous[column])
            owner[column] = owner[before]
            column = before
    pairs = [(int(owner[c]) - 1, c - 1) for c in range(1, columns + 1) if owner[c]]
    return sorted((r, c) for r, c in pairs if gain[r, c] > 0)
