"""The model card of a site model in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIGURES = (
    ("within_30", "azimuth within 30°", "%"),
    ("median_error_deg", "median azimuth error", "°"),
    ("toward_away_answered", "toward/away, unknown counts as wrong", "%"),
    ("front_back", "right half turn (front/back)", "%"),
    ("unknown", "unknown", "%"),
)


def card(manifest: Mapping[str, Any], name: str) -> str:
    """The card.

    Args:
        manifest: Of the model.
        name: Of its folder.
    """
    data, parent = manifest["data"], manifest["parent"]
    origin = f"`{parent['name']}`"
    if "sha256" in parent:
        origin += f", version {parent['version']}, sha256 of its weights `{parent['sha256']}`"
    bags = "\n".join(
        f"| {b['name']} | {b['seconds']:.0f} | {b['frames']} | {b['triplets']} | {b['taught_by_motion']} | "
        f"{'; '.join(b['problems']) or 'none'} |"
        for b in data["bags"]
    )
    ready = "yes" if manifest["heading_ready"] else f"no, it answers `unknown` ({manifest['heading_reason']})"
    return f"""# Site model `{name}`

Learned without labels from recordings of one site. The learner node starts from `encoder.safetensors`
(`start:=`), the inference node answers with `encoder.onnx` (`model_path:=`), and `pose-ssl learn --from` goes on
from this folder.

- **Parent**: {origin}
- **Data**: {data["seconds"]:.0f} s, {data["frames"]} pictures of {len(data["bags"])} recording(s),
  {data["triplets"]} triplets; motion taught {data["taught_by_motion"]} of them a heading
- **Training**: {manifest["objective"]}, {manifest["steps"]} steps of {manifest["batch"]} triplets, seed
  {manifest["seed"]}, {manifest["training_seconds"]:.0f} s; {manifest["rollbacks"]} steps were rolled back
- **Tells headings**: {ready}
- **Brings along**: {data["exemplars"]} crops with a heading (`exemplars.jpg`), {data["exemplars_of_the_site"]} of them
  from the recordings: they show what the camera saw
- **Command**: `{manifest["command"]}`
- **Licence**: {manifest["licence"]}

| recording | seconds | pictures | triplets | taught | problems |
|---|---|---|---|---|---|
{bags}

## Measured

{_held_out(manifest["metrics"]["held_out_tracks"])}
{_replayed(manifest["metrics"])}
## Limits

{_fairness(manifest["metrics"])} A heading from which nothing was ever seen stays `unknown`.
"""


def _held_out(found: Mapping[str, Any]) -> str:
    if "reason" in found:
        return f"By held-out tracks: not measured, {found['reason']}.\n"
    before = found["before"] or {}
    rows = "\n".join(
        f"| {words} | {_number(before.get(key), unit)} | {_number(found['after'][key], unit)} |"
        for key, words, unit in _FIGURES
    )
    return (
        f"On {found['crops']} crops of {found['tracks']} moving objects whose headings the probe was not fitted to; "
        f"right is what their motion says:\n\n| | before | after |\n|---|---|---|\n{rows}\n"
    )


def _fairness(metrics: Mapping[str, Any]) -> str:
    others = metrics["replayed_on"]
    if metrics["replayed"] and others:
        return f"The replayed recordings ({', '.join(others)}) are not those that it learned from."
    return "It was measured on the recordings that it learned from."


def _replayed(metrics: Mapping[str, Any]) -> str:
    """A table of all figures that a judge of whole recordings gave."""
    found = metrics["replayed"]
    if not found:
        return ""
    before, after = found.get("before") or {}, found["after"]
    rows = "\n".join(f"| {name} | {_figure(before.get(name))} | {_figure(value)} |" for name, value in after.items())
    return f"Whole recordings replayed with either model:\n\n| | before | after |\n|---|---|---|\n{rows}\n\n"


def _figure(value: Any) -> str:
    """A number, or a figure with its interval."""
    if isinstance(value, Mapping):
        if value.get("value") is None:
            return str(value.get("reason") or "not measured")
        low, high = value.get("low"), value.get("high")
        between = f" ({low:.3g} to {high:.3g})" if low is not None and high is not None else ""
        return f"{value['value']:.3g}{between}"
    return "not measured" if value is None else f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    return f"{value:.1f}°" if unit == "°" else f"{100 * value:.1f} %"
