"""Writes what the tests on a GPU need, for machines without OpenCV and OpenVINO: make_data.py DATA OUT [PROGRAM]

DATA is the checkout's folder data/. OUT gets the models, the references with their pictures as .ppm, and a network of
one layer, which is built in a moment (tiny.onnx; tiny-external.onnx has its weights in tiny.bin). PROGRAM is the
command line trtyolo on a CPU: what it finds with the dynamic model becomes shapes/dynamic.json, without which a test is
skipped. Needs opencv-python, Pillow, onnx and NumPy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

kFolders = ["shapes", "shapes/obb", "shapes/segment", "shapes/pose", "shapes/classify"]


def write_pictures(data: Path, out: Path) -> None:
    for folder in kFolders:
        (out / folder).mkdir(parents=True, exist_ok=True)
        references = data / folder / "golden.json"
        shutil.copy(references, out / folder)
        for image in json.loads(references.read_text())["images"]:
            target = (out / folder / image["source"]).with_suffix(".ppm")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not cv2.imwrite(str(target), cv2.imread(str(data / folder / image["source"]))):
                sys.exit(f"{target} cannot be written")


def write_encoded(data: Path, out: Path) -> None:
    """Images as files, and beside each what OpenCV makes of it."""
    out.mkdir(exist_ok=True)
    frame = cv2.imread(str(data / "people" / "frames" / "0600.jpg"))
    shapes = Image.open(data / "shapes" / "images" / "00001.jpg")
    large = Image.fromarray(cv2.cvtColor(cv2.resize(frame, (1920, 1080)), cv2.COLOR_BGR2RGB))
    large.save(out / "1080p.jpg", quality=90)
    for name, options in {
        "420": {"subsampling": "4:2:0"},
        "422": {"subsampling": "4:2:2"},
        "444": {"subsampling": "4:4:4"},
        "progressive": {"progressive": True},
        "restart": {"restart_marker_rows": 1},
        "optimized": {"optimize": True},
    }.items():
        shapes.save(out / f"{name}.jpg", quality=92, **options)
    shapes.crop((0, 0, 37, 23)).save(out / "odd.jpg", quality=92)
    shapes.convert("L").save(out / "grey.jpg", quality=92)
    shapes.convert("CMYK").save(out / "cmyk.jpg", quality=92)
    shapes.save(out / "image.png")
    wide = shapes.crop((0, 0, shapes.width, shapes.height // 2))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        wide.save(out / f"exif{orientation}.jpg", quality=92, exif=exif)
        shapes.crop((0, 0, 203, 119)).save(out / f"odd-exif{orientation}.jpg", quality=92, exif=exif)
    shutil.copy(data.resolve().parent / "tests" / "media" / "inputs" / "arithmetic.jpg", out)
    for file in sorted(out.iterdir()):
        if file.suffix != ".ppm" and not cv2.imwrite(f"{file}.ppm", cv2.imread(str(file))):
            sys.exit(f"{file}.ppm cannot be written")


def write_tiny_model(path: Path) -> None:
    """A detector of 6 classes with an anchor for each 32 x 32 pixels."""
    values, side, cells = 10, 32, 64
    random = numpy.random.default_rng(7)
    weights = random.normal(0, 1e-3, (values, 3, side, side)).astype(numpy.float32)
    bias = numpy.array([32, 32, 20, 20] + [0.4] * 6, numpy.float32)
    nodes = [
        helper.make_node(
            "Conv", ["images", "weights", "bias"], ["grid"], kernel_shape=[side, side], strides=[side, side]
        ),
        helper.make_node("Reshape", ["grid", "shape"], ["output0"]),
    ]
    initializers = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(bias, "bias"),
        numpy_helper.from_array(numpy.array([1, values, cells], numpy.int64), "shape"),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 256, 256])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, values, cells])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    names = {i: name for i, name in enumerate(["circle", "square", "triangle", "star", "cross", "arrow"])}
    helper.set_model_props(model, {"task": "detect", "stride": "32", "imgsz": "[256, 256]", "names": str(names)})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    external = path.with_name("tiny-external.onnx")
    onnx.save_model(model, external, save_as_external_data=True, location="tiny.bin", size_threshold=1024)


def write_cpu_results(data: Path, out: Path, program: str) -> None:
    images = json.loads((data / "shapes" / "golden.json").read_text())["images"]
    pictures = [str(data / "shapes" / image["source"]) for image in images]
    model, results = data / "shapes" / "detect-dynamic.onnx", out / "shapes" / "dynamic.json"
    subprocess.run([program, "predict", str(model), *pictures, "--json", str(results)], check=True)


def main(data: Path, out: Path, program: str | None) -> None:
    write_pictures(data, out)
    for model in sorted((data / "shapes").glob("*.onnx")):
        shutil.copy(model, out / "shapes")
    if program:
        write_cpu_results(data, out, program)
    write_tiny_model(out / "tiny.onnx")
    write_encoded(data, out / "encoded")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else None)
