"""Makes YOLO graphs of any family and task with random but lively weights, as ONNX, by Ultralytics' own exporter.

    python make_models.py --out DIR yolov8n yolo11s-seg  DIR/yolov8n.onnx, DIR/yolo11s-seg.onnx; batch 1, f32, static
    python make_models.py --out DIR --dynamic yolo11n    DIR/yolo11n-dynamic.onnx
    python make_models.py --out DIR --end2end yolo26n    DIR/yolo26n-end2end.onnx, by the head that needs no suppression
    python make_models.py --out DIR --nms yolo11n-obb    DIR/yolo11n-obb-nms.onnx, with the suppression in the graph
    python make_models.py --out DIR --keypoints 5x2 yolo11n-pose   DIR/yolo11n-pose-5x2.onnx, points of two values
    python make_models.py --out DIR --logits yolo26n-sem DIR/yolo26n-sem-logits.onnx, without the argmax in the graph
    python make_models.py --out DIR --openvino yolo11n   also DIR/yolo11n_openvino_model/yolo11n.xml
    python make_models.py --out DIR --openvino my.pt     of trained weights, left as they are

Why the weights are changed. A network as Ultralytics initialises it is useless for comparing detections: its
activations shrink from layer to layer, so that every anchor gets nearly the same tiny score and the same box; which of
them pass a threshold, and in which order, is then decided by the last bit of the arithmetic. A useful network answers
to the picture: scores spread over (0, 1), boxes of many sizes, some hundreds of objects. lively() makes it so, from a
fixed seed and a few real pictures, in these steps:

1. Backbone and neck: the scale and the shift of every BatchNorm are drawn at random, and its running statistics are
   measured on the pictures (one forward pass in training mode), so that activations keep their variance to the end.
   Shifts are positive on average: there the activation function is nearly straight. Without that the network is
   chaotic, and rounding grows from layer to layer until scores differ by 0.005 between two runtimes.
2. Classes: the last convolution of each class branch is drawn anew (slightly negative on average, see kDamping) and
   scaled so that each class's logit has mean 0 and a maximum near 1 over the pictures (equal maxima would be ties); one
   common scale and shift then puts given quantiles of the best class's logit at given scores (kScoreQuantiles).
   A YOLO-World head, which compares features with the classes' text embeddings, keeps its random embeddings and gets
   the scale and the shift in its comparison.
3. Boxes: the last convolution of each box branch is drawn anew; its logits get a random tilt along the distance bins
   for each side of the box, so that distances range over all bins rather than lie in the middle of them. Heads without
   bins (YOLO26) get distances of mean kPlainMean and standard deviation kPlainDeviation cells.
4. Mask coefficients, keypoints and angles: the last convolution is drawn anew, with outputs of mean 0 and a standard
   deviation by task (kExtraDeviation). Prototypes are centred, so that masks have pixels on either side of zero.
5. Classifiers and semantic segmenters: the last layer is drawn anew, with logits of mean 0 and standard deviation
   kLogitDeviation.
6. Depth: the last convolution is drawn anew; the logarithm of the depth in metres, which it gives, has mean
   kLogDepthMean and standard deviation kLogDepthDeviation.

The same seed, pictures and versions give the same weights on the same machine (elsewhere up to rounding). Each file is
compared only with itself, so nothing depends on the exact weights.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import nn
from ultralytics import YOLO
from ultralytics.data.augment import LetterBox
from ultralytics.nn.modules.head import OBB, Classify, Depth, Pose, Pose26, Segment, SemanticSegment, WorldDetect
from ultralytics.nn.tasks import yaml_model_load
from ultralytics.utils import YAML

kRoot = Path(__file__).resolve().parents[2]
kCalibrationFolders = [kRoot / "data/people/frames", kRoot / "data/shapes/images"]
# This share of all anchors, over the calibration pictures, has a best class that scores more than this.
kScoreQuantiles = [(0.07, 0.05), (0.0003, 0.97)]
# Each class weighs all features down by this much, beside its random weights: pictures unlike those calibrated with
# have larger features, whose best class would otherwise score 1 everywhere, and equal scores have no order to compare.
kDamping = 0.6
# Standard deviation of the tilt of the logits of neighbouring distance bins, and the mean tilt towards small boxes.
kTiltDeviation, kTiltMean = 0.5, -0.25
# Distances from anchor to edge of heads without bins, in cells.
kPlainDeviation, kPlainMean = 0.8, 3.0
kExtraDeviation = {"segment": 1.0, "pose": 1.0, "obb": 1.0}
kLogitDeviation = 2.0
kLogDepthMean, kLogDepthDeviation = 1.5, 0.7
# Thresholds of confidence and IoU that --nms writes into the graph.
kSuppressed = (0.05, 0.7)


def calibrationBatch(folders: list[Path], count: int, size: int) -> torch.Tensor:
    """`count` pictures, evenly taken from `folders`, letterboxed: f32 [count, 3, size, size], RGB, 0 to 1."""
    perFolder = -(-count // len(folders))
    tensors = []
    for folder in folders:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".png"))
        if not files:
            sys.exit(f"{folder} has no .jpg or .png picture to calibrate with")
        for file in files[:: max(1, len(files) // perFolder)][:perFolder]:
            picture = LetterBox((size, size), auto=False)(image=cv2.imread(str(file)))
            tensors.append(torch.from_numpy(np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))))
    return torch.stack(tensors[:count]).float() / 255


def headInputs(network: nn.Module, batch: torch.Tensor, layers: list[nn.Module]) -> list[torch.Tensor]:
    """What `layers` are fed with when `network` runs on `batch`: [positions, channels] each."""
    seen = {}
    hooks = [
        layer.register_forward_pre_hook(lambda module, args: seen.__setitem__(module, args[0])) for layer in layers
    ]
    network(batch)
    for hook in hooks:
        hook.remove()
    fed = (seen[layer] for layer in layers)
    return [values if values.ndim == 2 else values.permute(0, 2, 3, 1).flatten(0, 2) for values in fed]


def standardise(weights: torch.Tensor, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scales the rows of `weights` [n, channels] and gives biases [n], so that outputs have mean 0 and variance 1."""
    outputs = inputs @ weights.T
    deviation = outputs.std(0).clamp_min(1e-6)
    return weights / deviation[:, None], -outputs.mean(0) / deviation


@torch.no_grad()
def lively(network: nn.Module, batch: torch.Tensor, seed: int) -> None:
    """Changes the weights of `network` (see the top of this file)."""
    random = torch.Generator().manual_seed(seed)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    network.eval()
    for norm in norms:
        norm.weight.copy_(0.7 + 0.8 * torch.rand(norm.weight.shape, generator=random))
        norm.bias.copy_(1.0 + 0.3 * torch.randn(norm.bias.shape, generator=random))
        norm.train()
        norm.momentum, momentum = 1.0, norm.momentum  # the statistics of this batch, not a running average
        norm.savedMomentum = momentum
    network(batch)
    for norm in norms:
        norm.eval()
        norm.momentum = norm.savedMomentum
        del norm.savedMomentum

    head = network.model[-1]
    if isinstance(head, Classify):
        livelyLayer(network, batch, head.linear, random, kLogitDeviation)
        return
    if isinstance(head, SemanticSegment):
        livelyLayer(network, batch, head.classifier[-1], random, kLogitDeviation)
        return
    if isinstance(head, Depth):
        livelyLayer(network, batch, head.head[-1], random, kLogDepthDeviation, kLogDepthMean)
        return
    if hasattr(head, "proto"):
        head.proto.cv3.bn.weight.fill_(2.0)
        head.proto.cv3.bn.bias.zero_()
    for prefix in ("", "one2one_"):  # the second: heads that need no suppression
        if hasattr(head, prefix + "cv2"):
            livelyBranches(network, batch, head, prefix, random)


def livelyLayer(network: nn.Module, batch: torch.Tensor, layer: nn.Module, random: torch.Generator, deviation: float,
                mean: float = 0.0) -> None:
    """Draws the last layer of a network anew, with outputs of this mean and standard deviation."""
    (fed,) = headInputs(network, batch, [layer])
    weights, bias = standardise(torch.randn(layer.weight.flatten(1).shape, generator=random), fed)
    layer.weight.copy_((deviation * weights).view_as(layer.weight))
    layer.bias.copy_(deviation * bias + mean)


def livelyBranches(network: nn.Module, batch: torch.Tensor, head: nn.Module, prefix: str,
                   random: torch.Generator) -> None:
    """The last layers of the branches for classes, boxes, and what the task has beside them."""
    classLayers = [branch[-1] for branch in getattr(head, prefix + "cv3")]
    boxLayers = [branch[-1] for branch in getattr(head, prefix + "cv2")]
    extraLayers = []
    if isinstance(head, Pose26):
        extraLayers = list(getattr(head, prefix + "cv4_kpts"))
    elif isinstance(head, (Segment, Pose, OBB)):
        extraLayers = [branch[-1] for branch in getattr(head, prefix + "cv4")]
    inputs = headInputs(network, batch, classLayers + boxLayers + extraLayers)

    if isinstance(head, WorldDetect):
        scaleComparison(network, batch, head)
    else:
        drawClasses(classLayers, inputs, random)

    bins = torch.arange(head.reg_max) - (head.reg_max - 1) / 2
    for layer, fed in zip(boxLayers, inputs[len(classLayers):]):
        channels = fed.shape[1]
        weights, bias = standardise(torch.randn(4 * head.reg_max, channels, generator=random), fed)
        if head.reg_max == 1:
            weights, bias = kPlainDeviation * weights, kPlainDeviation * bias + kPlainMean
        else:
            tilt, tiltBias = standardise(torch.randn(4, channels, generator=random), fed)
            tilt, tiltBias = kTiltDeviation * tilt, kTiltDeviation * tiltBias + kTiltMean
            weights = weights.view(4, head.reg_max, channels) + tilt[:, None] * bins[None, :, None]
            bias = bias.view(4, head.reg_max) + tiltBias[:, None] * bins
        layer.weight.copy_(weights.reshape(layer.weight.shape))
        layer.bias.copy_(bias.reshape(layer.bias.shape))

    for layer, fed in zip(extraLayers, inputs[len(classLayers) + len(boxLayers):]):
        weights, bias = standardise(torch.randn(layer.out_channels, fed.shape[1], generator=random), fed)
        deviation = kExtraDeviation[network.task]
        layer.weight.copy_((deviation * weights).view_as(layer.weight))
        layer.bias.copy_(deviation * bias)


def scaleAndShift(best: torch.Tensor) -> tuple[float, float]:
    """What the best classes' logits have to be multiplied with, and then added to, for kScoreQuantiles."""
    (share0, score0), (share1, score1) = kScoreQuantiles
    have0, have1 = np.quantile(best.numpy(), [1 - share0, 1 - share1])
    want0, want1 = (np.log(score / (1 - score)) for score in (score0, score1))
    scale = float((want1 - want0) / (have1 - have0))
    return scale, float(want0 - scale * have0)


def drawClasses(layers: list[nn.Conv2d], inputs: list[torch.Tensor], random: torch.Generator) -> None:
    best = []
    for layer, fed in zip(layers, inputs):
        drawn = torch.randn(layer.weight.flatten(1).shape, generator=random) - kDamping
        weights, bias = standardise(drawn, fed)
        largest = (fed @ weights.T + bias).amax(0) / (0.75 + 0.5 * torch.rand(len(bias), generator=random))
        weights, bias = weights / largest[:, None], bias / largest
        layer.weight.copy_(weights.view_as(layer.weight))
        layer.bias.copy_(bias)
        best.append((fed @ weights.T + bias).amax(1))
    scale, shift = scaleAndShift(torch.cat(best))
    for layer in layers:
        layer.weight.mul_(scale)
        layer.bias.mul_(scale).add_(shift)


def scaleComparison(network: nn.Module, batch: torch.Tensor, head: nn.Module) -> None:
    """Scale and shift of a YOLO-World head's comparison of features and text embeddings."""
    seen = []
    hooks = [layer.register_forward_hook(lambda module, args, output: seen.append(output)) for layer in head.cv4]
    network(batch)
    for hook in hooks:
        hook.remove()
    scale, shift = scaleAndShift(torch.cat([output.amax(1).flatten() for output in seen]))
    for layer in head.cv4:
        layer.logit_scale.add_(float(np.log(scale)))
        layer.bias.mul_(scale).add_(shift)


def fileName(name: str, imgsz: int | None = None, batch: int = 1, dynamic: bool = False, end2end: bool = False,
             nms: bool = False, keypoints: str = "", classes: int | None = None, logits: bool = False) -> str:
    """Name, without ending, of the file that makeModel() writes."""
    file = Path(name).name.removesuffix(".pt")
    file += f"-{classes}" if classes else ""
    file += f"-{keypoints}" if keypoints else ""
    file += "-dynamic" if dynamic else ""
    file += "-end2end" if end2end else ""
    file += "-nms" if nms else ""
    file += "-logits" if logits else ""
    file += f"-{imgsz}" if imgsz is not None and imgsz != defaultSize(name) else ""
    return file + (f"-b{batch}" if batch != 1 else "")


def defaultSize(name: str) -> int:
    return 224 if "-cls" in name else 640


def endAtLogits(file: Path) -> None:
    """Cuts the reduction to a class map, which Ultralytics writes into every ONNX file, off a semantic segmenter."""
    model = onnx.load(str(file))
    nodes, output = model.graph.node, model.graph.output[0]
    makers = {name: node for node in nodes for name in node.output}
    while makers[output.name].op_type != "Resize":
        name = makers[output.name].input[0]
        nodes.remove(makers[output.name])
        output.name = name
    output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    shape = output.type.tensor_type.shape
    batch, *sides = shape.dim
    classes = len(eval(next(entry.value for entry in model.metadata_props if entry.key == "names")))
    channel = onnx.TensorShapeProto.Dimension(dim_value=classes)
    shape.CopyFrom(onnx.TensorShapeProto(dim=[batch, channel, *sides]))
    onnx.save(model, str(file))


def makeModel(name: str, out: Path, arguments: argparse.Namespace) -> list[Path]:
    """Builds, enlivens and exports one model; the paths of the files made."""
    torch.manual_seed(arguments.seed)
    imgsz = arguments.imgsz or defaultSize(name)
    file = fileName(name, imgsz, arguments.batch, arguments.dynamic, arguments.end2end, arguments.nms,
                    arguments.keypoints, arguments.classes, arguments.logits)
    made = []
    with tempfile.TemporaryDirectory() as scratch:  # the exporter writes beside the .pt file that it believes to read
        if name.endswith(".pt"):
            model = YOLO(name)
        else:
            graph = f"{name}.yaml"
            changed = yaml_model_load(graph)
            if arguments.keypoints:
                changed["kpt_shape"] = [int(value) for value in arguments.keypoints.split("x")]
            if arguments.classes:
                changed["nc"] = arguments.classes
            if arguments.keypoints or arguments.classes:
                graph = str(Path(scratch) / f"{name}.yaml")
                YAML.save(graph, changed)
            model = YOLO(graph, verbose=False)
            lively(model.model, calibrationBatch(arguments.pictures, arguments.count, imgsz), arguments.seed)
        model.model.pt_path = str(Path(scratch) / f"{file}.pt")
        common = dict(imgsz=imgsz, batch=arguments.batch, dynamic=arguments.dynamic, device="cpu", verbose=False)
        if arguments.end2end:
            common["nms"] = False
        elif arguments.nms:
            common |= dict(nms=True, conf=kSuppressed[0], iou=kSuppressed[1])
        for kind in ["onnx"] + (["openvino"] if arguments.openvino else []):
            extra = dict(opset=17, simplify=True) if kind == "onnx" else {}
            source = Path(model.export(format=kind, **common, **extra))
            target = out / source.name
            if target.is_dir():
                shutil.rmtree(target)
            shutil.move(source, target)
            if arguments.logits and kind == "onnx":
                endAtLogits(target)
            made.append(target)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help="Ultralytics' model names, or .pt files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--imgsz", type=int, help="width and height of the network's input (640; 224 of classifiers)")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--dynamic", action="store_true", help="dynamic batch, height and width")
    parser.add_argument("--end2end", action="store_true", help="of YOLOv10 and YOLO26: the head without suppression")
    parser.add_argument("--nms", action="store_true", help="suppression inside the graph")
    parser.add_argument("--keypoints", default="", metavar="COUNTxVALUES", help="of pose models (17x3)")
    parser.add_argument("--classes", type=int, help="how many (80; 1000 of classifiers)")
    parser.add_argument("--logits", action="store_true", help="of semantic segmenters: ONNX that ends at the logits")
    parser.add_argument("--openvino", action="store_true", help="write OpenVINO IR as well")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--pictures", type=Path, nargs="+", default=kCalibrationFolders, metavar="DIR",
                        help="folders of pictures to calibrate with")
    parser.add_argument("--count", type=int, default=12, help="pictures to calibrate with")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        for made in makeModel(name, arguments.out, arguments):
            print(made, flush=True)


if __name__ == "__main__":
    main()
