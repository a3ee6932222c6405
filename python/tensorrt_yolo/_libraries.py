"""Where NVIDIA's wheels, which the extra `gpu` brings, have the libraries that the extension module opens on a GPU."""

import importlib.util
import os


def folders() -> list[str]:
    """Those of TensorRT and of the CUDA runtime, as far as they are installed. None is imported or loaded."""
    found = []
    for package, below in (("tensorrt_libs", ""), ("nvidia.cu13", "lib")):
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            continue
        for place in (spec.submodule_search_locations if spec else None) or ():
            found.append(os.path.abspath(os.path.join(place, below)))
    return list(dict.fromkeys(found))
