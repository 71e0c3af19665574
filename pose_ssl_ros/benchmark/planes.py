"""Test crops on a plane, coloured by category and by azimuth."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Normalize

from pose_ssl_ros.benchmark.illustration import Illustration
from pose_ssl_ros.benchmark.style import new_figure, png
from pose_ssl_ros.datasets.dataset import Dataset

_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#222222", "#B8A400",
    "#7F5AA8", "#8C564B", "#2F6B6B", "#A3B86C", "#F28EAD",
)  # fmt: skip
_MARKERS = ("o", "^", "s")
LAYER_NAMES = {"last": "last feature", "middle": "middle map"}


def draw(dataset: Dataset, name: str, held: Illustration) -> bytes:
    """Both layers of one method: a row per layer, by category on the left and by azimuth on the right."""
    rows = held.projected
    category, azimuth = dataset.category[rows], dataset.azimuth[rows]
    figure = new_figure(10.4, 8.6)
    figure.suptitle(f"{name}: {len(rows)} test crops on a plane (t-SNE)", fontsize=11, x=0.01, ha="left")
    panels = figure.subplots(2, 2)
    for line, (layer, points) in zip(panels, held.planes.items(), strict=True):
        by_category, by_azimuth = line
        for number, one in enumerate(np.unique(category)):
            mine = category == one
            label = dataset.categories[one].replace("_", " ") if one >= 0 else "unknown"
            look = {"color": _COLOURS[number % 13], "marker": _MARKERS[(number // 13) % 3]}
            by_category.scatter(points[mine, 0], points[mine, 1], s=13, lw=0, alpha=0.85, label=label, **look)
        known = np.isfinite(azimuth)
        by_azimuth.scatter(points[~known, 0], points[~known, 1], s=8, lw=0, color="#ccc")
        dots = by_azimuth.scatter(
            *points[known].T,
            s=13,
            lw=0,
            alpha=0.9,
            c=np.degrees(azimuth[known]),
            cmap="hsv",
            norm=Normalize(-180, 180),
        )
        by_category.set_title(f"{LAYER_NAMES[layer]}, by category", fontsize=9)
        by_azimuth.set_title(f"{LAYER_NAMES[layer]}, by azimuth", fontsize=9)
        bar = figure.colorbar(dots, ax=by_azimuth, ticks=[-180, -90, 0, 90, 180], pad=0.01)
        bar.ax.set_yticklabels(["−180° away", "−90° right", "0° toward", "+90° left", "180° away"], fontsize=7)
        for axes in line:
            axes.set_xticks([])
            axes.set_yticks([])
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside left center", frameon=False, fontsize=7.5, markerscale=1.5)
    return png(figure)
