"""Crops: regions as arrays, and second models on what a first one has found."""

import pathlib
import threading

import cv2
import numpy as np
import pytest
from conftest import model_file, picture, same

import tensorrt_yolo as ty

BGR = ty.InferOption(swap_rb=True)


def noise(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, np.uint8)


def test_upright_regions_are_views():
    image = noise(80, 100, 3)
    crops = ty.crop(image, [[10.2, 20, 30, 39.7], [-5, -9, 12.5, 80.5], [200, 0, 210, 10], [np.nan, 0, 1, 1]])
    assert crops[2:] == [None, None]
    assert (crops[0].x, crops[0].y, crops[0].theta) == (10, 20, 0)
    assert np.array_equal(crops[0].pixels, image[20:40, 10:30])
    assert np.shares_memory(crops[0].pixels, image)
    assert np.array_equal(crops[1].pixels, image[:, :13])
    (wide,) = ty.crop(image, [[40, 40, 60, 50]], margin=0.5)
    assert np.array_equal(wide.pixels, image[35:55, 30:70])


def test_strides_and_channels():
    for image in (noise(80, 100), noise(80, 100, 4), noise(80, 100, 3)[::-1, ::2], noise(80, 100, 3)[..., ::-1]):
        (region,) = ty.crop(image, [[5, 7, 20, 30]])
        assert np.array_equal(region.pixels, image[7:30, 5:20])
        (turned,) = ty.crop(image, [[12, 20, 10, 20, np.pi]])
        colours = image[..., :3] if image.ndim == 3 else image
        assert np.array_equal(turned.pixels, colours[10:30, 7:17][::-1, ::-1])


def test_rotated_regions_are_those_of_warp_affine():
    image = cv2.GaussianBlur(noise(200, 300, 3), None, 3)
    (region,) = ty.crop(image, [[140, 90, 80, 40, 0.6]])
    turn = cv2.getRotationMatrix2D((139.5, 89.5), np.degrees(0.6), 1)
    turn[:, 2] += (40 - 140, 20 - 90)
    wanted = cv2.warpAffine(image, turn, (80, 40))
    assert region.pixels.shape == (40, 80, 3)
    assert np.abs(region.pixels.astype(int) - wanted).max() <= 2
    across, down = np.array([np.cos(0.6), np.sin(0.6)]), np.array([-np.sin(0.6), np.cos(0.6)])
    assert (region.x, region.y) == pytest.approx(tuple(np.array([140, 90]) - 40 * across - 20 * down))


def test_images_that_are_no_arrays(tmp_path):
    file = tmp_path / "a.png"
    image = noise(40, 60, 3)
    cv2.imwrite(str(file), image)
    (region,) = ty.crop(file, [[10, 10, 30, 20]])
    assert np.array_equal(region.pixels, image[10:20, 10:30, ::-1])
    planes = noise(60, 60)
    (region,) = ty.crop(ty.Image.nv12(planes), [[11, 11, 30, 20]])
    assert (region.x, region.y, region.pixels.shape) == (10, 10, (10, 20, 3))
    assert np.array_equal(region.pixels, cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_NV12)[10:20, 10:30])


def test_what_makes_no_sense():
    image = noise(40, 60, 3)
    with pytest.raises(ValueError, match="margin"):
        ty.crop(image, [[1, 1, 5, 5]], margin=-1)
    with pytest.raises(TypeError, match=r"\[n, 4\]"):
        ty.crop(image, [[1, 1, 5]])
    with pytest.raises(TypeError, match="found 'boxes'"):
        ty.crop(image, "boxes")
    with pytest.raises(ValueError, match="has no boxes"):
        ty.crop(image, ty.ClsResult(np.zeros(1, int), np.ones(1)))
    result = ty.Model(model_file("detect"), BGR).predict(picture())
    with pytest.raises(ValueError, match="60 x 40"):
        ty.crop(image, result)


def regions_of(image, boxes, margin):
    """Upright boxes, by hand."""
    low, high = boxes[:, :2], boxes[:, 2:]
    reach = margin * (high - low)
    left, top = np.maximum(np.floor(low - reach), 0).astype(int).T
    right, bottom = np.minimum(np.ceil(high + reach), image.shape[1::-1]).astype(int).T
    return [image[t:b, le:r] for le, t, r, b in zip(left, top, right, bottom, strict=True)]


def test_a_second_model_says_what_it_says_of_the_regions():
    image = picture()
    found = ty.DetectModel(model_file("detect"), BGR).predict(image)
    classify = ty.ClassifyModel(model_file("classify"), BGR)
    results = classify.predict_crops(image, found, margin=0.1)
    assert len(results) == len(found) > 0
    alone = classify.predict(regions_of(image, np.asarray(found.boxes), 0.1))
    for result, wanted in zip(results, alone, strict=True):
        assert isinstance(result, ty.ClsResult)
        assert result.classes.tolist() == wanted.classes.tolist()
        assert result.scores.tolist() == wanted.scores.tolist()
        assert result.image_size == image.shape[1::-1]


def test_boxes_and_points_are_in_pixels_of_the_image():
    image = picture("pose")
    pose = ty.PoseModel(model_file("pose"), BGR)
    boxes = np.array([[100, 80, 500, 470]], np.float32)
    (moved,) = pose.predict_crops(image, boxes)
    region = pose.predict(image[80:470, 100:500])
    assert len(moved) == len(region) > 0
    assert np.asarray(moved.boxes) == pytest.approx(np.asarray(region.boxes) + [100, 80, 100, 80], abs=1e-3)
    points, wanted = (np.asarray(result.keypoints)[..., :2] for result in (moved, region))
    assert points == pytest.approx(wanted + [100, 80], abs=1e-3)


def test_objects_beyond_the_image_have_results_without_objects():
    (result,) = ty.Model(model_file("detect"), BGR).predict_crops(picture(), [[-9, -9, -1, -1]])
    assert len(result) == 0 and result.names[0] == "circle"
    assert ty.Model(model_file("detect"), BGR).predict_crops(picture(), np.zeros((0, 4), np.float32)) == []


def test_wrong_pairs():
    depth = ty.Model(pathlib.Path(__file__).parents[1] / "app/models/depth.onnx")
    with pytest.raises(ValueError, match="'depth'"):
        depth.predict_crops(picture(), [[1, 1, 50, 50]])
    classify = ty.ClassifyModel(model_file("classify"), BGR)
    with pytest.raises(ValueError, match="has no boxes"):
        classify.predict_crops(picture(), classify.predict(picture()))


def test_clones_and_a_pool_in_threads_give_what_one_model_gives():
    image = picture("obb")
    found = ty.OBBModel(model_file("obb"), BGR).predict(image)
    classify = ty.ClassifyModel(model_file("classify"), ty.InferOption(swap_rb=True, streams=2))
    wanted = classify.predict_crops(image, found)
    assert len(wanted) > 0
    wrong = []

    def compare(predictor):
        for _ in range(3):
            results = predictor.predict_crops(image, found)
            wrong.extend(not same(a, b) for a, b in zip(results, wanted, strict=True))

    with ty.Pool(classify) as pool:
        threads = [threading.Thread(target=compare, args=(p,)) for p in [*(classify.clone() for _ in range(8)), pool]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(wrong) == 9 * 3 * len(wanted) and not any(wrong)
