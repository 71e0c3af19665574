"""Processes that work for another one and must not outlive it."""

from __future__ import annotations

import os
import signal
import threading
import time


def end_with(parent: int) -> None:
    """Let this process end when the one that began it does, however that ends; Ctrl-C ends it without a traceback.

    Call it on the main thread.

    Args:
        parent: Process id.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)  # the parent was killed: nobody would ever end this process

    threading.Thread(target=watch, daemon=True).start()
