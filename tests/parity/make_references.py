"""Makes the small reference files of tests/data from Ultralytics, so that tests need no Ultralytics.

    python make_references.py [--models build/parity/models] [--families] [--heads] [--maps]

--families  tests/data/families.json: what the files of all families and tasks say of themselves (the models that
            run_parity.py makes; they must be there)
--heads     tests/data/heads/NAME.json and NAME.bin: real outputs of small networks, one for each family, task and
            layout, and what Ultralytics' predict() makes of them
--maps      tests/data/maps: the same for networks that say something of each pixel
All, if none is asked for. tests/data/README.md describes the files.
"""
import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path

import cv2
import make_models
import numpy as np
import onnxruntime
import torch
from answers import Ultralytics, metadataOf
from comparison import Setting
from maps import kModels as kMapModels
from run_parity import familyCases, makePictures
from ultralytics.utils import LOGGER

kRoot = Path(__file__).resolve().parents[2]
kData = kRoot / "tests/data"
kLongText = 60  # longer metadata stand in the table of texts
# Of these small networks' anchors more pass a threshold than of those that make_models.py makes by itself.
kScoreQuantiles = [(0.3, 0.05), (0.01, 0.97)]
kPicture, kPictureSize = kRoot / "data/shapes/images/00001.jpg", (200, 150)
kSettings = [Setting(0.05, 0.7), Setting(0.25, 0.4, agnostic=True), Setting(0.1, 0.5, filtered=True, maxDet=5)]
kMaskSettings = [Setting(0.25, 0.7), Setting(0.25, 0.4, agnostic=True), Setting(0.25, 0.7, networkMasks=True)]
kFew = ["--classes", "5", "--count", "60"]
kHeads = [
    (["yolov3-tiny", "yolov5n", "yolov6n", "yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n"],
     ["--imgsz", "96", *kFew]),
    (["yolov8n-obb", "yolo11n-obb", "yolo12n-obb", "yolo26n-obb"], ["--imgsz", "96", *kFew]),
    (["yolov8n-pose", "yolo11n-pose", "yolo12n-pose", "yolo26n-pose"],
     ["--imgsz", "96", *kFew, "--keypoints", "4x3"]),
    (["yolo11n-pose"], ["--imgsz", "96", *kFew, "--keypoints", "4x2"]),
    (["yolov8n-seg", "yolo11n-seg", "yolo12n-seg", "yolo26n-seg"], ["--imgsz", "64", *kFew]),
    (["yolov10n", "yolo26n", "yolo26n-obb"], ["--imgsz", "96", *kFew, "--end2end"]),
    (["yolo26n-pose"], ["--imgsz", "96", *kFew, "--keypoints", "4x3", "--end2end"]),
    (["yolo26n-pose"], ["--imgsz", "96", *kFew, "--keypoints", "4x2", "--end2end"]),
    (["yolo26n-seg"], ["--imgsz", "64", *kFew, "--end2end"]),
    (["yolo11n", "yolo11n-obb"], ["--imgsz", "96", *kFew, "--nms"]),
    (["yolo11n-pose"], ["--imgsz", "96", *kFew, "--keypoints", "4x3", "--nms"]),
    (["yolo11n-seg"], ["--imgsz", "64", *kFew, "--nms"]),
    (["yolov8n-cls", "yolo11n-cls", "yolo12n-cls", "yolo26n-cls"],
     ["--imgsz", "64", "--classes", "10", "--count", "60"]),
]

# Networks for maps, all with an input of 64 by 64: the file that make_models.py makes, its options and name, and the
# size of the map in cells.
kMaps = [
    ("yolo26n-sem-5-64", ["--classes", "5", "yolo26n-sem"], 64),
    ("yolo26n-sem-300-64", ["--classes", "300", "yolo26n-sem"], 64),
    ("yolo26n-sem-1-64", ["--classes", "1", "yolo26n-sem"], 64),
    ("yolo26n-sem-5-logits-64", ["--classes", "5", "--logits", "yolo26n-sem"], 64),
    ("yolo26n-sem-5-logits-64", ["--classes", "5", "--logits", "yolo26n-sem"], 8),
    ("yolo26n-sem-1-logits-64", ["--classes", "1", "--logits", "yolo26n-sem"], 64),
    ("yolo26n-depth-64", ["yolo26n-depth"], 64),
    ("yolo26n-depth-64", ["yolo26n-depth"], 16),
]
# Width and height of the pictures that a map is scaled to. PyTorch rounds otherwise where their sum is at most 128,
# unless nothing is scaled.
kMapPictures = [(200, 150), (97, 131), (41, 333), (64, 64)]
kDepthPictures = [(97, 131), (150, 41), (64, 64)]


def tensorsOf(model: Path) -> tuple[list[dict], list[dict]]:
    """Inputs and outputs: name, type, shape."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    types = {"tensor(float)": "f32", "tensor(uint8)": "u8", "tensor(int32)": "i32"}
    return tuple([{"name": t.name, "type": types[t.type], "shape": t.shape} for t in tensors]
                 for tensors in (session.get_inputs(), session.get_outputs()))


def describe(model: Path) -> dict:
    """What the file says of itself, without the date of its making."""
    metadata = metadataOf(model)
    metadata.pop("date", None)
    inputs, outputs = tensorsOf(model)
    return {"task": metadata["task"], "finished": metadata["end2end"] == "True" or "'nms': True" in metadata["args"],
            "inputs": inputs, "outputs": outputs, "metadata": metadata}


def writeFamilies(models: Path, work: Path) -> None:
    texts, described = [], []
    files = [case.model for case in familyCases(models, *makePictures(work))]
    for model in files + [models / f"{name}.onnx" for name, _ in kMapModels if "dynamic" not in name]:
        entry = {"model": model.stem, **describe(model)}
        for key, value in entry["metadata"].items():
            if len(value) > kLongText:
                if value not in texts:
                    texts.append(value)
                entry["metadata"][key] = texts.index(value)
        described.append(entry)
    lines = ",\n".join(json.dumps(entry) for entry in described)
    (kData / "families.json").write_text(
        f'{{"texts": {json.dumps(texts, indent=0)},\n"models": [\n{lines}\n]}}\n')
    print(f"families.json: {len(described)} models")


def cocoCounts(mask: np.ndarray) -> list[int]:
    """COCO's run lengths of a mask, bool [height, width]: down the columns, from left to right, zeros first."""
    flat = mask.T.reshape(-1)
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate(([0], edges, [flat.size]))).tolist()
    return [0, *runs] if flat[0] else runs


def objectsOf(result, task: str) -> list[dict]:
    """Ultralytics' result, nearly in the layout of the command line's JSON."""
    if task == "classify":
        return [{"class": int(c), "score": float(s)} for c, s in zip(result.probs.top5, result.probs.top5conf)]
    boxes, objects = result.obb if task == "obb" else result.boxes, []
    for i in range(len(boxes)):
        entry = {"class": int(boxes.cls[i]), "score": float(boxes.conf[i])}
        if task == "obb":
            entry["rotated"] = boxes.xywhr[i].tolist()
            entry["corners"] = boxes.xyxyxyxy[i].tolist()
        else:
            entry["box"] = boxes.xyxy[i].tolist()
        if task == "pose":
            entry["keypoints"] = result.keypoints.data[i].tolist()
        if task == "segment":
            mask = result.masks.data[i].numpy() > 0
            entry["mask"] = {"size": list(mask.shape), "counts": cocoCounts(mask)}
        objects.append(entry)
    return objects


def rounded(value):
    """Floats with the shortest digits of their f32."""
    if isinstance(value, float):
        return float(str(np.float32(value)))
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return {key: rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


def writeHead(model: Path, picture: Path) -> int:
    """NAME.json and NAME.bin of one model; their bytes."""
    reference = Ultralytics(model)
    entry = {"model": model.stem, **describe(model)}
    settings = {"classify": kSettings[:1], "segment": kMaskSettings}.get(reference.task, kSettings)
    entry["results"] = []
    for setting in settings:
        reference.predict([picture], setting)
        (result,), (raw,) = reference.results, reference.raws
        count = len(reference.net.names)
        item = {"conf": setting.conf, "iou": setting.iou, "maxDet": setting.maxDet, "agnostic": setting.agnostic,
                "classes": setting.classes(count) or [], "retinaMasks": not setting.networkMasks}
        item["top" if reference.task == "classify" else "objects"] = rounded(objectsOf(result, reference.task))
        entry["results"].append(item)
    entry["picture"] = {"width": result.orig_shape[1], "height": result.orig_shape[0]}
    tensors = [raw] if reference.task == "classify" else [raw.output] + (
        [raw.prototypes] if raw.prototypes is not None else [])
    data = b""
    for tensor, output in zip(tensors, entry["outputs"], strict=True):
        assert output["shape"] == [1, *tensor.shape], (output, tensor.shape)
        output["offset"] = len(data)
        data += tensor.astype("<f4").tobytes()
    folder = kData / "heads"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{model.stem}.bin").write_bytes(data)
    text = json.dumps({key: value for key, value in entry.items() if key != "results"}, indent=1)[:-2]
    results = ",\n".join("  " + json.dumps(item, separators=(",", ":")) for item in entry["results"])
    text = f'{text},\n "results": [\n{results}\n ]\n}}\n'
    (folder / f"{model.stem}.json").write_text(text)
    found = [len(item.get("objects", item.get("top"))) for item in entry["results"]]
    print(f"{model.stem}: {found} objects, {len(data)} bytes", flush=True)
    return len(data) + len(text)


def writeHeads(work: Path) -> None:
    """Networks that are there already, in `work`/heads, are not made again."""
    folder = work / "heads"
    for names, options in kHeads:
        given = dict(zip(options, options[1:]))
        files = [make_models.fileName(name, int(given["--imgsz"]), end2end="--end2end" in options,
                                      nms="--nms" in options, keypoints=given.get("--keypoints", ""),
                                      classes=int(given["--classes"])) for name in names]
        missing = [name for name, file in zip(names, files) if not (folder / f"{file}.onnx").exists()]
        if missing:
            script = [sys.executable, __file__, "--make", *missing, *options, "--out", folder]
            subprocess.run(script, check=True, stdout=subprocess.DEVNULL)
    picture = work / "heads.png"
    cv2.imwrite(str(picture), cv2.resize(cv2.imread(str(kPicture)), kPictureSize, interpolation=cv2.INTER_AREA))
    total = sum(writeHead(model, picture) for model in sorted(folder.glob("*.onnx")))
    print(f"heads: {total} bytes")


def writeMap(model: Path, cells: int, picture: Path) -> int:
    """NAME.json, NAME.bin and, of classes, NAME-N.png of one network whose map has `cells` a side; their bytes."""
    reference, entry = Ultralytics(model), {"model": model.stem, **describe(model)}
    reference.predict([picture], Setting(0.25, 0.7))
    (raw,) = reference.raws
    if cells != raw.shape[-1]:  # what a network puts out that leaves the scaling up to others
        entry["model"] += f"-{cells}"
        place = slice(raw.shape[-1] // cells // 2, None, raw.shape[-1] // cells)
        raw = np.ascontiguousarray(raw[..., place, place])
        entry["outputs"][0]["shape"][-2:] = [cells, cells]
    data, total, entry["results"] = raw.tobytes(), 0, []
    folder, depth = kData / "maps", reference.task == "depth"
    folder.mkdir(parents=True, exist_ok=True)
    filters = [None, [1, 3]] if not depth and 1 < len(reference.net.names) < 256 else [None]  # see ClassMap::none
    sizes = kDepthPictures if depth else kMapPictures
    for classes, (width, height) in [(classes, size) for classes in filters for size in sizes]:
        if classes and (width, height) != kMapPictures[0]:
            continue
        predictor = reference.predictor
        predictor.args.classes, predictor.batch = classes, ([""], None, None)
        pictures = [np.zeros((height, width, 3), np.uint8)]
        (result,) = type(predictor).postprocess(predictor, torch.from_numpy(raw[None].copy()),
                                                torch.zeros((1, 3, 64, 64)), pictures)
        item = {"width": width, "height": height, "classes": classes or []}
        if depth:
            item["offset"] = len(data)
            data += result.depth.data.numpy().astype("<f4").tobytes()
        else:
            values = result.semantic_mask.data.numpy()
            item["file"] = f"{entry['model']}-{len(entry['results'])}.png"
            cv2.imwrite(str(folder / item["file"]), values.astype(np.uint8 if values.max() < 256 else np.uint16),
                        [cv2.IMWRITE_PNG_COMPRESSION, 9])
            total += (folder / item["file"]).stat().st_size
        entry["results"].append(item)
    (folder / f"{entry['model']}.bin").write_bytes(data)
    text = json.dumps(entry, indent=1) + "\n"
    (folder / f"{entry['model']}.json").write_text(text)
    return total + len(data) + len(text)


def writeMaps(work: Path) -> None:
    """Networks that are there already, in `work`/maps, are not made again."""
    folder, total = work / "maps", 0
    for name, options, cells in kMaps:
        model = folder / f"{name}.onnx"
        if not model.exists():
            script = [sys.executable, __file__, "--make", "--imgsz", "64", "--count", "60", *options, "--out", folder]
            subprocess.run(script, check=True, stdout=subprocess.DEVNULL)
        total += writeMap(model, cells, kPicture)
    print(f"maps: {total} bytes")


def main() -> int:
    if sys.argv[1:2] == ["--make"]:  # make_models.py with other quantiles
        make_models.kScoreQuantiles = kScoreQuantiles
        sys.argv[1:2] = []
        make_models.main()
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=kRoot / "build/parity/models")
    parser.add_argument("--work", type=Path, default=kRoot / "build/parity",
                        help="folder for pictures and small networks")
    parser.add_argument("--families", action="store_true")
    parser.add_argument("--heads", action="store_true")
    parser.add_argument("--maps", action="store_true")
    arguments = parser.parse_args()
    LOGGER.setLevel(logging.ERROR)
    everything = not (arguments.families or arguments.heads or arguments.maps)
    if arguments.families or everything:
        writeFamilies(arguments.models, arguments.work / "pictures")
    if arguments.heads or everything:
        writeHeads(arguments.work)
    if arguments.maps or everything:
        writeMaps(arguments.work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
