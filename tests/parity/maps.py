"""Semantic segmentation and depth: the program's maps beside those of Ultralytics' predict(), picture by picture.

With ONNX Runtime Ultralytics' networks are run by another runtime than the program's, so that where two classes are
nearly equal rounding decides: kMostPixels of a map may differ. With OpenVINO in its place no pixel may.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from answers import Ultralytics, cocoMask, runProgram
from comparison import Setting

kMostPixels = 1e-3  # share of a map
kMostDepth = 1e-4  # of the range of a map
kSize = ["--imgsz", "320"]
# File that make_models.py makes, and its arguments. Dynamic ones have 640 pixels, which Ultralytics takes for all such.
kModels = [
    ("yolo26n-sem-320", ["yolo26n-sem", *kSize]),
    ("yolo26n-sem-logits-320", ["yolo26n-sem", *kSize, "--logits"]),
    ("yolo26n-sem-dynamic", ["yolo26n-sem", "--dynamic"]),
    ("yolo26n-sem-1-320", ["yolo26n-sem", *kSize, "--classes", "1"]),
    ("yolo26n-depth-320", ["yolo26n-depth", *kSize]),
    ("yolo26n-depth-dynamic", ["yolo26n-depth", "--dynamic"]),
]


def classMap(semantic: dict, binary: bool) -> np.ndarray:
    """The map of the program's JSON, [height, width]; -1 where there is no class."""
    height, width = semantic["size"]
    found = np.full((height, width), 0 if binary else -1)
    for index, counts in semantic["classes"].items():
        bits, shape = cocoMask(semantic["size"], counts)
        found[np.unpackbits(bits, count=height * width).reshape(shape).astype(bool)] = 1 if binary else int(index)
    return found


def differences(reference: Ultralytics, program: Path, model: Path, pictures: list[Path]) -> list[tuple[float, int]]:
    """Of each picture: how many pixels have another class, or the largest difference of depth in ranges; and pixels."""
    wanted = reference.predict(pictures, Setting(0.25, 0.7))
    result = []
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "predict", model, *pictures, "--json", "-", "--quiet", "--save", folder]
        for theirs, image in zip(wanted, runProgram(command)["images"], strict=True):
            if reference.task == "semantic":
                map_ = theirs.semantic_mask.data.numpy()
                off = np.count_nonzero(classMap(image["semantic"], len(reference.net.names) == 1) != map_)
            else:
                map_ = theirs.depth.data.numpy()
                steps = cv2.imread(str(Path(folder) / image["depth"]["file"]), cv2.IMREAD_UNCHANGED)
                ranges = float(max(map_.max() - map_.min(), 0.01 * map_.max()))  # a pixel alone has no range
                off = float(np.abs(steps * image["depth"]["scale"] - map_).max()) / ranges
            result.append((off, map_.size))
    return result


def compareMaps(program: Path, models: Path, pictures: list[Path], only: str) -> bool:
    """Prints a table; whether all agree."""
    good = True
    print("| model | Ultralytics with | pictures | pixels | other class | most in one picture | depth, of its range |")
    print("|---|---|---|---|---|---|---|")
    for name, recipe in kModels:
        model = models / f"{name}.onnx"
        if only not in str(model):
            continue
        if not model.exists():
            script = Path(__file__).with_name("make_models.py")
            subprocess.run([sys.executable, script, *recipe, "--out", models], check=True, stdout=sys.stderr)
        for openvino in (False, True):
            found = differences(Ultralytics(model, openvino), program, model, pictures)
            pixels = sum(size for _, size in found)
            if "-sem" in name:
                good &= all(off <= (0 if openvino else max(kMostPixels * size, 1)) for off, size in found)
                worst = max(off / size for off, size in found)
                columns = f"{sum(off for off, _ in found)} | {worst:.1e} | "
            else:
                worst = max(off for off, _ in found)
                good &= worst <= kMostDepth
                columns = f" | | {worst:.1e}"
            runtime = "OpenVINO" if openvino else "ONNX Runtime"
            print(f"| {name} | {runtime} | {len(found)} | {pixels} | {columns} |", flush=True)
    return good
