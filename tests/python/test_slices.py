"""Slices: what models and pools find in parts of large images, and what is refused."""

import concurrent.futures
import json
import pathlib
import pickle

import cv2
import numpy as np
import pytest
from conftest import model_file, picture, same

import tensorrt_yolo as ty

ROOT = pathlib.Path(__file__).parents[2]
BGR = ty.InferOption(swap_rb=True, streams=2)
TASKS = ("detect", "obb", "segment", "pose")


def mosaic(task):
    """Pictures of a task side by side, of which slices cut objects off."""
    return np.hstack([cv2.resize(picture(task, i), (550, 640)) for i in (1, 2)])


@pytest.mark.parametrize("task", TASKS)
def test_models_clones_and_pools(task):
    model = ty.Model(model_file(task), BGR)
    image, slices = mosaic(task), ty.SliceOption()
    expected = model.predict(image, slices=slices)
    assert len(expected) > 1
    assert expected.image_size == (1100, 640)
    with ty.Pool(model) as pool, concurrent.futures.ThreadPoolExecutor(4) as threads:
        clones = [threads.submit(model.clone().predict, image, slices=slices) for _ in range(4)]
        pooled = threads.submit(pool.predict, [image, image], slices=slices)
        assert all(same(clone.result(), expected) for clone in clones)
        assert all(same(found, expected) for found in pooled.result())
        assert pool.metrics().finished == 2 * (len(slices.slices(1100, 640)) + 1)


def test_images_of_all_kinds(tmp_path):
    model, slices = ty.DetectModel(model_file("detect"), BGR), ty.SliceOption(300, 260, overlap=0.3)
    image = mosaic("detect")
    expected = model.predict(image, slices=slices)
    assert same(model.predict(np.pad(image, ((0, 0), (3, 5), (0, 0)))[:, 3:-5], slices=slices), expected)
    assert same(model.predict(image[:, ::-1][:, ::-1], slices=slices), expected)
    assert cv2.imwrite(str(tmp_path / "x.png"), image)
    data = (tmp_path / "x.png").read_bytes()
    assert same(model.predict(tmp_path / "x.png", slices=slices), expected)
    assert all(same(found, expected) for found in model.predict([data, data], slices=slices))
    with ty.Pool(model) as pool:
        assert same(pool.predict(data, slices=slices), expected)
    assert same(model.predict(image, slices=ty.SliceOption(5000)), model.predict(image))


def test_slices_are_those_of_sahi():
    for each in json.loads((ROOT / "tests/data/merges.json").read_text())["slices"]:
        found = ty.SliceOption(*each["slice"], overlap=each["overlap"]).slices(*each["image"])
        assert len(found) == each["count"]
        corners = [[x, y, x + width, y + height] for x, y, width, height in found]
        half = min(len(found), len(each["slices"])) // 2
        assert corners[:half] == each["slices"][:half]
        assert corners[len(corners) - half :] == each["slices"][len(each["slices"]) - half :]


def test_an_option():
    slices = ty.SliceOption(512, merge="NMS", match_metric="IOU", match_threshold=0.7, class_agnostic=True)
    assert (slices.width, slices.height, slices.overlap, slices.max_batch) == (512, 512, 0.2, 0)
    assert (slices.merge, slices.match_metric, slices.match_threshold) == ("NMS", "IOU", 0.7)
    assert repr(pickle.loads(pickle.dumps(slices))) == repr(slices)
    assert "merge='NMS'" in repr(slices)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"overlap": 1}, "overlap must be from 0 to less than 1, .*found 1"),
        ({"overlap": -0.5}, "overlap must be from 0 to less than 1"),
        ({"width": -640}, "width and height of a slice must be at least 1 pixel, found -640 x -640"),
        ({"height": 0}, "must be at least 1 pixel, found 640 x 0"),
        ({"match_threshold": 0}, "matchThreshold must be above 0"),
        ({"max_batch": -1}, "maxBatch must not be negative"),
        ({"merge": "WBF"}, "expected one of 'GREEDYNMM', 'NMM', 'NMS', found 'WBF'"),
        ({"match_metric": "GIOU"}, "expected one of 'IOU', 'IOS', found 'GIOU'"),
    ],
)
def test_wrong_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        ty.SliceOption(**settings)


def test_wrong_uses():
    image = picture("classify")
    with pytest.raises(ValueError, match="the task of this one is 'classify'"):
        ty.ClassifyModel(model_file("classify"), BGR).predict(image, slices=ty.SliceOption())
    model = ty.DetectModel(model_file("detect"), BGR)
    with pytest.raises(TypeError):
        model.predict(image, slices=640)
    with ty.Pool(model) as pool, pytest.raises(TypeError):
        pool.predict(image, slices="640")
    with pytest.raises(ty.DecodeError):
        model.predict(b"x" * 40, slices=ty.SliceOption())
