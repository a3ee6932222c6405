"""The pictures of a quantization: those that it is calibrated with, and those that it is measured on."""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tensorrt_yolo.errors import DecodeError
from tensorrt_yolo.files import files_of, image_files, is_image
from tensorrt_yolo.images import decoded
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.quantization.labels import Truth, label_file, read_labels, read_yaml

_FEW = 4  # pictures that cannot be shared out
_HELD_OUT = 3  # one of so many is measured on, at least


@dataclasses.dataclass
class Pictures:
    """Paths of pictures."""

    calibration: list[str]
    measured: list[str]
    truths: list[Truth] | None
    """Of those that are measured on; None: there are no labels."""
    notes: list[str]
    """What there is to say of them, in sentences."""


def find_pictures(data: str, info: ModelInfo, calibration: int, seed: int) -> Pictures:
    """The pictures that `data` means: a data.yaml, or a folder or pattern of pictures.

    calibration: most pictures to calibrate with.

    Raises FileNotFoundError where there are none, ValueError for labels that do not fit the model.
    """
    train, val = _sets(data, info)
    shuffled = random.Random(seed)
    truth_of = _labels_for(info, val)
    notes: list[str] = []
    if train is not val:
        chosen = _sample(train, calibration, shuffled)
        measured = list(val)
    elif len(val) < _FEW:
        chosen = measured = list(val)
    else:
        mixed = shuffled.sample(val, len(val))
        share = min(calibration, len(val) - -(-len(val) // _HELD_OUT))
        chosen, measured = mixed[:share], sorted(mixed[share:], key=val.index)
    if chosen is measured:
        one = "one picture is" if len(val) == 1 else f"{len(val)} pictures are"
        notes.append(f"{one} little to calibrate with, and the report is of the same; some hundred are better")
    truths = [truth_of(picture) for picture in measured] if truth_of else None
    return Pictures(chosen, measured, truths, notes)


def readable_ones(pictures: Sequence[str], data: str, note: Callable[[str], object]) -> list[str]:
    """Those that can be decoded; the others are named in notes. Raises ValueError if there are none."""
    good = []
    first = ""
    for picture in pictures:
        try:
            decoded(picture, True, "quantize")
            good.append(picture)
        except (DecodeError, OSError) as error:
            first = first or str(error)
            note(f"left out: {str(error).removeprefix('quantize: ')}")
    if not good:
        raise ValueError(
            f"'{data}': none of {len(pictures)} pictures can be read; of the first: {first.removeprefix('quantize: ')}"
        )
    return good


def _sets(data: str, info: ModelInfo) -> tuple[list[str], list[str]]:
    """Pictures to calibrate with and to measure on; the same list where there is one set."""
    if os.path.isdir(data):
        inside = [os.path.join(data, name) for name in ("data.yaml", "data.yml")]
        data = next(filter(os.path.isfile, inside), data)
    if data.endswith((".yaml", ".yml")):
        return _sets_of_yaml(data, info)
    if os.path.isdir(data):
        parts = [os.path.join(data, name) for name in ("train", "val")]
        if all(map(os.path.isdir, parts)):
            return _all_of(parts[0], info), _all_of(parts[1], info)
        images = os.path.join(data, "images")
        if os.path.isdir(images) and not files_of(data, is_image):
            data = images
    found = _all_of(data, info)
    return found, found


def _sets_of_yaml(file: str, info: ModelInfo) -> tuple[list[str], list[str]]:
    described = read_yaml(file)
    names = described.get("names")
    classes = len(names) if isinstance(names, (list, dict)) else described.get("nc")
    if isinstance(classes, int) and info.names and classes != len(info.names):
        raise ValueError(f"'{file}': it has {classes} classes, and the model has {len(info.names)}")
    base = os.path.dirname(os.path.abspath(file))
    root = os.path.join(base, str(described.get("path") or "."))
    if not os.path.isdir(root):
        root = base

    def pictures(where: Any) -> list[str]:
        found: list[str] = []
        for one in where if isinstance(where, list) else [where]:
            place = os.path.join(root, str(one))
            if place.endswith(".txt") and os.path.isfile(place):
                with open(place, encoding="utf-8") as lines:
                    listed = [line.strip() for line in lines if line.strip()]
                found += [os.path.normpath(os.path.join(os.path.dirname(place), line)) for line in listed]
            else:
                found += _all_of(place, info)
        return found

    sets = [pictures(described[name]) if described.get(name) else None for name in ("train", "val")]
    train, val = sets[0] or sets[1] or [], sets[1] or sets[0] or []
    return (val, val) if train == val else (train, val)


def _all_of(place: str, info: ModelInfo) -> list[str]:
    """Pictures of a folder or pattern; of a classifier's folder those in folders that are called like classes."""
    if os.path.isdir(place) and info.task == "classify" and not files_of(place, is_image):
        folders = sorted(entry.path for entry in os.scandir(place) if entry.is_dir() and entry.name[0] != ".")
        found = [picture for folder in folders for picture in files_of(folder, is_image)]
        if found:
            return found
    return image_files(place)


def _sample(pictures: list[str], most: int, shuffled: random.Random) -> list[str]:
    return shuffled.sample(pictures, most) if len(pictures) > most else list(pictures)


def _labels_for(info: ModelInfo, pictures: Sequence[str]) -> Callable[[str], Truth] | None:
    """What says what is in a picture; None if there are no labels for any."""
    if info.task == "classify":
        numbers = {name: number for number, name in info.names.items()}
        folders = {os.path.basename(os.path.dirname(picture)) for picture in pictures}
        if not folders & numbers.keys():
            return None
        unknown = sorted(folders - numbers.keys())
        if unknown:
            raise ValueError(f"the folder '{unknown[0]}' is called like no class of the model: {_some(numbers)}")
        none = np.zeros((0, 4), np.float32)
        return lambda picture: Truth([numbers[os.path.basename(os.path.dirname(picture))]], none, [], None)
    if info.task in ("semantic", "depth") or not any(os.path.isfile(label_file(picture)) for picture in pictures):
        return None
    return lambda picture: read_labels(label_file(picture), info)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")
