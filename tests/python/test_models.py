"""Options, thresholds, clones, the life of a model, and what is known of it."""

import ast
import copy
import gc
import inspect
import logging
import os
import pathlib
import pickle
import threading
import weakref

import numpy as np
import pytest
from conftest import DATA, model_file, picture, run_python, same

import tensorrt_yolo as ty
import tensorrt_yolo.infer
import tensorrt_yolo.log
from tensorrt_yolo import _core

HAS_GPU = pathlib.Path("/dev/nvidia0").exists()


@pytest.fixture
def model():
    with ty.DetectModel(model_file("detect"), ty.InferOption(swap_rb=True)) as model:
        yield model


def test_the_guide(capsys):
    """As users have it."""
    from tensorrt_yolo.infer import DetectModel, InferOption

    option = InferOption()
    option.enable_swap_rb()
    model = DetectModel(str(model_file("detect")), option)
    im = picture()
    result = model.predict(im)
    print(result)
    clone_model = model.clone()
    clone_result = clone_model.predict(im)
    assert same(result, clone_result) and result.num == 2
    assert capsys.readouterr().out.startswith("DetResult(num=2, image 500 x 375)\n  circle 0.97, box [66.29, 55.23")


def test_options_can_be_given_by_name_or_set():
    said = {
        "bgr_network": True,
        "pixel_scale": 255.0,
        "letterbox": "topleft",
        "border_value": 100.0,
        "normalize_params": ([0.1, 0.2, 0.3], [1, 2, 3]),
        "input_dimensions": (640, 480),
        "fast_decode": True,
        "device_id": 1,
        "backend": "openvino",
        "precision": "auto",
        "plugin_libraries": ["a.so"],
        "streams": 2,
        "threads": 2,
        "self_test": "refuse",
        "task": "detect",
        "names": ["a", "b"],
        "layout": "class_scores",
        "family": "yolox",
        "head": "whole",
        "network_size": (320, 320),
        "rect": False,
        "batch": 2,
        "confidence": 0.5,
        "iou": 0.5,
        "max_detections": 10,
        "classes": [0],
        "agnostic": True,
        "top_k": 3,
        "retina_masks": False,
    }
    switches = {name: True for name in ("swap_rb", "cuda_memory", "managed_memory", "performance_report")}
    assert {*said, *switches} == set(inspect.signature(ty.InferOption).parameters)
    named = ty.InferOption(**said, **switches)
    chained = ty.InferOption()
    for name, value in said.items():
        values = value if isinstance(value, tuple) else (value,)
        assert getattr(chained, f"set_{name}")(*values) is chained
    for name in switches:
        assert getattr(chained, f"enable_{name}")() is chained
    assert named == chained and named.values() == {**said, **switches}
    for again in (pickle.loads(pickle.dumps(named)), copy.copy(named), copy.deepcopy(named)):
        assert again == named and repr(again) == repr(named)
    assert repr(ty.InferOption(swap_rb=True, confidence=0.3)) == "InferOption(swap_rb=True, confidence=0.3)"
    assert ty.InferOption(swap_rb=False) == ty.InferOption() != ty.InferOption(swap_rb=True)


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"border_value": 300}, ValueError),
        ({"normalize_params": ([0, 0], [1, 1])}, ValueError),
        ({"normalize_params": ([0, 0, 0], [1, 0, 1])}, ValueError),
        ({"input_dimensions": (0, 5)}, ValueError),
        ({"input_dimensions": 5}, TypeError),
        ({"device_id": -1}, ValueError),
        ({"backend": "cuda"}, ValueError),
        ({"precision": "int8"}, ValueError),
        ({"task": "track"}, ValueError),
        ({"layout": "none"}, ValueError),
        ({"confidence": 2}, ValueError),
        ({"confidence": "high"}, TypeError),
        ({"classes": 3}, TypeError),
        ({"classes": [-1]}, ValueError),
        ({"names": []}, ValueError),
        ({"batch": 0}, ValueError),
        ({"swap_rb": 1}, TypeError),
        ({"colour": 1}, TypeError),
    ],
)
def test_wrong_options(wrong, error):
    with pytest.raises(error):
        ty.InferOption(**wrong)


def test_an_option_that_was_refused_is_as_before():
    option = ty.InferOption(confidence=0.5)
    with pytest.raises(ValueError):
        option.set_confidence(-1)
    assert option.values() == {"confidence": 0.5}


def test_options_are_copied():
    option = ty.InferOption(swap_rb=True)
    model = ty.DetectModel(model_file("detect"), option)
    option.set_confidence(1)
    assert model.predict(picture()).num == 2 and "confidence" not in repr(model)


@pytest.mark.parametrize("stride, head", [("32", "cut behind"), ("16", "whole: ")])
def test_a_dynamic_head_is_cut_where_every_size_suits_its_grids(tmp_path, stride, head):
    exported = (pathlib.Path(__file__).parents[1] / "data" / "yolo11n-dynamic-head.onnx").read_bytes()
    said = b"\n\x06stride\x12\x0232"
    assert exported.count(said) == 1
    (tmp_path / "head.onnx").write_bytes(exported.replace(said, said[:-2] + stride.encode()))
    options = {"threads": 1, "precision": "f32", "confidence": 0.9}
    automatic = ty.DetectModel(tmp_path / "head.onnx", ty.InferOption(**options))
    whole = ty.DetectModel(tmp_path / "head.onnx", ty.InferOption(**options, head="whole"))
    assert automatic.info().head.startswith(head) and whole.info().head == "whole: as asked for"
    noise = np.random.default_rng(11).integers(0, 255, (480, 640, 3), np.uint8)
    for image in (noise, noise[:70, :90], noise[:300, :50]):  # of several sizes of the network's input
        found, expected = automatic.predict(image), whole.predict(image)
        assert found.num == expected.num == 300
        assert np.allclose(found.scores, expected.scores, atol=1e-5)


def test_thresholds(model):
    result = model.predict(picture())
    clone = model.clone()
    model.set_confidence((result.scores[0] + result.scores[1]) / 2)
    assert model.predict(picture()).num == 1 and clone.predict(picture()).num == 2
    assert model.clone().predict(picture()).num == 1
    model.set_confidence(0.25)
    model.set_classes([3])
    assert model.predict(picture()).classes.tolist() == [3]
    model.set_classes(np.array([], int))
    model.set_max_detections(1)
    assert model.predict(picture()).num == 1
    model.set_iou(0.5)
    model.set_agnostic(True)
    for call, wrong in (
        (model.set_confidence, 2),
        (model.set_iou, -1),
        (model.set_max_detections, 0),
        (model.set_classes, [99]),
    ):
        with pytest.raises(ValueError):
            call(wrong)
    with pytest.raises(TypeError):
        model.set_confidence("0.5")


def test_thresholds_of_tasks():
    classify = ty.ClassifyModel(model_file("classify"), ty.InferOption(swap_rb=True))
    assert classify.set_top_k(2) is classify
    assert classify.predict(picture("classify")).num == 2
    segment = ty.SegmentModel(model_file("segment"), ty.InferOption(swap_rb=True))
    segment.set_retina_masks(False)
    assert segment.predict(picture("segment")).masks.to_numpy().shape[1:] == (640, 640)


def test_clones_outlive_their_parents(model):
    expected = model.predict(picture())
    grandchild = model.clone().clone()
    for copied in (copy.copy(model), copy.deepcopy(model)):
        assert same(copied.predict(picture()), expected)
    model.close()
    gc.collect()
    assert same(grandchild.predict(picture()), expected) and type(grandchild) is ty.DetectModel


def test_pickled_models_keep_options_and_thresholds(model):
    model.set_confidence(0.95)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict(picture()).num == 1 and repr(again) == repr(model)
    assert pickle.loads(pickle.dumps(again)).predict(picture()).num == 1


def test_closed_models_say_so(model):
    model.close()
    model.close()
    for call in (
        lambda: model.predict(picture()),
        lambda: model.predict([picture()]),
        model.clone,
        model.batch,
        model.info,
        model.memory,
        model.performance_report,
        lambda: model.measure_network(1, 0.1),
        lambda: model.set_confidence(0.5),
        lambda: pickle.dumps(model),
    ):
        with pytest.raises(ty.Error, match="closed"):
            call()
    assert repr(model).endswith(", closed)")


def test_context_manager():
    with ty.DetectModel(model_file("detect")) as model:
        model.predict(picture())
    with pytest.raises(ty.Error):
        model.predict(picture())


def test_models_go_when_they_are_dropped():
    model = ty.DetectModel(model_file("detect"))
    gone = weakref.ref(model)
    del model
    assert gone() is None


def test_errors(tmp_path):
    assert issubclass(ty.Error, RuntimeError)
    for error in (ty.ModelError, ty.BusyError, ty.InferenceError, ty.DeviceError):
        assert issubclass(error, ty.Error) and error.__module__ == "tensorrt_yolo.errors"
    with pytest.raises(ty.ModelError, match="none.onnx"):
        ty.DetectModel(tmp_path / "none.onnx")
    with pytest.raises(ty.ModelError, match="detect"):
        ty.PoseModel(model_file("detect"))
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(ty.ModelError):
        ty.DetectModel(tmp_path / "empty.onnx")
    for wrong in ((7,), (), (model_file("detect"), {"swap_rb": True})):
        with pytest.raises(TypeError):
            ty.DetectModel(*wrong)


def test_info(model):
    info = model.info()
    assert info == ty.inspect(model_file("detect")) or info.precision  # what runs it is known of a model only
    assert info.task == "detect" and info.names[0] == "circle" and len(info.names) == 6
    assert info.inputs == (ty.TensorInfo("images", "f32", (1, 3, 640, 640)),)
    assert (info.network_width, info.network_height, info.stride, info.batch) == (
        640,
        640,
        32,
        1,
    ) and model.batch() == 1
    assert info.file == str(model_file("detect")) and info.file_bytes == model_file("detect").stat().st_size
    inspected = ty.inspect(str(model_file("pose")))
    assert (inspected.task, inspected.keypoints, inspected.keypoint_dims) == ("pose", 4, 3)
    with pytest.raises(ty.ModelError):
        ty.inspect(DATA)


def test_measuring(model):
    with pytest.raises(ty.Error, match="enable_performance_report|enablePerformanceReport"):
        model.performance_report()
    measured = ty.DetectModel(model_file("detect"), ty.InferOption(performance_report=True))
    for _ in range(3):
        measured.predict(picture())
    report = measured.performance_report()
    assert len(report) == 3 and all("p99" in line for line in report)
    timing = measured.timing()
    assert timing.calls == 3 and timing.total >= timing.inference > 0
    memory = measured.memory()
    assert memory.buffers > 0 and memory.total >= memory.buffers
    speed = measured.measure_network(1, 0.2)
    assert speed.seconds > 0 and len(speed.latencies) > 0
    with pytest.raises(ValueError):
        measured.measure_network(0, 1)


def test_dynamic_batch():
    file = model_file("detect-dynamic")
    one = ty.DetectModel(file)
    four = ty.DetectModel(file, ty.InferOption(batch=4))
    assert (one.batch(), four.batch()) == (1, 4)
    images = [picture("detect", i) for i in range(6)]
    assert [r.num for r in one.predict(images)] == [r.num for r in four.predict(images)]


def test_version_and_backends():
    assert ty.version() == f"trtyolo {ty.__version__}" and "openvino" in ty.backends()


@pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
def test_no_engine_is_built_without_a_gpu(tmp_path):
    engine = tmp_path / "x.engine"
    with pytest.raises(ty.DeviceError):
        ty.build_engine(model_file("detect"), engine, progress=lambda progress: True)
    assert not engine.exists()
    with pytest.raises(ValueError, match="precision"):
        ty.build_engine(model_file("detect"), engine, precision="int8")
    with pytest.raises(ty.Error):
        ty.DetectModel(model_file("detect"), ty.InferOption(backend="tensorrt"))


def test_everything_is_at_the_top():
    public = [name for name in vars(tensorrt_yolo.infer) if not name.startswith("_")]
    assert {"DetectModel", "InferOption", "Pool", "visualize"} < set(public) <= set(dir(tensorrt_yolo))
    for name in public:
        assert getattr(tensorrt_yolo, name) is getattr(tensorrt_yolo.infer, name)
        assert inspect.getdoc(getattr(tensorrt_yolo, name)), name


def test_the_stubs_name_what_is_there():
    package = pathlib.Path(ty.__file__).parent
    assert (package / "py.typed").exists()
    tree = ast.parse((package / "_core.pyi").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        said = names(node)
        there = {n for n in vars(getattr(_core, name)) if not n.startswith("__") or n in said}
        assert said - {"__getattr__"} == (set() if "__getattr__" in said else there) | (said & {"__init__"}), name
    assert {n for n in vars(_core) if not n.startswith("_")} == names(tree) | set(classes)


def names(node):
    """What a class or module of the stubs has: functions, and attributes that are only annotated."""
    functions = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    return functions | {part.target.id for part in node.body if isinstance(part, ast.AnnAssign)}


def test_a_model_of_no_file():
    for kind in (ty.Model, ty.DetectModel):
        with pytest.raises(ty.ModelError, match="no such"):
            kind("missing.onnx")


def test_every_model_has_all_setters():
    """Those of other tasks have no effect."""
    with ty.Model(model_file("detect"), ty.InferOption(swap_rb=True)) as model:
        expected = model.predict(picture())
        model.set_top_k(1)
        model.set_retina_masks(False)
        assert same(model.predict(picture()), expected)
        model.set_max_detections(1)
        assert pickle.loads(pickle.dumps(model)).predict(picture()).num == model.clone().predict(picture()).num == 1


def test_messages_go_to_the_logger(caplog):
    source, pipe = os.pipe()
    os.write(pipe, b"0tried\0002h\xc3\xa4ngt \xff\0003fai")
    with caplog.at_level(logging.DEBUG, "tensorrt_yolo"):
        reader = threading.Thread(target=tensorrt_yolo.log._read, args=(source,))
        reader.start()
        os.write(pipe, b"led\0")
        os.close(pipe)
        reader.join(10)
    levels = [(record.name, record.levelname) for record in caplog.records]
    assert levels == [("tensorrt_yolo", level) for level in ("DEBUG", "WARNING", "ERROR")]
    assert caplog.messages == ["tried", "h\u00e4ngt \ufffd", "failed"]


def test_the_log_costs_a_thread_only_when_it_is_needed():
    done = run_python(
        """
        import sys, threading
        import tensorrt_yolo as ty

        print(threading.active_count())
        ty.inspect(sys.argv[1] + "/shapes/detect.onnx")
        print([thread.name for thread in threading.enumerate() if thread is not threading.main_thread()])
        """
    )
    assert (done.returncode, done.stdout) == (0, "1\n['tensorrt_yolo log']\n"), done.stderr
