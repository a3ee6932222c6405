"""Pictures in the body of a request: one as it is, or several as parts of a form (multipart/form-data)."""

from __future__ import annotations

from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tensorrt_yolo.serving.refusals import Refusal


class Named(NamedTuple):
    """A picture, and what its sender calls it."""

    source: str
    data: bytes | memoryview


def pictures_in(content_type: str, body: bytes, most: int) -> list[Named]:
    """The pictures of a body, at least one and at most `most`. Raises Refusal."""
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        pictures = _Form(options.get(b"boundary", b""), most).parts(body)
        if not pictures:
            raise Refusal(400, "The form has no pictures: each is a part of it.")
        return pictures
    if kind == b"application/json":
        raise Refusal(415, "A picture file was expected, as it is or in multipart/form-data; found JSON.")
    if not body:
        raise Refusal(400, "The body is empty; a picture file was expected.")
    return [Named("image", body)]


class _Form:
    """Takes a form apart by the calls of a parser."""

    def __init__(self, boundary: bytes, most: int) -> None:
        self._boundary, self._most = boundary, most
        self._parts: list[Named] = []
        self._pieces: list[bytes] = []
        self._name = self._value = self._disposition = b""
        self._ended = False

    def parts(self, body: bytes) -> list[Named]:
        if not self._boundary:
            raise Refusal(400, "The Content-Type multipart/form-data must name its boundary.")
        names = ("part_begin", "header_field", "header_value", "header_end", "part_data", "part_end", "end")
        callbacks = {f"on_{name}": getattr(self, f"_on_{name}") for name in names}
        try:
            parser = MultipartParser(self._boundary, callbacks)
            parser.write(body)
            parser.finalize()
        except FormParserError as error:
            raise Refusal(400, f"The form cannot be read: {error}.") from None
        if not self._ended:
            raise Refusal(400, "The form is cut off: its last boundary is missing.")
        return self._parts

    def _on_part_begin(self) -> None:
        if len(self._parts) == self._most:
            raise Refusal(413, f"A request may have {self._most} pictures; this one has more.")
        self._pieces, self._disposition = [], b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename") or options.get(b"name") or b"image"
        self._parts.append(Named(name.decode(errors="replace"), b"".join(self._pieces)))

    def _on_end(self) -> None:
        self._ended = True
