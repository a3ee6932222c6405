"""Files beside models: names of classes, and images in folders."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from tensorrt_yolo.errors import ModelError

IMAGE_SUFFIXES = frozenset(
    ".apng .avif .bmp .dib .jfif .jp2 .jpe .jpeg .jpg .mpo .pbm .pgm .png .pnm .ppm .tif .tiff .webp".split()
)


def path_bytes(path: str | os.PathLike[str]) -> bytes:
    """A path as the file system has it, for the library: any bytes, but none that is zero (ValueError)."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError(f"no path has a zero byte in it, found {path!r}")
    return encoded


def fingerprint(file: str | os.PathLike[str]) -> str:
    """SHA-256 of a model file, of OpenVINO IR with its weights. Raises ModelError if it cannot be read."""
    digest = hashlib.sha256()
    stem, suffix = os.path.splitext(os.fspath(file))
    for one in (file, stem + ".bin") if suffix == ".xml" else (file,):
        try:
            with open(one, "rb") as stream:
                while data := stream.read(1 << 20):
                    digest.update(data)
        except FileNotFoundError:
            raise ModelError(f"'{os.fsdecode(one)}': no such model file") from None
        except OSError as error:
            raise ModelError(f"'{os.fsdecode(one)}' cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def generate_labels(file: str | os.PathLike[str]) -> list[str]:
    """The names of classes that a text file holds, one a line, the first is class 0.

    Raises FileNotFoundError if there is no such file, ValueError if it is empty or no text in UTF-8.
    """
    try:
        with open(file, encoding="utf-8-sig") as lines:
            names = [line.strip() for line in lines]
    except UnicodeDecodeError:
        raise ValueError(f"'{os.fsdecode(file)}': names of classes as text in UTF-8 were expected") from None
    while names and not names[-1]:
        names.pop()
    if not names:
        raise ValueError(f"'{os.fsdecode(file)}': names of classes were expected, one a line; the file is empty")
    return names


def image_batches(
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], batch: int, pad_extra: bool = False
) -> list[list[str]]:
    """The paths of images in lists of `batch`, for `model.predict(paths)`: each list is one call.

    path       a folder (its images, not those of folders in it), a pattern such as 'photos/*.jpg' or
               'photos/**/*.jpg' (also in folders inside), an image, or any number of these
    batch      images in a list, such as model.batch(); the last list may be shorter
    pad_extra  fill the last list up, with its last image again and again: for engines that take full batches only,
               which no model of this package needs

    Images of a folder or pattern come as people count: 2.jpg before 10.jpg. Raises FileNotFoundError where nothing is
    found, ValueError for a batch below 1.
    """
    if batch < 1:
        raise ValueError(f"image_batches: the batch must be at least 1, found {batch}")
    several = (path,) if isinstance(path, (str, os.PathLike)) else path
    paths = [file for one in several for file in image_files(one)]
    batches = [paths[i : i + batch] for i in range(0, len(paths), batch)]
    if pad_extra and batches:
        batches[-1] += batches[-1][-1:] * (batch - len(batches[-1]))
    return batches


def image_files(path: str | os.PathLike[str]) -> list[str]:
    """The images that a path means: those of a folder or pattern in natural order, or the one file."""
    path = os.fsdecode(path)
    found = files_of(path, is_image)
    if not found and os.path.isdir(path):
        raise FileNotFoundError(f"'{path}': the folder has no images ({' '.join(sorted(IMAGE_SUFFIXES))})")
    if not found and glob.has_magic(path):
        raise FileNotFoundError(f"'{path}': no file has a name like that")
    if not found:
        raise FileNotFoundError(f"'{path}': no such file or folder")
    return found


def files_of(path: str, wanted: Callable[[str], bool]) -> list[str]:
    """Those of a folder that are wanted and not hidden, or all of a pattern, in natural order; or the one file."""
    if os.path.isdir(path):
        found = [os.path.join(path, name) for name in os.listdir(path) if wanted(name) and not name.startswith(".")]
    elif os.path.exists(path):
        found = [path]
    else:
        root = os.path.sep if path.startswith(os.path.sep) else ""
        parts = [part for part in path.split(os.path.sep) if part]
        found = [file for file in set(_matching(root, parts)) if os.path.isfile(file)]
    return sorted(found, key=natural)


def _matching(folder: str, parts: Sequence[str]) -> Iterator[str]:
    """What the parts of a pattern match in a folder, as the C++ program does it: ** does not follow links."""
    if not parts:
        yield folder
        return
    pattern, rest = parts[0], parts[1:]
    if not glob.has_magic(pattern):
        if os.path.exists(os.path.join(folder, pattern)):
            yield from _matching(os.path.join(folder, pattern), rest)
        return
    if pattern == "**" and rest:
        yield from _matching(folder, rest)
    try:
        entries = list(os.scandir(folder or "."))
    except OSError:
        return
    for entry in entries:
        inside = os.path.join(folder, entry.name)
        if pattern == "**":
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield from _matching(inside, parts)
            elif not rest and not entry.name.startswith("."):
                yield inside
        elif (pattern.startswith(".") or not entry.name.startswith(".")) and fnmatch.fnmatchcase(
            entry.name, pattern.replace("[^", "[!")
        ):
            yield from _matching(inside, rest)


def is_image(path: str) -> bool:
    """Whether the name ends as images' names do."""
    return os.path.splitext(path)[1].lower() in IMAGE_SUFFIXES


def natural(text: str) -> list[tuple[int, str]]:
    """A key for sorting as people count: 2.jpg before 10.jpg. Only 0 to 9 count, as in the C++ program."""
    parts = re.split("([0-9]+)", text)  # every second one is a number: more digits are more, but for zeros in front
    parts[1::2] = [digits.lstrip("0") for digits in parts[1::2]]
    return [(len(part) if index % 2 else 0, part) for index, part in enumerate(parts)]
