"""Model files that test themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tensorrt_yolo import _core
from tensorrt_yolo.crops import one_readable
from tensorrt_yolo.files import path_bytes
from tensorrt_yolo.option import InferOption

_MOST_IMAGES = 32  # the library looks at no more


@dataclass(frozen=True)
class SelfTestImage:
    """One image of a self-test."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    expected: str
    """What the f32 model found, in words: the surest objects, in pixels of the image."""
    found: str
    """The same of the file, here."""
    difference: dict[str, float]
    """By how much both differ, from 0 to 1: "score" (largest share of an object's score), "box" (largest distance of a
    corner or keypoint, as a share of the image's longer side), "mask" (largest share of a mask's pixels), "missing"
    (share of the expected objects), "extra" (score of what was not expected, beside the surest that was), "map"
    (semantic: share of the cells with another class; depth: share of the mean depth). Only what the task has."""
    passed: bool
    """Whether all differences are within the tolerance."""


@dataclass(frozen=True)
class SelfTestReport:
    """What a self-test says of a file on this machine."""

    verdict: Literal["none", "passed", "failed", "skipped", "unreadable"]
    """"none": the file has no self-test. "skipped": an option changes what goes into the network, or the test could not
    be run. "unreadable": it is damaged, or of a later version."""
    message: str
    """A sentence or two with the facts."""
    images: tuple[SelfTestImage, ...]
    """Those that were run."""
    tolerance: dict[str, float]
    """The largest differences that pass, by the names of `difference`."""
    there: dict[str, str]
    """Versions where the test was made: "trtyolo", the backend, "device", "precision", on GPUs "driver"."""
    here: dict[str, str]
    """The same of this machine."""
    reference: str
    """What found what is expected, in words."""
    seconds: float
    """What running it took, without loading the file."""


def add_self_test(
    file: str | os.PathLike[str],
    reference: str | os.PathLike[str] | None = None,
    *,
    images: Sequence[Any] = (),
    option: InferOption | None = None,
) -> SelfTestReport:
    """Makes a self-test of `file` and puts it into its metadata, in place of one that is there.

    The metadata is that of ONNX files, of OpenVINO IR (in the .xml), and the JSON before a TensorRT plan. The file is
    written beside and renamed, so that it is whole or what it was before. To be called last: what writes the file anew
    may lose it, and a file of other content fails it. Loads both files and runs them on all images.

    reference   the f32 model, ONNX or OpenVINO IR, run by OpenVINO where it can be; None: `file` in f32, of an engine
                the engine itself
    images      what Model.predict() takes, in ordinary memory; of the first 32 and of built-in drawings those three are
                kept that the reference says most about, with objects of many classes and sizes, scaled to at most 112
                pixels a side
    option      how both are loaded; of the reference without precision and backend

    Gives what the test says of the file: it passed.

    Raises ModelError if a file cannot be loaded or written, both are of different tasks, the reference finds nothing in
    the images, or the file finds hardly anything of it; what Model.predict() raises for an image; and ValueError if an
    option makes no sense.
    """
    chosen = option if option is not None else InferOption()
    bgr = "swap_rb" in chosen._values
    found = [one_readable(image, bgr) for image in images[:_MOST_IMAGES]]
    return _core.add_self_test(
        path_bytes(file), path_bytes(reference) if reference is not None else b"", found, chosen._core
    )


def check_self_test(file: str | os.PathLike[str], option: InferOption | None = None) -> SelfTestReport:
    """Loads `file` and runs its self-test, all images of it, whatever InferOption.set_self_test() says.

    Raises what a Model raises when it loads a file.
    """
    return _core.check_self_test(path_bytes(file), (option or InferOption())._core)


def remove_self_test(file: str | os.PathLike[str]) -> None:
    """Takes the self-test out of a file; one that has none stays as it is.

    Raises ModelError if the file cannot be read or written.
    """
    _core.remove_self_test(path_bytes(file))
