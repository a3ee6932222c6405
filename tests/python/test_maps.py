"""Semantic segmentation and depth: arrays, texts, pictures and files, with networks whose answer is known."""

import json
import pathlib
import pickle

import cv2
import numpy as np
import pytest
from conftest import same

import tensorrt_yolo as ty
from tensorrt_yolo import drawing
from tensorrt_yolo.program import main

MODELS = pathlib.Path(__file__).parents[1] / "app" / "models"  # see make.py there
BGR = ty.InferOption(swap_rb=True)


def stripes(height=64, width=128):
    """Half red, a quarter green, a quarter blue."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 2] = image[:, width // 2 : width * 3 // 4, 1] = image[:, width * 3 // 4 :, 0] = 250
    return image


def halves():
    """Black and white."""
    image = np.zeros((64, 128, 3), np.uint8)
    image[:, 64:] = 255
    return image


@pytest.fixture(scope="module", params=["semantic", "logits-semantic"])
def semantic(request):
    with ty.SemanticModel(MODELS / f"{request.param}.onnx", BGR) as model:
        yield model


def test_some_of_the_classes(semantic):
    result = semantic.predict(stripes())
    some = result.select([0, 2])
    assert some.classes.tolist() == [0, 2] and [some.semantic[30, x] for x in (10, 70, 120)] == [0, 255, 2]
    assert (
        some.pixels.tolist() == result.pixels[[0, 2]].tolist()
        and some.scores.tolist() == result.scores[[0, 2]].tolist()
    )
    semantic.set_classes([0, 2])
    assert some.semantic.tolist() == semantic.predict(stripes()).semantic.tolist()
    semantic.set_classes([])


@pytest.fixture(scope="module")
def depth():
    with ty.DepthModel(MODELS / "depth.onnx", BGR) as model:
        yield model


def test_classes_of_pixels(semantic):
    result = semantic.predict(stripes())
    assert type(result) is ty.SemanticResult and result.task == "semantic"
    assert (result.semantic.dtype, result.semantic.shape) == (np.uint16, (64, 128))
    assert [result.semantic[30, x] for x in (10, 70, 120)] == [0, 1, 2]
    assert result.classes.tolist() == [0, 1, 2] and [thing.name for thing in result] == ["red", "green", "blue"]
    counts = [(result.semantic == i).sum() for i in range(3)]
    assert result.pixels.tolist() == counts
    assert np.allclose(result.scores, np.array(counts) / (64 * 128))
    assert result.depth is None and result.boxes is None and result.masks is None
    masks = result.class_masks()
    assert isinstance(masks, ty.Masks)
    assert all(np.array_equal(mask.to_numpy(), result.semantic == i) for i, mask in enumerate(masks))


def test_classes_that_are_left_out(semantic):
    clone = semantic.clone()
    clone.set_classes([1])
    result = clone.predict(stripes())
    assert set(np.unique(result.semantic)) == {1, 255} and result.classes.tolist() == [1]


def test_distances(depth):
    result = depth.predict(halves())
    assert type(result) is ty.DepthResult and len(result) == 0
    assert (result.depth.dtype, result.depth.shape) == (np.float32, (64, 128))
    assert np.isclose(result.depth[0, 0], 1) and np.isclose(result.depth[-1, -1], 11)
    least, median, most = result.depth_range()
    assert (least, most) == (result.depth.min(), result.depth.max())
    assert median == np.sort(result.depth, axis=None)[(result.depth.size - 1) // 2]
    assert result.semantic is None and result.pixels is None


def test_any_task_and_pools(semantic, depth):
    for model, image in ((semantic, stripes()), (depth, halves())):
        wanted = model.predict(image)
        anything = ty.Model(model.info().file, BGR).predict(image)
        assert type(anything) is ty.Result and anything.to_dict() == wanted.to_dict()
        with ty.Pool(model, contexts=2) as pool:
            assert all(same(result, wanted) for result in pool.predict([image] * 3))
            assert same(pool.submit(image).result(), wanted)


def test_pickles_and_texts(semantic, depth):
    for model, image in ((semantic, stripes()), (depth, halves())):
        result = model.predict(image)
        again = pickle.loads(pickle.dumps(result))
        assert same(result, again)
        part = model.info().task
        assert np.array_equal(getattr(again, part), getattr(result, part))
        assert json.loads(result.to_json()) == result.to_dict()
        assert list(result.to_dict()) == [part] and result.to_dict()[part]["size"] == [64, 128]
        with pytest.raises(ty.Error, match=part):
            result.to_txt()
    assert depth.predict(halves()).to_csv("a").startswith("a,0,1,")
    assert semantic.predict(stripes()).to_csv("a").splitlines()[0] == "a,0,0,red,4096,0.5"


def test_results_made_of_arrays():
    names = {0: "sky", 1: "road", 2: "tree"}
    made = ty.SemanticResult([1, 0], [0.75, 0.25], extra=[[1, 1], [1, 0]], names=names, image_size=(2, 2))
    assert made.pixels.tolist() == [3, 1] and list(made.to_dict()["semantic"]["classes"]) == ["1", "0"]
    binary = ty.SemanticResult([0], [0.25], extra=[[0, 0], [1, 0]], names={0: "road"})
    assert binary.pixels.tolist() == [1]
    depth = ty.DepthResult([], [], extra=[[1.5, 2], [0, 4]])
    assert depth.depth_range() == (1.5, 2.0, 4.0)


def test_the_arrays_are_the_results_own(depth):
    result = depth.predict(halves())
    result.depth[0, 0] = 100
    assert result.depth_range()[2] == 100
    kept = result.depth
    del result
    depth.predict(halves())
    assert kept[0, 0] == 100


def test_supervision(semantic, depth):
    sv = pytest.importorskip("supervision")
    result = semantic.predict(stripes())
    found = result.to_supervision()
    assert isinstance(found, sv.Detections) and found.class_id.tolist() == [0, 1, 2]
    assert np.array_equal(found.mask[1], result.semantic == 1)
    assert found.data["class_name"].tolist() == ["red", "green", "blue"]
    assert found.xyxy[0].tolist() == [0, 0, np.flatnonzero(result.semantic[0] == 0).max(), 63]
    with pytest.raises(ValueError, match="depth"):
        depth.predict(halves()).to_supervision()


def test_drawing(semantic, depth):
    image = stripes()
    drawn = semantic.predict(image).plot(image)
    for x, index in ((60, 0), (80, 1), (120, 2)):
        colour = np.array(drawing.colour_of(index)[::-1])
        assert np.abs(drawn[-1, x] - (image[-1, x].astype(int) + colour + 1) // 2).max() <= 1
    assert not np.array_equal(drawn[4, 10], drawn[-1, 10])  # the legend
    drawn = depth.predict(halves()).plot(halves())
    assert drawn[-1, 2, 2] > drawn[-1, 2, 0] and drawn[-1, -20, 0] > drawn[-1, -20, 2]
    with pytest.raises(ValueError, match="128 x 64"):
        depth.predict(halves()).plot(np.zeros((10, 10, 3), np.uint8))


def test_program(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), halves())
    arguments = ["predict", str(MODELS / "depth.onnx"), str(tmp_path / "a.png")]
    assert main([*arguments, "--save", str(tmp_path / "out"), "--json", str(tmp_path / "a.json")]) == 0
    assert "1 image: 1.00 to 11.00 m" in capsys.readouterr().err
    told = json.loads((tmp_path / "a.json").read_text())["images"][0]["depth"]
    assert (told["file"], told["size"]) == ("a-depth.png", [64, 128])
    steps = cv2.imread(str(tmp_path / "out" / told["file"]), cv2.IMREAD_UNCHANGED)
    assert steps.dtype == np.uint16 and steps.max() == 65535
    assert np.allclose(steps[[0, -1], [0, -1]] * told["scale"], [1, 11], atol=told["scale"])
    assert main([*arguments, "--save-txt", str(tmp_path / "labels")]) != 0
    assert "--save-txt" in capsys.readouterr().err
