"""Writes annotated.mp4 in H.264, playable in a browser and after a crash."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

#: Names of encoders to try; the first is in PyAV's wheels.
ENCODERS = ("libx264", "h264")
TIME_BASE = Fraction(1, 1000)


class VideoError(RuntimeError):
    """The video cannot be written; the text says why."""


class VideoWriter:
    """One H.264 film with free frame times.

    While it grows it is a fragmented MP4 under `<name>.partial.mp4`, which plays
    up to the last whole fragment if the process is killed.  `close` copies the
    packets (no second encoding) into an ordinary MP4 with its index in front,
    renames that to its final name and removes the partial file.

    Args:
        path: Final name, ending in .mp4.
        rate: Nominal frames per second.
    """

    def __init__(self, path: Path, rate: float = 5.0) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.stem}.partial.mp4")
        self.frames = 0
        self._rate = Fraction(rate).limit_denominator(1000)
        self._container: av.container.OutputContainer | None = None
        self._stream: av.VideoStream | None = None
        self._last = -1

    def add(self, rgb: np.ndarray, seconds: float) -> None:
        """Append a frame.

        Args:
            rgb: (height, width, 3) uint8, even sizes; all of the first one's size.
            seconds: Its time; a frame not later than the one before is left out.

        Raises:
            VideoError: If the encoder or the disk fails.
        """
        pts = round(seconds / TIME_BASE)
        if pts <= self._last:
            return
        try:
            if self._stream is None:
                self._open(rgb.shape[1], rgb.shape[0])
            assert self._stream is not None and self._container is not None
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame.pts, frame.time_base = pts, TIME_BASE
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (OSError, ValueError, av.FFmpegError) as error:
            msg = f"cannot write {self.path.name}: {error}"
            raise VideoError(msg) from error
        self._last = pts
        self.frames += 1

    def _open(self, width: int, height: int) -> None:
        # Flushed, or a small film would sit in a buffer when the process is killed.
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
        self._container = av.open(str(self.partial), "w", format="mp4", options=options)
        name = next((n for n in ENCODERS if n in av.codecs_available), None)
        if name is None:
            msg = "this build of PyAV has no H.264 encoder"
            raise ValueError(msg)
        stream = self._container.add_stream(name, rate=self._rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        stream.codec_context.gop_size = max(2, round(2 * float(self._rate)))  # a fragment every 2 s
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "veryfast", "crf": "26", "tune": "zerolatency"}
        self._stream = stream

    def close(self) -> Path | None:
        """Finish the film.

        Returns:
            Its path, or None if there was no frame.

        Raises:
            VideoError: If it cannot be finished; the partial file stays.
        """
        if self._container is None or self._stream is None:
            return None
        container, stream = self._container, self._stream
        self._container = self._stream = None
        try:
            try:
                for packet in stream.encode(None):
                    container.mux(packet)
            finally:
                container.close()
            _index_in_front(self.partial, self.path)
        except (OSError, ValueError, av.FFmpegError) as error:
            msg = f"cannot finish {self.path.name} ({self.partial.name} may play): {error}"
            raise VideoError(msg) from error
        self.partial.unlink(missing_ok=True)
        return self.path


def _index_in_front(source: Path, target: Path) -> None:
    """Copy the packets of an MP4 into one that starts with its index; the target appears whole."""
    temporary = target.with_name(f".{target.stem}.tmp.mp4")
    try:
        with (
            av.open(str(source)) as old,
            av.open(str(temporary), "w", format="mp4", options={"movflags": "faststart"}) as new,
        ):
            stream = new.add_stream_from_template(old.streams.video[0])
            for packet in old.demux(video=0):
                if packet.dts is None:
                    continue  # demux ends with an empty packet
                packet.stream = stream
                new.mux(packet)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
