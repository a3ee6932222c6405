"""Quantization: the network's input, what is quantized, reports, and files that are whole or not there."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("nncf", reason="the package nncf, of the extra `quantize`, is not installed")
pytest.importorskip("faster_coco_eval", reason="faster-coco-eval, of the extra `quantize`, is not installed")
pytest.importorskip("onnxruntime", reason="the package onnxruntime, of the extra `quantize`, is not installed")
pytest.importorskip("yaml", reason="the package pyyaml, of the extra `quantize`, is not installed")

import openvino as ov
from faster_coco_eval.core import mask as coco_mask
from conftest import SHAPES, TASKS, model_file, picture, references, slow

import tensorrt_yolo as ty
from tensorrt_yolo.program.folder_lock import FolderLock
from tensorrt_yolo.quantization import agreement, labels, pictures, scores
from tensorrt_yolo.quantization.graph import Graph
from tensorrt_yolo.quantization.job import TooMuchLost

CLASSES = SHAPES / "classify" / "images"


def quantize(model, data, output, **options):
    return ty.quantize(model, data, output, **{"calibration": 8, "search_seconds": 0, **options})


def copied_labels(folder, count=6):
    """Pictures of the detector with their labels, as Ultralytics lays them out."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for file in sorted((SHAPES / "images").glob("*.jpg"))[:count]:
        shutil.copy(file, folder / "images")
        shutil.copy(SHAPES / "labels" / f"{file.stem}.txt", folder / "labels")
    return folder


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    """The classifier as OpenVINO IR, and its report."""
    folder = tmp_path_factory.mktemp("quantized")
    return folder / "int8.xml", quantize(model_file("classify"), CLASSES, folder / "int8.xml", calibration=16)


# ----------------------------------------------------------------------------------------------------------------------
# The network's input


@pytest.mark.parametrize("task", TASKS)
def test_the_input_is_what_the_network_is_given(task):
    """OpenVINO, given the input, finds what the model finds."""
    preprocessor = ty.Preprocessor(model_file(task), ty.InferOption(swap_rb=True))
    image = picture(task)
    values = preprocessor(image)
    info = preprocessor.info()
    assert values.dtype == np.float32 and values.shape == (1, 3, info.network_height, info.network_width)
    assert np.array_equal(values, preprocessor(references(task)[0][0]))  # the file, whose colours are known
    output = ov.Core().compile_model(
        ov.Core().read_model(model_file(task)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )(values)[0]
    result = ty.Model(model_file(task), ty.InferOption(swap_rb=True, head="whole")).predict(image)
    if task == "classify":
        assert result.scores[0] == pytest.approx(output.max(), abs=1e-6)
    else:
        classes = len(info.names)
        assert result.scores[0] == pytest.approx(output[0, 4 : 4 + classes].max(), abs=1e-6)


def test_the_input_of_a_model_with_dynamic_size_is_as_large_as_the_image_needs():
    values = ty.Preprocessor(SHAPES / "detect-dynamic.onnx")(np.zeros((100, 200, 3), np.uint8))
    assert values.shape == (1, 3, 320, 640)


def test_what_is_no_image_is_refused_as_by_models():
    preprocessor = ty.Preprocessor(model_file("classify"))
    with pytest.raises(ty.DecodeError):
        preprocessor(b"no image")
    with pytest.raises(TypeError):
        preprocessor(np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ty.ModelError):
        ty.Preprocessor("missing.onnx")


# ----------------------------------------------------------------------------------------------------------------------
# Which layers


@pytest.mark.parametrize("task", TASKS)
def test_the_decoding_stays_in_real_numbers(task):
    graph = Graph.of_openvino(ov.Core().read_model(model_file(task)))
    inner, last = graph.end()
    assert not any(graph.nodes[name].weighted and not graph._takes_mean(graph.nodes[name]) for name in inner)
    wanted = {"classify": 1, "detect": 6, "obb": 9, "segment": 10, "pose": 9}
    assert len(last) == wanted[task]


def test_groups_cover_all_layers_but_once():
    graph = Graph.of_openvino(ov.Core().read_model(model_file("detect")))
    groups = graph.groups()
    layers = [name for group in groups for name in group.layers if graph.nodes[name].weighted]
    assert len(layers) == len(set(layers))
    inner, _ = graph.end()
    assert set(layers) == {n.name for n in graph.nodes.values() if n.weighted and n.name not in inner}
    assert [group.title for group in groups[:3]] == ["the first convolution", "the last convolutions", "attention"]


# ----------------------------------------------------------------------------------------------------------------------
# The model and its report


def test_the_quantized_model_is_as_good(quantized):
    file, report = quantized
    assert report.labels and report.figures["top-1"][0] - report.figures["top-1"][1] == report.drop <= 0.1
    assert report.agreement["same class"] > 0.9
    network = ov.Core().read_model(file)
    assert sum(op.get_type_name() == "FakeQuantize" for op in network.get_ops()) > 20
    info = ty.inspect(file)
    assert info.task == "classify" and list(info.names.values()) == list(
        ty.inspect(model_file("classify")).names.values()
    )
    assert json.loads(info.metadata["trtyolo_quantized"])["precision"] == "int8"
    image = str(references("classify")[0][0])
    found, expected = (ty.Model(one).predict(image) for one in (file, model_file("classify")))
    assert found.classes[0] == expected.classes[0] and found.scores[0] == pytest.approx(expected.scores[0], abs=0.1)


def test_the_report_is_there(quantized):
    file, report = quantized
    folder = file.parent / "int8-report"
    assert json.loads((folder / "report.json").read_text())["figures"]["top-1"] == list(report.figures["top-1"])
    assert (folder / "report.md").read_text() == report.to_markdown()
    assert "| top-1 |" in report.to_markdown()
    assert sorted(os.listdir(file.parent)) == ["int8-report", "int8.bin", "int8.xml"]


@slow
def test_the_same_arguments_give_the_same_bytes(quantized, tmp_path):
    file, _ = quantized
    quantize(model_file("classify"), CLASSES, tmp_path / "again.xml", calibration=16)
    assert (tmp_path / "again.bin").read_bytes() == file.with_suffix(".bin").read_bytes()
    assert (tmp_path / "again.xml").read_bytes() == file.read_bytes()


def test_onnx_is_symmetric_and_signed(tmp_path):
    import onnx

    report = quantize(model_file("classify"), CLASSES, tmp_path / "int8.onnx")
    assert report.drop <= 0.1
    model = onnx.load(tmp_path / "int8.onnx")
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    readers = [node for node in model.graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    assert len(readers) > 80
    for node in readers:
        assert values[node.input[2]].dtype == np.int8 and not values[node.input[2]].any()
    weights = [values[node.input[0]] for node in readers if node.input[0] in values]
    assert len(weights) > 20 and all(one.dtype == np.int8 for one in weights)
    assert os.path.getsize(tmp_path / "int8.onnx") < 2_000_000
    assert ty.inspect(tmp_path / "int8.onnx").task == "classify"


@slow
def test_seven_bits_fit_processors_without_vnni(tmp_path):
    quantize(model_file("classify"), CLASSES, tmp_path / "seven.xml", weight_bits=7)
    for operation in ov.Core().read_model(tmp_path / "seven.xml").get_ops():
        dense = operation.get_type_name() == "Constant" and len(operation.get_output_shape(0)) != 5  # not depthwise
        if dense and operation.get_element_type() == ov.Type.i8:
            values = operation.get_data()
            assert values.min() >= -64 and values.max() <= 64


@slow
def test_what_loses_more_than_it_may_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(agreement, "share_of", lambda figures: 0.5)  # of any model
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in sorted(CLASSES.rglob("*.jpg"))[::10]:
        shutil.copy(file, folder / f"{file.parent.name}-{file.name}")
    with pytest.raises(TooMuchLost, match="loses 0.5000 of the objects, more than 0.01") as raised:
        quantize(model_file("classify"), folder, tmp_path / "int8.xml", max_drop=0.01, search_seconds=1)
    assert sorted(os.listdir(tmp_path)) == ["int8-report", "pictures"]
    report = json.loads((tmp_path / "int8-report" / "report.json").read_text())
    assert report["output"] == "" and report["groups"] and not report["labels"]
    assert raised.value.report.drop == 0.5


# ----------------------------------------------------------------------------------------------------------------------
# Pictures and labels


def test_calibration_pictures_that_are_wrong_are_told_in_a_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="the folder has no images"):
        quantize(model_file("classify"), tmp_path / "empty", tmp_path / "int8.xml")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "1.jpg").write_bytes(b"no image")
    with pytest.raises(ValueError, match="none of 1 pictures can be read; of the first: .*1.jpg"):
        quantize(model_file("classify"), broken, tmp_path / "int8.xml")
    assert sorted(os.listdir(tmp_path)) == ["broken", "empty"]


def test_one_picture_of_another_size_beside_a_broken_one_will_do(tmp_path):
    folder = tmp_path / "few"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), cv2.resize(picture("classify"), (333, 97)))
    (folder / "2.jpg").write_bytes(b"no image")
    report = quantize(model_file("classify"), folder, tmp_path / "int8.xml")
    assert (report.calibrated, report.measured, report.labels) == (1, 1, False)
    notes = " ".join(report.notes)
    assert "2 pictures are little to calibrate with" in notes and "2.jpg" in notes


def test_labels_that_do_not_fit_are_told_with_their_line(tmp_path):
    info = ty.inspect(model_file("detect"))
    folder = copied_labels(tmp_path)
    file = folder / "labels" / "00002.txt"
    good = file.read_text()
    for line, words in (
        ("6 .5 .5 .1 .1", "the class is 6, and the model has the classes 0 to 5"),
        ("0 .5 .5", "a box .* was expected behind the class, found 2 numbers"),
        ("one .5 .5 .1 .1", "numbers were expected, found 'one"),
    ):
        file.write_text(good + line + "\n")
        with pytest.raises(ValueError, match=f"00002.txt', line {len(good.splitlines()) + 1}: {words}"):
            pictures.find_pictures(str(folder), info, 300, 0)
    (folder / "data.yaml").write_text("path: .\nval: images\nnames: [a, b]\n")
    with pytest.raises(ValueError, match="it has 2 classes, and the model has 6"):
        pictures.find_pictures(str(folder / "data.yaml"), info, 300, 0)


def test_data_yaml_says_what_is_calibrated_with_and_measured_on(tmp_path):
    info = ty.inspect(model_file("detect"))
    copied_labels(tmp_path / "a", 6)
    copied_labels(tmp_path / "b", 3)
    (tmp_path / "data.yaml").write_text(
        "train: a/images\nval: [b/images]\nnames: {0: a, 1: b, 2: c, 3: d, 4: e, 5: f}\n"
    )
    found = pictures.find_pictures(str(tmp_path / "data.yaml"), info, 4, 7)
    assert len(found.calibration) == 4 and len(found.measured) == 3 and len(found.truths) == 3
    assert found.calibration == pictures.find_pictures(str(tmp_path), info, 4, 7).calibration
    one = pictures.find_pictures(str(tmp_path / "a"), info, 300, 0)
    assert len(one.calibration) == 4 and len(one.measured) == 2 and not set(one.calibration) & set(one.measured)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "classify"])
def test_labels_as_results_are_found_right(task):
    """Precision is 1 where the results are the labels, and less where one is missing."""
    info = ty.inspect(model_file(task))
    folder = SHAPES if task == "detect" else SHAPES / task
    files = sorted((folder / "images").glob("*.jpg"))[:6]
    truths = [labels.read_labels(str(folder / "labels" / f"{file.stem}.txt"), info) for file in files]
    results = [result_of(task, truth, cv2.imread(str(file)).shape) for file, truth in zip(files, truths)]
    judged = scores.JUDGED[task]
    assert [scores.figures_of(task, results, truths)[name] for name in judged] == pytest.approx(
        [1] * len(judged), abs=0.02
    )
    fewer = [result.select(range(1, len(result))) for result in results]
    assert all(scores.figures_of(task, fewer, truths)[name] < 0.99 for name in judged)
    figures, differences = agreement.agreement_of(results, fewer)
    assert figures["matched at IoU 0.5"] < 1 and any(one.badness > 0 for one in differences)
    assert agreement.agreement_of(results, results)[0]["matched at IoU 0.9"] == 1


def result_of(task, truth, shape):
    """A result that finds just what the labels say."""
    height, width = shape[:2]
    sides = np.float32([width, height])
    count = len(truth.classes)
    boxes = truth.boxes * np.tile(sides, 2)
    extra = None
    if task == "obb":
        corners = [cv2.minAreaRect(outline * sides) for outline in truth.outlines]
        boxes = np.float32([[*center, *size, np.radians(angle)] for center, size, angle in corners]).reshape(-1, 5)
    if task == "segment":
        extra = ty.Masks(width, height)
        for outline in truth.outlines:
            polygons = coco_mask.frPyObjects([(outline * sides).reshape(-1).tolist()], height, width)
            mask = coco_mask.decode(coco_mask.merge(polygons)).astype(np.int8)
            flat = np.flatnonzero(np.diff(np.pad(mask, ((0, 0), (1, 1))), axis=1))
            rows, columns = np.divmod(flat, width + 1)
            extra.add((rows * width + columns).astype(np.uint32).reshape(-1, 2))
    if task == "pose":
        extra = truth.keypoints * np.float32([width, height, 1])
    return ty.Result(truth.classes, np.linspace(0.9, 0.8, count), boxes, extra, task=task, image_size=(width, height))


# ----------------------------------------------------------------------------------------------------------------------
# Refusals and ends


def test_arguments_that_make_no_sense_are_refused(tmp_path):
    model = model_file("classify")
    for output, options, words in (
        ("a.bin", {}, "ends with .xml"),
        ("a.xml", {"precision": "fp8"}, "FP8 is for GPUs"),
        ("a.xml", {"precision": "int4"}, '"int8" or "fp8"'),
        ("a.xml", {"max_drop": 2}, "from 0 to 1"),
        ("a.xml", {"weight_bits": 4}, "7 or 8 bits"),
        ("a.xml", {"calibration": 0}, "at least one picture"),
    ):
        with pytest.raises(ValueError, match=words):
            ty.quantize(model, CLASSES, tmp_path / output, **options)
    with pytest.raises(ty.ModelError, match="no such"):
        ty.quantize(tmp_path / "missing.onnx", CLASSES, tmp_path / "a.xml")
    assert not os.listdir(tmp_path)


def test_what_is_quantized_already_is_refused(quantized, tmp_path):
    with pytest.raises(ty.ModelError, match="quantized already"):
        quantize(quantized[0], CLASSES, tmp_path / "a.xml")


def test_another_process_is_at_the_same_output(tmp_path):
    folder = tmp_path / "int8.xml.job"
    with FolderLock(str(folder)), pytest.raises(BlockingIOError, match="another process is at the job"):
        quantize(model_file("classify"), CLASSES, tmp_path / "int8.xml")
    assert os.listdir(folder) == ["lock"]


def start(*arguments, **options):
    command = [sys.executable, "-m", "tensorrt_yolo", "quantize", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def test_ctrl_c_and_kill_leave_no_half_file_and_the_same_command_goes_on(quantized, tmp_path):
    for number in (signal.SIGINT, signal.SIGKILL):
        process = start(model_file("classify"), "--data", CLASSES, "-o", tmp_path / "int8.xml", "--calibration", 16)
        for line in process.stderr:
            if line.startswith("calibrating"):
                break
        time.sleep(0.5)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        assert set(os.listdir(tmp_path)) <= {"int8.xml.job"}
    process = start(model_file("classify"), "--data", CLASSES, "-o", tmp_path / "int8.xml", "--calibration", 16)
    _, words = process.communicate(timeout=120)
    assert process.returncode == 0, words
    assert sorted(os.listdir(tmp_path)) == ["int8-report", "int8.bin", "int8.xml"]
    assert (tmp_path / "int8.bin").read_bytes() == quantized[0].with_suffix(".bin").read_bytes()


# ----------------------------------------------------------------------------------------------------------------------
# All tasks


@slow
@pytest.mark.parametrize("kind", ["xml", "onnx"])
@pytest.mark.parametrize("task", TASKS)
def test_every_task_keeps_its_accuracy_and_is_cut(task, kind, tmp_path):
    folder = CLASSES if task == "classify" else SHAPES / ("" if task == "detect" else task) / "images"
    output = tmp_path / f"int8.{kind}"
    report = ty.quantize(model_file(task), folder, output, max_drop=0.05, search_seconds=0)
    assert report.labels
    if task != "classify":
        assert ty.Model(output).info().head.startswith("cut behind")
        whole = ty.Model(output, ty.InferOption(head="whole")).predict(str(references(task)[0][0]))
        cut = ty.Model(output).predict(str(references(task)[0][0]))
        assert len(whole) == len(cut) and np.allclose(whole.scores, cut.scores, atol=1e-3)
