"""OpenVINO's library, which the extension module needs, from the package openvino wherever that is installed."""

import ctypes
import glob
import importlib.metadata
import importlib.util
import os


def open_library() -> None:
    """Opens it, so that the extension module and, if it is ever imported, `openvino` itself use the one library."""
    package = importlib.util.find_spec("openvino")
    for folder in (package.submodule_search_locations if package else None) or ():
        for file in glob.glob(os.path.join(glob.escape(folder), "libs", "libopenvino.so.*")):
            ctypes.CDLL(file)


def explanation(error: ImportError) -> str:
    """What to do where the extension module did not find the library."""
    wanted = [name for name in importlib.metadata.requires("trtyolo") or () if name.startswith("openvino")]
    return f"tensorrt_yolo needs the package {' '.join(wanted)}: pip install '{' '.join(wanted)}' ({error})"
