"""Self-tests of model files in Python."""

import json
import shutil

import cv2
import numpy as np
import openvino as ov
import pytest
from conftest import model_file, picture, references

import tensorrt_yolo as ty
from tensorrt_yolo.program import main


@pytest.fixture
def model(tmp_path):
    return shutil.copy(model_file("classify"), tmp_path / "model.onnx")


def test_a_file_gets_one_and_passes(model):
    assert ty.check_self_test(model).verdict == "none" and not ty.inspect(model).self_test
    files = [file for file, _ in references("classify")[:4]]
    for images in ((), files, [str(files[0]), cv2.imread(str(files[1])), files[2].read_bytes()]):
        made = ty.add_self_test(model, images=images, option=ty.InferOption(swap_rb=True))
        assert made.verdict == "passed" and 1 <= len(made.images) <= 3 and made.there == made.here
        assert all(image.passed and image.difference.keys() == made.tolerance.keys() for image in made.images)
        assert ty.check_self_test(str(model), ty.InferOption()).verdict == "passed"
        assert "made with" in ty.inspect(model).self_test and "trtyolo_self_test" not in ty.inspect(model).metadata
    with ty.Model(model, ty.InferOption(self_test="refuse")) as loaded:
        assert len(loaded.predict(picture("classify"))) == 5
        assert loaded.info().self_test
    ty.remove_self_test(model)
    assert model.read_bytes() == model_file("classify").read_bytes()


def test_another_file_than_the_reference(tmp_path, model):
    network = ov.Core().read_model(model_file("classify"))
    file = tmp_path / "half.xml"
    ov.save_model(network, file, compress_to_fp16=True)
    made = ty.add_self_test(file, model_file("classify"))
    assert made.verdict == "passed" and 0 <= made.images[0].difference["score"] < made.tolerance["score"]
    assert ty.ClassifyModel(file, ty.InferOption(self_test="refuse")).info().self_test
    with pytest.raises(ty.ModelError, match="task"):
        ty.add_self_test(file, model_file("detect"))


def test_one_that_fails_is_refused(model):
    ty.add_self_test(model)
    other = model.with_name("other.onnx")
    other.write_bytes(model.read_bytes().replace(b'"input":"224 x 224', b'"input":"640 x 640'))
    with pytest.raises(ty.ModelError, match="another model"):
        ty.Model(other, ty.InferOption(self_test="refuse"))
    ty.Model(other, ty.InferOption(self_test="off")).close()
    assert ty.check_self_test(other).verdict == "failed"


def test_wrong_images(model):
    for images, error in (([np.zeros((4, 4), np.float32)], (TypeError, ValueError)), (["missing.png"], OSError)):
        with pytest.raises(error):
            ty.add_self_test(model, images=images)
    with pytest.raises(ty.ModelError):
        ty.add_self_test(model, model.with_name("missing.onnx"))
    with pytest.raises(ValueError, match="self-test"):
        ty.InferOption(self_test="on")
    assert model.read_bytes() == model_file("classify").read_bytes()


def test_the_commands(model, capsys):
    assert main(["info", str(model), "--check"]) == 1
    assert main(["self-test", str(model), "--images", str(references("classify")[0][0].parent)]) == 0
    said = capsys.readouterr().out
    assert "passed" in said and "difference" in said
    assert main(["info", str(model), "--check", "--json"]) == 0
    check = json.loads(capsys.readouterr().out)["check"]
    assert check["verdict"] == "passed" and len(check["images"]) == 3
    assert main(["self-test", str(model), "--remove"]) == 0
    assert main(["self-test", str(model), "--remove", "--images", "."]) == 1
    assert model.read_bytes() == model_file("classify").read_bytes()
