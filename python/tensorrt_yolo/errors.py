"""What goes wrong, as exceptions.

A bad argument raises ValueError or TypeError; everything else Error or a class derived from it. A message names the
file, tensor or device that was looked at, what was expected and what was found. Bytes of a path or name in it that are
not UTF-8 are lone surrogates (Python's "surrogateescape"). A call that raises leaves its object as it was, and usable.
"""

from concurrent.futures import CancelledError as CancelledError  # of an image of a pool


class Error(RuntimeError):
    """Base of all that this package raises for reasons other than a bad argument."""


class ModelError(Error):
    """A model file cannot be read, is not a model, is made for another task, or has outputs that are not understood."""


class BusyError(Error):
    """Two threads were in predict() of one model; the call that came second raises. Give each thread its clone()."""


class InferenceError(Error):
    """The backend failed while it ran the network."""


class DeviceError(Error):
    """A GPU is missing, has no memory left, or failed."""


class DecodeError(Error, ValueError):
    """Encoded bytes are no image, are damaged, or hold more pixels than may be decoded. It is a ValueError, too."""


class VideoError(Error):
    """A video cannot be opened, has no frames, or broke off."""


class VideoTimeoutError(VideoError, TimeoutError):
    """A camera, server or pipe was silent for longer than it may be. It is a TimeoutError, too."""


class VideoInterruptedError(VideoError):
    """Reading a video was ended by VideoReader.interrupt() or close()."""


class QueueFullError(Error):
    """The queue of a pool is full, and the pool rejects images then (queue_full_policy="reject")."""


class DeadlineError(Error):
    """The deadline of an image passed while it waited in a pool; it was not run. See Pool.submit()."""


class ClosedError(Error):
    """A pool is closed, or was closed with mode="drop" while the image waited; it was not run."""
