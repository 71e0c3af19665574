"""What a user may set on the recorder."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class RecorderConfig:
    """Settings of the recorder node; taken at start, since a bag has one shape."""

    output: str = parameter(
        "", "Folder of the bag; empty means recording-<time> in the current folder.", read_only=True
    )
    topics: str = parameter(
        "", "Topics to record, separated by commas; empty means all that evaluation needs, by type.", read_only=True
    )
    results: bool = parameter(False, "Record what our nodes in this namespace say, too.", read_only=True)
    images: str = parameter(
        "as_is", "Pictures as they are published, or raw ones as JPEG.", choices=("as_is", "jpeg"), read_only=True
    )
    quality: int = parameter(90, "Quality of those JPEG pictures.", minimum=1, maximum=100, read_only=True)
    storage: str = parameter("mcap", "Format of the bag.", choices=("mcap", "sqlite3"), read_only=True)
    compression: str = parameter(
        "none",
        "Compression by zstd: the whole file, each message, or each chunk (MCAP only; readers can still seek).",
        choices=("none", "file", "message", "chunk"),
        read_only=True,
    )
    duration: float = parameter(
        0.0, "End after this much robot time; 0 means until interrupted.", minimum=0.0, unit="s", read_only=True
    )
    min_free_mb: int = parameter(
        500, "End with a whole bag when less than this is left on the disk.", minimum=0, unit="MB", read_only=True
    )
