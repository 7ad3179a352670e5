"""Makes a process end soon after it is told to, whatever its threads still wait for.

Dagster's daemon and code servers join their threads on the way out, and one of them may be waiting
up to 45 s for a session to close. Ending it there loses nothing: an interrupted tick is made anew.
"""

import os
import signal
import threading
import time


def exit_within(seconds: float) -> None:
    """From now on SIGTERM or SIGINT ends this process within so many seconds; call it from the main thread.

    Works beside the handlers that the process itself installs, earlier or later.
    """
    signals, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    # Without a Python handler a signal would not wake anybody; Dagster replaces this one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_exit_after_signal, args=(signals, seconds), name="exit-within", daemon=True).start()


def _exit_after_signal(signals: int, seconds: float) -> None:
    while not {signal.SIGTERM, signal.SIGINT} & set(os.read(signals, 64)):
        pass
    time.sleep(seconds)
    # Not sys.exit: that is what waits for the threads.
    os._exit(0)


def exit_with_parent(poll_seconds: float = 0.5) -> None:
    """From now on this process ends when its parent does, as after kill -9 of a worker with a run in hand."""
    threading.Thread(
        target=_exit_when_orphaned, args=(os.getppid(), poll_seconds), name="exit-with-parent", daemon=True
    ).start()


def _exit_when_orphaned(parent: int, poll_seconds: float) -> None:
    while os.getppid() == parent:
        time.sleep(poll_seconds)
    os._exit(1)
