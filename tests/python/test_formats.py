"""Images in YUV and in grey of 16 bits: what the picture that they stand for gives, and refusals."""

import pickle

import cv2
import numpy as np
import pytest
from conftest import OnlyArrayInterface, OnlyDlpack, model_file, picture, same

import tensorrt_yolo as ty
from tensorrt_yolo import Image


def even(image):
    return np.ascontiguousarray(image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])


@pytest.fixture(scope="module")
def rgb_model():
    return ty.DetectModel(model_file("detect"))


@pytest.fixture(scope="module")
def bgr_model():
    return ty.DetectModel(model_file("detect"), ty.InferOption(swap_rb=True))


@pytest.fixture(scope="module")
def i420():
    return cv2.cvtColor(even(picture()), cv2.COLOR_BGR2YUV_I420)


def planes_of(i420):
    """Y, U and V."""
    height, width = i420.shape[0] // 3 * 2, i420.shape[1]
    u, v = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], u, v


def nv12_of(i420):
    y, u, v = planes_of(i420)
    return np.vstack([y, np.dstack([u, v]).reshape(u.shape[0], -1)])


def yuyv_of(i420):
    y, u, v = planes_of(i420)
    chroma = np.stack([u, v], axis=-1).repeat(2, axis=0).reshape(y.shape)
    return np.dstack([y, chroma])


def gapped(array):
    """The same values in a larger array."""
    large = np.full((array.shape[0] + 3, array.shape[1] + 5, *array.shape[2:]), 255, array.dtype)
    large[1:-2, 2:-3] = array
    return large[1:-2, 2:-3]


FORMATS = {
    "I420": Image.i420,
    "I420 with gaps": lambda frame: Image.i420(gapped(frame)),
    "I420 of planes": lambda frame: Image.i420(planes_of(frame)),
    "I420 of planes with gaps": lambda frame: Image.i420([gapped(plane) for plane in planes_of(frame)]),
    "NV12": lambda frame: Image.nv12(nv12_of(frame)),
    "NV12 with gaps": lambda frame: Image.nv12(gapped(nv12_of(frame))),
    "NV12 upside down in memory": lambda frame: Image.nv12(nv12_of(frame)[::-1].copy()[::-1]),
    "NV12 of planes": lambda frame: Image.nv12((planes_of(frame)[0], np.dstack(planes_of(frame)[1:]))),
    "NV12 of flat planes": lambda frame: Image.nv12(np.split(nv12_of(frame), [len(frame) // 3 * 2])),
    "YUYV": lambda frame: Image.yuyv(yuyv_of(frame)),
    "YUYV of bytes": lambda frame: Image.yuyv(yuyv_of(frame).reshape(len(frame) // 3 * 2, -1)),
    "YUYV with gaps": lambda frame: Image.yuyv(gapped(yuyv_of(frame))),
    "array interface": lambda frame: Image.i420(OnlyArrayInterface(frame)),
    "DLPack": lambda frame: Image.i420(OnlyDlpack(frame)),
    "memoryview": lambda frame: Image.i420(memoryview(frame)),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_yuv_is_what_opencv_makes_of_it(rgb_model, bgr_model, i420, kind):
    image = FORMATS[kind](i420)
    assert (image.height, image.width) == even(picture()).shape[:2]
    assert same(rgb_model.predict(image), rgb_model.predict(cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420)))
    wanted = bgr_model.predict(cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420))
    assert wanted.num == 2
    assert same(bgr_model.predict(image), wanted)


@pytest.mark.parametrize("kind", FORMATS)
def test_as_an_array_it_is_what_opencv_makes_of_it(i420, kind):
    image = FORMATS[kind](i420)
    found = image.to_bgr()
    assert np.array_equal(found, cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420))
    found[:] = 0  # it is an array of its own
    assert image.to_bgr().any()


def test_grey_of_16_bits_as_an_array():
    assert Image.gray16(np.uint16([[0, 65535, 5000]]), 0, 10000).to_bgr().tolist() == [[[0] * 3, [255] * 3, [128] * 3]]


def test_results_are_drawn_into_it(bgr_model, i420):
    pixels = cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420)
    for kind in ("I420", "NV12", "YUYV"):
        image = FORMATS[kind](i420)
        found = bgr_model.predict(image)
        assert np.array_equal(found.plot(image), found.plot(pixels))


def test_images_survive_a_pickle(rgb_model, i420):
    for kind in ("I420 of planes with gaps", "NV12"):
        image = pickle.loads(pickle.dumps(FORMATS[kind](i420)))
        assert same(rgb_model.predict(image), rgb_model.predict(FORMATS[kind](i420)))


def test_a_frame_of_two_channels_is_no_array_of_pixels(rgb_model, i420):
    with pytest.raises(ValueError, match=r"Image\.yuyv\(frame\)"):
        rgb_model.predict(yuyv_of(i420))


def test_matrix_and_range_matter(rgb_model, i420):
    scores = {
        rgb_model.predict(Image.i420(i420, matrix=matrix, range=values)).scores.tobytes()
        for matrix in ("bt601", "bt709")
        for values in ("limited", "full")
    }
    assert len(scores) == 4


def test_odd_sides(rgb_model):
    luma = np.full((5, 7), 99, np.uint8)
    chroma = np.full((3, 4), 120, np.uint8)
    rgb_model.predict(Image.i420((luma, chroma, chroma)))
    image = Image.nv12((luma, np.full((3, 8), 120, np.uint8)))
    assert repr(image) == "Image(nv12, 7 x 5)"
    assert rgb_model.predict(image).image_size == (7, 5)


def test_grey_of_16_bits(rgb_model):
    grey = cv2.cvtColor(picture(), cv2.COLOR_BGR2GRAY)
    deep = grey.astype(np.uint16) * 37 + 1000
    wanted = rgb_model.predict(grey)
    for array in (deep, gapped(deep), deep.astype(">u2"), deep[:, ::-1].copy()[:, ::-1]):
        assert same(rgb_model.predict(Image.gray16(array, 1000, 1000 + 37 * 255)), wanted)
    assert same(rgb_model.predict(Image.gray16(grey.astype(np.uint16) * 257)), wanted)


def test_torch(rgb_model, i420):
    torch = pytest.importorskip("torch")
    assert same(rgb_model.predict(Image.i420(torch.from_numpy(i420))), rgb_model.predict(Image.i420(i420)))


def test_lists_and_pools_mix_formats(bgr_model, i420):
    images = [Image.i420(i420), picture(), Image.nv12(nv12_of(i420)), Image.gray16(np.ones((9, 9), np.uint16))]
    wanted = [bgr_model.predict(image) for image in images]
    assert all(map(same, bgr_model.predict(images), wanted))
    with ty.Pool(bgr_model) as pool:
        assert all(map(same, pool.predict(images), wanted))
        futures = [pool.submit(FORMATS["NV12"](i420)) for _ in range(8)]  # nothing else holds these
        assert all(same(future.result(), wanted[0]) for future in futures)


GREY = np.zeros((6, 8), np.uint8)
WRONG = {
    "floats": (lambda: Image.nv12(GREY.astype(float)), TypeError, "Image.nv12: .* uint8 are needed, found float64"),
    "8 bits": (lambda: Image.gray16(GREY), TypeError, "uint16 are needed, found uint8"),
    "signed": (lambda: Image.gray16(GREY.astype(np.int16)), TypeError, "found int16"),
    "one dimension": (lambda: Image.yuyv(GREY.ravel()), ValueError, r"found the shape \(48,\)"),
    "rows that are no third": (lambda: Image.nv12(GREY[:5]), ValueError, r"height \* 3 / 2.*\(5, 8\)"),
    "odd": (lambda: Image.i420(GREY[:, :7]), ValueError, "plane by plane"),
    "one plane": (lambda: Image.nv12([GREY]), ValueError, "2 planes are needed, or one array, found 1"),
    "two planes": (lambda: Image.i420([GREY, GREY]), ValueError, "3 planes"),
    "chroma of other rows": (lambda: Image.nv12([GREY, GREY]), ValueError, "3 rows of 8 bytes, found 6 of 8"),
    "chroma of other columns": (lambda: Image.i420([GREY, GREY[:3], GREY[:3, :4]]), ValueError, "3 rows of 4 bytes"),
    "half a pair": (lambda: Image.yuyv(GREY[:, :6]), ValueError, "each two pixels have 4 bytes"),
    "empty": (lambda: Image.gray16(np.zeros((0, 4), np.uint16)), ValueError, "must have pixels, found 4 x 0"),
    "no columns": (lambda: Image.nv12([GREY[:, :0], GREY[:3, :0]]), ValueError, "must have pixels"),
    "matrix": (lambda: Image.nv12(GREY, matrix="bt2020"), ValueError, "'bt2020'"),
    "range": (lambda: Image.nv12(GREY, range="tv"), ValueError, "'tv'"),
    "window": (lambda: Image.gray16(GREY.astype(np.uint16), 7, 7), ValueError, "found 7 to 7"),
    "large window": (lambda: Image.gray16(GREY.astype(np.uint16), 0, 65536), ValueError, "found 0 to 65536"),
    "masked": (lambda: Image.nv12(np.ma.masked_equal(GREY, 1)), TypeError, "mask"),
    "the class": (lambda: Image(), TypeError, "Image.nv12"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_frames_are_named(what):
    make, error, text = WRONG[what]
    with pytest.raises(error, match=text):
        make()


def test_size_that_was_promised():
    model = ty.DetectModel(model_file("detect"), ty.InferOption(input_dimensions=(8, 4)))
    model.predict(Image.nv12(GREY))
    with pytest.raises(ValueError, match="8 x 4"):
        model.predict(Image.yuyv(GREY))


class OnGpu:
    """Says that it is in the memory of a GPU."""

    def __init__(self, shape=(6, 8), typestr="|u1", strides=None):
        self.__cuda_array_interface__ = {
            "typestr": typestr,
            "shape": shape,
            "strides": strides,
            "data": (4096, False),
            "version": 3,
        }


def test_parts_of_arrays_on_a_gpu():
    def found(image):
        return [plane.__cuda_array_interface__ for plane in image._planes]

    described = found(Image.nv12(OnGpu(strides=(16, 1))))
    assert [(each["data"][0], each["shape"], each["strides"]) for each in described] == [
        (4096, (4, 8), (16, 1)),
        (4096 + 4 * 16, (2, 8), (16, 1)),
    ]
    described = found(Image.i420(OnGpu()))
    assert [(each["data"][0], each["shape"], each["strides"]) for each in described] == [
        (4096, (4, 8), (8, 1)),
        (4096 + 32, (2, 4), (4, 1)),
        (4096 + 40, (2, 4), (4, 1)),
    ]
    described = found(Image.gray16(OnGpu((3, 5), "<u2", (32, 2))))
    assert [(each["typestr"], each["shape"], each["strides"]) for each in described] == [("|u1", (3, 10), (32, 1))]
    assert found(Image.yuyv(OnGpu((3, 4, 2))))[0]["shape"] == (3, 8)
    for wrong, error in (
        (lambda: Image.i420(OnGpu(strides=(16, 1))), ValueError),
        (lambda: Image.nv12(OnGpu(strides=(8, 2))), ValueError),
        (lambda: Image.nv12(OnGpu(typestr="<u2")), TypeError),
        (lambda: Image.gray16(OnGpu(typestr=">u2")), TypeError),
        (lambda: Image.yuyv(OnGpu((48,))), ValueError),
    ):
        with pytest.raises(error):
            wrong()


def test_dlpack_alone_does_not_do_on_a_gpu():
    class Elsewhere(OnlyDlpack):
        def __dlpack_device__(self):
            return 2, 0

    with pytest.raises(TypeError, match="__cuda_array_interface__, found Elsewhere"):
        Image.nv12(Elsewhere(GREY))


def test_frames_on_a_gpu_are_refused_by_a_model_on_the_cpu(rgb_model, monkeypatch):
    monkeypatch.setattr("tensorrt_yolo._cuda.device_of", lambda pointer: 0)
    with pytest.raises(ValueError, match="GPU 0, and the model runs on the CPU"):
        rgb_model.predict(Image.nv12(OnGpu()))
