"""The main thread of a command waits for its end, whichever thread the kernel hands the signal to."""

from __future__ import annotations

import threading

LOOK_SECONDS = 0.2


def wait_for_signal(told: threading.Event) -> None:
    """Wait until a signal's handler sets `told`; call it from the main thread. Raises `KeyboardInterrupt` at Ctrl-C.

    Handlers run in the main thread, and a signal that another thread was given does not wake it: one that waited
    without an end would never see to it.
    """
    while not told.wait(LOOK_SECONDS):
        pass
