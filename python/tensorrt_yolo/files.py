"""Files beside models: names of classes, and pictures in folders."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable

PICTURES = frozenset(".bmp .dib .jp2 .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tif .tiff .webp".split())


def generate_labels(file: str | os.PathLike[str]) -> list[str]:
    """The names of classes that a text file holds, one a line, the first is class 0.

    Raises FileNotFoundError if there is no such file, ValueError if it is empty or no text in UTF-8.
    """
    try:
        with open(file, encoding="utf-8-sig") as lines:
            names = [line.strip() for line in lines]
    except UnicodeDecodeError:
        raise ValueError(f"'{os.fspath(file)}': names of classes as text in UTF-8 were expected") from None
    while names and not names[-1]:
        names.pop()
    if not names:
        raise ValueError(f"'{os.fspath(file)}': names of classes were expected, one a line; the file is empty")
    return names


def image_batches(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], batch: int, pad_extra: bool = False
) -> list[list[str]]:
    """The paths of pictures in lists of `batch`, for `model.predict(paths)`: each list is one call.

    path       a folder (its pictures, not those of folders in it), a pattern such as 'photos/*.jpg', a picture, or any
               number of these
    batch      pictures in a list, such as model.batch(); the last list may be shorter
    pad_extra  fill the last list up, with its last picture again and again: for engines that take full batches only,
               which no model of this package needs

    Pictures of a folder or pattern come as people count: 2.jpg before 10.jpg. Raises FileNotFoundError where nothing is
    found, ValueError for a batch below 1.
    """
    if batch < 1:
        raise ValueError(f"image_batches: the batch must be at least 1, found {batch}")
    several = not isinstance(path, (str, os.PathLike))
    paths = [file for one in (path if several else (path,)) for file in picture_files(one)]
    batches = [paths[i : i + batch] for i in range(0, len(paths), batch)]
    if pad_extra and batches:
        batches[-1] += batches[-1][-1:] * (batch - len(batches[-1]))
    return batches


def picture_files(path: str | os.PathLike[str]) -> list[str]:
    """The pictures that a path means: those of a folder or pattern in natural order, or the one file."""
    path = os.fsdecode(path)
    if os.path.isdir(path):
        found = [os.path.join(path, name) for name in os.listdir(path) if is_picture(name)]
        if not found:
            raise FileNotFoundError(f"'{path}': the folder has no pictures ({' '.join(sorted(PICTURES))})")
    elif os.path.exists(path):
        return [path]
    elif glob.has_magic(path):
        found = [file for file in glob.glob(path, recursive=True) if os.path.isfile(file)]
        if not found:
            raise FileNotFoundError(f"'{path}': no file has a name like that")
    else:
        raise FileNotFoundError(f"'{path}': no such file or folder")
    return sorted(found, key=natural)


def is_picture(path: str) -> bool:
    """Whether the name ends as pictures' names do."""
    return os.path.splitext(path)[1].lower() in PICTURES


def natural(text: str) -> list[tuple[int, int | str]]:
    """A key for sorting as people count: 2.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part)) if part.isdigit() else (0, part) for part in parts]
