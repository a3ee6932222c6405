"""Another name of tensorrt_yolo: `import trtyolo` gives that package, `trtyolo.infer` its module `infer`, and so on."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

import tensorrt_yolo

_HERE, _THERE = __name__ + ".", "tensorrt_yolo."


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds trtyolo.X as tensorrt_yolo.X: the same module, so that there is one class of each name."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith(_HERE):
            return None
        if name == _HERE + "__main__":  # which is run, not imported: its code is wanted
            return importlib.machinery.PathFinder.find_spec(name, path)
        real = importlib.util.find_spec(_THERE + name[len(_HERE) :])
        return real and importlib.machinery.ModuleSpec(name, self, origin=real.origin)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(_THERE + spec.name[len(_HERE) :])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        alias = module.__spec__
        if alias:
            module.__spec__ = alias.loader_state  # importing it by this name has replaced its own


sys.meta_path.insert(0, _Finder())
sys.modules[__name__] = tensorrt_yolo
