"""NVIDIA's libraries in the folders of Python's packages, and the other name of the package."""

import os
import pickle
import subprocess
import sys

import pytest
from conftest import SHAPES

import tensorrt_yolo as ty

CUDART = "int fakeCudart(void) { return 76; }"
NVINFER = """
int fakeCudart(void);
int getInferLibMajorVersion(void) { return %s; }
int getInferLibMinorVersion(void) { return 98; }
int getInferLibPatchVersion(void) { return fakeCudart(); }
"""
ALIAS = """
import importlib.util, pickle, sys
import trtyolo.results
import trtyolo as short, tensorrt_yolo as long
from trtyolo.infer import DetectModel
import tensorrt_yolo.results
assert short is long and trtyolo.results is tensorrt_yolo.results and DetectModel is long.DetectModel
assert tensorrt_yolo.results.__spec__.name == "tensorrt_yolo.results"
assert importlib.util.find_spec("trtyolo.no_such_module") is None
try:
    import trtyolo.no_such_module
except ModuleNotFoundError as error:
    print(error)
"""


def compiled(file, text, *options):
    file.parent.mkdir(parents=True, exist_ok=True)
    source = file.with_suffix(".c")
    source.write_text(text)
    command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{file.name}", source, "-o", file, *options]
    subprocess.run(list(map(str, command)), check=True)
    return file


def python(*arguments, **environment):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def test_tensorrt_is_found_in_its_wheels(tmp_path):
    version = ty.backends().get("tensorrt", "").partition(",")[0]
    if not version.isdecimal():
        pytest.skip(f"TensorRT: {version or 'not built in'}; expected built in and not installed")
    cudart = compiled(tmp_path / "nvidia" / "cu13" / "lib" / "libcudart.so.13", CUDART)
    package = tmp_path / "tensorrt_libs"
    compiled(package / f"libnvinfer.so.{version}", NVINFER % version, "-Wl,--no-as-needed", cudart)
    (package / "__init__.py").write_text("raise RuntimeError('nobody asked for it')")
    code = "import tensorrt_yolo as ty; print(ty.backends()['tensorrt'].partition(',')[0])"
    done = python("-c", code, PYTHONPATH=str(tmp_path))
    assert (done.stdout, done.stderr) == (f"{version}.98.76\n", "")
    cudart.unlink()  # without it, the other cannot be loaded
    assert python("-c", code, PYTHONPATH=str(tmp_path)).stdout == f"{version}\n"


def test_trtyolo_is_the_same_package():
    done = python("-c", ALIAS)
    assert (done.returncode, done.stdout) == (0, "No module named 'trtyolo.no_such_module'\n"), done.stderr
    model = python("-m", "trtyolo", "info", str(SHAPES / "detect.onnx"))
    assert model.returncode == 0 and "detect" in model.stdout, model.stderr
    here = python("-c", "import trtyolo, pickle; print(pickle.dumps(trtyolo.InferOption()).hex())")
    assert isinstance(pickle.loads(bytes.fromhex(here.stdout)), ty.InferOption)
