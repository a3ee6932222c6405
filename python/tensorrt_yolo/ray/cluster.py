"""A program's way into a cluster."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import ray
from ray.data import DataContext

_SECONDS = 10  # in which a cluster must answer


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Connects this process to the cluster of this address; "local" starts one on this machine, which ends with it.

    Ray says little while this lasts, and leaves signals to the program. Raises ConnectionError.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _check_reachable(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True)
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().split("\n")[0]
        raise ConnectionError(f"there is no cluster of Ray's at '{address}' that can be used: {first}") from None
    for number, handler in handlers.items():
        with contextlib.suppress(ValueError):  # outside of the main thread
            signal.signal(number, handler)
    context = DataContext.get_current()
    bars = context.enable_progress_bars
    context.enable_progress_bars = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        context.enable_progress_bars = bars
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raises OSError if nobody listens at HOST:PORT: Ray would end the process for it."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "://" not in address:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()


def reason_of(error: BaseException) -> str:
    """What went wrong on another machine, in the words of the exception that was raised there."""
    cause: BaseException = error
    while isinstance(cause, ray.exceptions.RayError):
        inner = getattr(cause, "cause", None) or cause.__cause__
        if not isinstance(inner, BaseException):
            break
        cause = inner
    lines = [line for line in str(cause).strip().split("\n") if line.strip()]
    return lines[-1].strip() if lines else type(cause).__name__
