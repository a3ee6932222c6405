"""Makes TASK-plugin.onnx: a network with suppression behind it, in ONNX's standard operators, and the outputs that
suppression plugins of TensorRT have (num_dets, det_boxes, det_scores, det_classes, det_masks, det_kpts; topk).

    python add_suppression.py detect-dynamic.onnx detect detect-plugin.onnx      (needs the packages onnx and NumPy)
    python add_suppression.py obb.onnx obb whole.onnx
    python share_weights.py whole.onnx obb.onnx obb-plugin.onnx                  (pose, segment, classify likewise)

Boxes suppress each other as Ultralytics' predict() has it, at its defaults: confidence 0.25, IoU 0.7, each class for
itself; obb by the probabilistic IoU, where a suppressed box suppresses too. As trtyolo-export has them, boxes of obb
are corners before the turn, and an angle; masks, unlike there, cover the network's whole input. Of the other tasks than
detect the metadata is thinned out, so that the outputs alone tell what they are.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONFIDENCE, IOU, CLASS_SHIFT, EPSILON = 0.25, 0.7, 7680.0, 1e-7
CANDIDATES = 250  # the best anchors: all that score enough are among them
MOST = {"detect": 100, "obb": 100, "pose": 80, "segment": 60}  # objects that there is room for
CHAIN = 10  # at most so many boxes one behind the other, each suppressed by the one before
TOLD_BY_OUTPUTS = {"task", "names", "kpt_shape", "kpt_names", "end2end", "head", "args"}


class Graph:
    """Appends nodes; values are names of tensors."""

    def __init__(self, graph):
        self.graph = graph

    def __call__(self, kind, *inputs, outputs=1, **attributes):
        values = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        names = [f"plugin_{len(self.graph.node)}_{i}" for i in range(outputs)]
        self.graph.node.append(helper.make_node(kind, values, names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value):
        array = np.asarray(value)
        kind = np.int64 if array.dtype.kind == "i" else np.float32
        name = f"plugin_constant_{len(self.graph.initializer)}"
        self.graph.initializer.append(numpy_helper.from_array(array.astype(kind), name))
        return name

    def split(self, value, sides):
        return self("Split", value, list(sides), outputs=len(sides), axis=2)

    def output(self, value, name, kind, shape):
        self.graph.node.append(helper.make_node("Cast", [value], [name], name=name, to=kind))
        self.graph.output.append(helper.make_tensor_value_info(name, kind, shape))


def gathered(add, table, places):
    """The rows of `table` [batch, many, values] at `places` [batch, few]."""
    return add("GatherND", table, add("Unsqueeze", places, [2]), batch_dims=1)


def pairs(add, value):
    """`value` [batch, boxes, n] against itself: as [batch, boxes, 1, n] and [batch, 1, boxes, n]."""
    return add("Unsqueeze", value, [2]), add("Unsqueeze", value, [1])


def last(add, value, index):
    """Element `index` of the last dimension, without it."""
    return add("Gather", value, index, axis=3)


def box_overlap(add, corners):
    a, b = pairs(add, corners)

    def side(box, at):
        return add("Sub", last(add, box, at + 2), last(add, box, at))

    def common(at):
        ends = add("Min", last(add, a, at + 2), last(add, b, at + 2)), add("Max", last(add, a, at), last(add, b, at))
        return add("Relu", add("Sub", *ends))

    both = add("Mul", common(0), common(1))
    areas = [add("Mul", side(box, 0), side(box, 1)) for box in (a, b)]
    return add("Div", both, add("Sub", add("Add", *areas), both))


def rotated_overlap(add, centre, size, angle):
    """1 minus the Hellinger distance of the boxes' Gaussians (arXiv:2106.06072)."""
    squares = add("Div", add("Mul", size, size), 12.0)
    along, across = add.split(squares, (1, 1))
    cos, sin = add("Cos", angle), add("Sin", angle)
    cos2, sin2 = add("Mul", cos, cos), add("Mul", sin, sin)
    a = add("Add", add("Mul", along, cos2), add("Mul", across, sin2))
    b = add("Add", add("Mul", along, sin2), add("Mul", across, cos2))
    c = add("Mul", add("Mul", add("Sub", along, across), cos), sin)
    root = add("Relu", add("Sub", add("Mul", a, b), add("Mul", c, c)))
    p, q = pairs(add, add("Concat", centre, a, b, c, root, axis=2))
    dx, dy = (add("Sub", last(add, p, i), last(add, q, i)) for i in (0, 1))
    a, b, c = (add("Add", last(add, p, i), last(add, q, i)) for i in (2, 3, 4))
    determinant = add("Sub", add("Mul", a, b), add("Mul", c, c))
    above = add("Add", determinant, EPSILON)
    squared = add("Add", add("Mul", a, add("Mul", dy, dy)), add("Mul", b, add("Mul", dx, dx)))
    t1 = add("Mul", add("Div", squared, above), 0.25)
    t2 = add("Mul", add("Div", add("Neg", add("Mul", c, add("Mul", dx, dy))), above), 0.5)
    roots = add("Add", add("Mul", add("Sqrt", add("Mul", last(add, p, 5), last(add, q, 5))), 4.0), EPSILON)
    t3 = add("Mul", add("Log", add("Add", add("Div", determinant, roots), EPSILON)), 0.5)
    distance = add("Clip", add("Add", add("Add", t1, t2), t3), EPSILON, 100.0)
    closeness = add("Exp", add("Neg", distance))
    return add("Sub", 1.0, add("Sqrt", add("Add", add("Sub", 1.0, closeness), EPSILON)))


def add_suppression(model, task):
    graph = model.graph
    add = Graph(graph)
    raw = graph.output[0]
    values = raw.type.tensor_type.shape.dim[1].dim_value
    batch = raw.type.tensor_type.shape.dim[0].dim_param or 1
    prototypes = graph.output[1].name if task == "segment" else None
    extra = {"detect": 0, "obb": 1, "pose": 12, "segment": 32}[task]
    classes = values - 4 - extra
    most = MOST[task]
    del graph.output[:]

    # The best anchors by falling score.
    rows = add("Transpose", raw.name, perm=[0, 2, 1])
    scores = add.split(rows, (4, classes, extra) if extra else (4, classes))[1]
    best = add("ReduceMax", scores, axes=[2], keepdims=0)
    best, places = add("TopK", best, [CANDIDATES], outputs=2, axis=1)
    chosen = gathered(add, rows, places)
    parts = add.split(chosen, (2, 2, classes, extra) if extra else (2, 2, classes))
    centre, size, scores = parts[:3]
    numbers = add("Cast", add("ArgMax", scores, axis=2, keepdims=1), to=TensorProto.FLOAT)
    centre_of_class = add("Add", centre, add("Mul", numbers, CLASS_SHIFT))
    half = add("Mul", size, 0.5)

    def corners_around(middle):
        return add("Concat", add("Sub", middle, half), add("Add", middle, half), axis=2)

    # overlapping[i, j]: box i comes before box j and overlaps it.
    if task == "obb":
        overlap = rotated_overlap(add, centre_of_class, size, parts[3])
    else:
        overlap = box_overlap(add, corners_around(centre_of_class))
    ranks = np.arange(CANDIDATES, dtype=np.float32)
    before = add("Cast", add("Less", ranks[:, None], ranks[None, :]), to=TensorProto.FLOAT)
    overlapping = add("Mul", add("Cast", add("Greater", overlap, IOU), to=TensorProto.FLOAT), before)
    enough = add("Cast", add("Unsqueeze", add("Greater", best, CONFIDENCE), [1]), to=TensorProto.FLOAT)
    stays = enough
    for _ in range(1 if task == "obb" else CHAIN):
        overlaps = add("Cast", add("Greater", add("MatMul", stays, overlapping), 0.5), to=TensorProto.FLOAT)
        stays = add("Mul", enough, add("Sub", 1.0, overlaps))

    # Those that stay, to the front; behind them lies what is no object.
    stays = add("Squeeze", stays, [1])
    best, places = add("TopK", add("Mul", best, stays), [most], outputs=2, axis=1)
    count = add("Min", add("ReduceSum", stays, [1], keepdims=1), float(most))
    if task == "obb":
        boxes = add("Concat", corners_around(centre), parts[3], axis=2)
    else:
        boxes = corners_around(centre)
    # In an order, and with types of whole numbers, that differ from task to task.
    whole = TensorProto.INT32 if task in ("detect", "segment") else TensorProto.INT64
    add.output(best, "det_scores", TensorProto.FLOAT, [batch, most])
    if task != "detect":
        values = 5 if task == "obb" else 4
        add.output(gathered(add, boxes, places), "det_boxes", TensorProto.FLOAT, [batch, most, values])
    add.output(count, "num_dets", whole, [batch, 1])
    number = add("Squeeze", gathered(add, numbers, places), [2])
    add.output(number, "det_classes", whole, [batch, most])
    if task == "detect":
        add.output(gathered(add, boxes, places), "det_boxes", TensorProto.FLOAT, [batch, most, 4])
    elif task == "pose":
        points = add("Reshape", gathered(add, parts[3], places), [0, most, 4, 3])
        add.output(points, "det_kpts", TensorProto.FLOAT, [batch, most, 4, 3])
    elif task == "segment":
        flat = add("Reshape", prototypes, [0, extra, 160 * 160])
        masks = add("Sigmoid", add("MatMul", gathered(add, parts[3], places), flat))
        add.output(add("Reshape", masks, [0, most, 160, 160]), "det_masks", TensorProto.FLOAT, [batch, most, 160, 160])


def add_best_classes(model):
    add = Graph(model.graph)
    scores = model.graph.output[0].name
    del model.graph.output[:]
    best, numbers = add("TopK", scores, [5], outputs=2, axis=1)
    numbers = add("Cast", numbers, to=TensorProto.FLOAT)
    rows = add("Concat", add("Unsqueeze", best, [2]), add("Unsqueeze", numbers, [2]), axis=2)
    add.output(rows, "topk", TensorProto.FLOAT, [1, 5, 2])


def main(source, task, out):
    model = onnx.load(source, load_external_data=False)
    if task == "classify":
        add_best_classes(model)
    else:
        add_suppression(model, task)
    if task != "detect":
        kept = [entry for entry in model.metadata_props if entry.key not in TOLD_BY_OUTPUTS]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)
    with open(out, "wb") as file:
        file.write(model.SerializeToString())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
