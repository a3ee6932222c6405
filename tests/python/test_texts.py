"""Bytes that are no text: paths, names of classes, metadata and messages that are not UTF-8, in both directions."""

import csv
import io
import json
import os
import pickle
import shutil

import numpy as np
import pytest
from conftest import model_file, picture, write_tiny_segmenter

import tensorrt_yolo as ty

NOT_UTF8 = b"caf\xe9 \xff\xc3"
AS_STR = NOT_UTF8.decode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The path of a copy of the detector, as bytes."""
    path = os.path.join(os.fsencode(tmp_path_factory.mktemp("texts")), NOT_UTF8 + b".onnx")
    shutil.copy(model_file("detect"), path)
    return path


def named(name, kind=ty.DetResult, **parts):
    parts = {"boxes": [[1, 2, 3, 4]], **parts}
    return kind([7], [0.5], names={7: name}, image_size=(8, 8), **parts)


def test_paths(model):
    expected = ty.DetectModel(model_file("detect")).predict(picture())
    for path in (model, os.fsdecode(model)):
        loaded = ty.DetectModel(path)
        assert loaded.info().file == os.fsdecode(model) and repr(os.fsdecode(model)) in repr(loaded)
        assert loaded.predict(picture()).to_dict() == expected.to_dict()
        assert pickle.loads(pickle.dumps(loaded)).info() == loaded.info() == loaded.clone().info()
        assert ty.inspect(path).file == os.fsdecode(model)
        with ty.Pool(path) as pool:
            assert pool.info().file == os.fsdecode(model)


def test_paths_of_openvino(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), NOT_UTF8)
    os.mkdir(folder)
    file = write_tiny_segmenter(tmp_path)
    for part in (file, file.with_suffix(".bin")):
        shutil.copy(part, os.path.join(folder, os.fsencode(part.name)))
    option = ty.InferOption(task="segment", names=["a", "b"])
    assert ty.Model(os.path.join(folder, b"tiny.xml"), option).predict(np.zeros((64, 64, 3), np.uint8)).num == 3


def test_errors_name_paths(model):
    missing = model + b".onnx"
    for call in (ty.DetectModel, ty.Pool, ty.inspect):
        with pytest.raises(ty.ModelError, match="no such model file") as raised:
            call(missing)
        assert missing in os.fsencode(str(raised.value))
        again = pickle.loads(pickle.dumps(raised.value))
        assert type(again) is type(raised.value) and str(again) == str(raised.value)
    with pytest.raises(ty.Error) as raised:
        ty.build_engine(missing, model + b".engine")
    assert isinstance(str(raised.value), str)


def test_paths_without_an_end(model):
    for call in (ty.DetectModel, ty.inspect):
        with pytest.raises(ValueError, match="zero byte"):
            call(os.fsdecode(model) + "\0.onnx")
    with pytest.raises(ValueError, match="zero byte"):
        ty.build_engine(model, b"\0")


def test_errors_name_what_was_said():
    with pytest.raises(ValueError) as raised:
        ty.InferOption(task=AS_STR)
    assert AS_STR in str(raised.value)
    option = ty.InferOption(plugin_libraries=[model_file("detect"), NOT_UTF8], family="yolox")
    assert option.values()["plugin_libraries"] == [str(model_file("detect")), AS_STR]
    assert pickle.loads(pickle.dumps(option)) == option


def test_metadata(tmp_path):
    file = write_tiny_segmenter(tmp_path)
    file.with_name("metadata.yaml").write_bytes(
        b"task: segment\nnames:\n  0: " + NOT_UTF8 + b"\n  1: b\nauthor: " + NOT_UTF8 + b"\n" + NOT_UTF8 + b": 1\n"
    )
    for info in (ty.inspect(file), ty.SegmentModel(file).info()):
        assert info.names[0].startswith("caf") and info.names[1] == "b"
        assert pickle.loads(pickle.dumps(info)) == info
        assert any(isinstance(value, str) and value.startswith("caf") for value in info.metadata.values())
    result = ty.SegmentModel(file).predict(np.zeros((64, 64, 3), np.uint8))
    again = pickle.loads(pickle.dumps(result))
    assert again.names == result.names and again.to_dict() == result.to_dict()
    with pytest.raises(ty.ModelError):
        ty.SegmentModel(file, ty.InferOption(task="segment", names=[AS_STR] * 3))


def test_names_of_results(tmp_path):
    result = named(AS_STR)
    assert result[0].name == result.names[7] == AS_STR
    again = pickle.loads(pickle.dumps(result))
    assert again.names == result.names and again.to_csv("a") == result.to_csv("a")
    assert json.loads(result.to_json())["objects"][0]["name"] == "caf\ufffd \ufffd\ufffd"
    assert repr(result).encode() and r"caf\xe9 \xff\xc3 0.50" in repr(result)
    line = next(csv.reader(io.StringIO(result.to_csv(AS_STR), newline="")))
    assert os.fsencode(line[0]) == os.fsencode(line[3]) == NOT_UTF8
    assert os.fsencode(named(AS_STR, ty.ClsResult, boxes=None).to_txt()) == b"0.50 " + NOT_UTF8 + b"\n"
    assert result.plot(np.zeros((8, 8, 3), np.uint8)).shape == (8, 8, 3)
    result.save(np.zeros((8, 8, 3), np.uint8), tmp_path / f"{AS_STR}.png")
    assert NOT_UTF8 + b".png" in os.listdir(os.fsencode(tmp_path))
    assert pytest.importorskip("supervision") and list(result.to_supervision().data["class_name"]) == [AS_STR]


@pytest.mark.parametrize(
    "text", ["", "a,b", '"', 'a""b', "\n", "a\r\nb", "=1+1", "'=1+1", "'", "\t=1", "\0", "\u2028", "ß"]
)
def test_csv_is_read_as_it_was_written(text):
    lines = list(csv.reader(io.StringIO(named(text).to_csv(text), newline="")))
    assert len(lines) == 1 and len(lines[0]) == 9
    for read in (lines[0][0], lines[0][3]):
        marked = read.startswith("'") and read.lstrip("'")[:1] in ("=", "+", "-", "@", "\t", "\r") and read.lstrip("'")
        assert (read[1:] if marked else read) == text


def test_numbers_that_are_not_finite():
    def refuse(constant):
        raise AssertionError(constant)

    nan, inf = float("nan"), float("inf")
    result = ty.PoseResult([0], [nan], [[0, -inf, inf, 4]], [[[nan, 1, inf]]], names={0: "a"}, image_size=(8, 8))
    assert json.loads(result.to_json(), parse_constant=refuse) == {
        "objects": [{"class": 0, "name": "a", "score": None, "box": [0, None, None, 4], "keypoints": [[None, 1, None]]}]
    }
    assert result.to_csv("a") == "a,0,0,a,nan,0,-inf,inf,4,nan,1,inf\n" and result.to_txt() == ""
    again = pickle.loads(pickle.dumps(result))
    assert np.array_equal(again.boxes, result.boxes) and np.array_equal(again.kpts, result.kpts, equal_nan=True)
    with pytest.raises(ty.Error, match="image's size"):
        ty.DetResult([0], [0.5], [[0, 0, 1, 1]]).to_txt()
