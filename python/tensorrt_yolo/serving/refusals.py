"""What a client is told when there is no answer: a status and a sentence, the same by HTTP and by gRPC."""

from __future__ import annotations

import logging

from tensorrt_yolo.errors import CancelledError, ClosedError, DeadlineError, DecodeError, Error, QueueFullError

log = logging.getLogger("tensorrt_yolo.serving")


class Refusal(Exception):
    """A request that gets no answer.

    status: of HTTP; see GRPC_CODES for gRPC's.
    retry_after: seconds after which it may be tried again.
    """

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


#: gRPC's status codes by HTTP's; others are INTERNAL.
GRPC_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def refusal_of(error: BaseException) -> Refusal:
    """What the library's errors mean for a client. Those that tell of the machine are logged instead of told."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, QueueFullError):
        return Refusal(503, "The queue of this model is full; try again later.", retry_after=1)
    if isinstance(error, (ClosedError, CancelledError)):
        return Refusal(503, "This model is being unloaded; the picture was not looked at.", retry_after=1)
    if isinstance(error, DeadlineError):
        return Refusal(504, "The deadline passed while the picture waited; it was not looked at.")
    if isinstance(error, DecodeError):
        return Refusal(400, f"The picture cannot be decoded: {error}.")
    log.error("a picture failed", exc_info=error)
    what = "The network failed on this picture" if isinstance(error, Error) else "The service failed"
    return Refusal(500, f"{what}; its log has the reason.")
