"""Everything that predict() takes gives the same result; everything else is refused and named."""

import struct
import sys
import types
import zlib

import cv2
import numpy as np
import PIL.Image
import pytest
from conftest import SHAPES, OnlyArrayInterface, OnlyDlpack, model_file, picture, references, same

import tensorrt_yolo as ty
from tensorrt_yolo.images import pixels_of
from tensorrt_yolo.loaded import is_of

FILE = references("detect")[0][0]


@pytest.fixture(scope="module")
def rgb_model():
    return ty.DetectModel(model_file("detect"))


@pytest.fixture(scope="module")
def bgr_model():
    return ty.DetectModel(model_file("detect"), ty.InferOption().enable_swap_rb())


@pytest.fixture(scope="module")
def expected(bgr_model):
    result = bgr_model.predict(picture())
    assert result.num == 2
    return result


def padded(image):
    """The same picture inside a larger one: rows further apart than they are long."""
    large = np.full((image.shape[0] + 7, image.shape[1] + 11, image.shape[2]), 255, np.uint8)
    large[3:-4, 5:-6] = image
    return large[3:-4, 5:-6]


def read_only(image):
    image = image.copy()
    image.flags.writeable = False
    return image


LAYOUTS = {
    "contiguous": lambda image: image,
    "slice of a larger one": padded,
    "channels reversed in memory": lambda image: image[..., ::-1].copy()[..., ::-1],
    "rows upward": lambda image: image[::-1].copy()[::-1],
    "columns leftward": lambda image: image[:, ::-1].copy()[:, ::-1],
    "every other row": lambda image: np.repeat(image, 2, axis=0)[::2],
    "every other column": lambda image: np.repeat(image, 2, axis=1)[:, ::2],
    "channels first in memory": lambda image: image.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    "columns first in memory": np.asfortranarray,
    "the first three of four channels": lambda image: np.dstack([image, image[..., :1]])[..., :3],
    "four channels": lambda image: np.dstack([image, np.full(image.shape[:2], 7, np.uint8)]),
    "read only": read_only,
    "memoryview": lambda image: memoryview(image),
    "DLPack": OnlyDlpack,
    "array interface": OnlyArrayInterface,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout(rgb_model, bgr_model, expected, layout):
    bgr = picture()
    image = LAYOUTS[layout](bgr)
    before = np.array(image if isinstance(image, np.ndarray) else bgr)
    assert same(bgr_model.predict(image), expected)
    assert same(rgb_model.predict(LAYOUTS[layout](cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))), expected)
    assert np.array_equal(image if isinstance(image, np.ndarray) else bgr, before)


def test_the_usual_view_is_not_copied_wrongly(rgb_model, expected):
    assert same(rgb_model.predict(picture()[..., ::-1]), expected)


@pytest.mark.parametrize("kind", [str, lambda path: path, PIL.Image.open])
@pytest.mark.parametrize("bgr", [False, True])
def test_paths_and_pil_images_are_understood_by_any_model(rgb_model, bgr_model, tmp_path, kind, bgr):
    file = tmp_path / "Größe & Maß.png"  # without loss, so that all readers give the same pixels
    PIL.Image.fromarray(cv2.cvtColor(picture(), cv2.COLOR_BGR2RGB)).save(file)
    model, array = (bgr_model, picture()) if bgr else (rgb_model, picture()[..., ::-1])
    assert same(model.predict(kind(file)), model.predict(array))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1"])
def test_modes_of_pil(rgb_model, bgr_model, mode):
    image = PIL.Image.fromarray(cv2.cvtColor(picture(), cv2.COLOR_BGR2RGB)).convert(mode)
    wanted = rgb_model.predict(np.asarray(image.convert("RGB")))
    assert same(rgb_model.predict(image), wanted) and same(bgr_model.predict(image), wanted)


def test_grey(rgb_model, bgr_model):
    grey = cv2.cvtColor(picture(), cv2.COLOR_BGR2GRAY)
    wanted = rgb_model.predict(np.dstack([grey] * 3))
    for image in (grey, grey[..., None], np.asfortranarray(grey), np.repeat(grey, 2, axis=1)[:, ::2]):
        assert same(rgb_model.predict(image), wanted) and same(bgr_model.predict(image), wanted)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (40, 1, 3), (1, 1), (3, 4, 4)])
def test_small_images(rgb_model, shape):
    image = np.full(shape, 200, np.uint8)
    for view in (image, image[::-1], image[:, ::-1], np.asfortranarray(image)):
        rgb_model.predict(view)


def test_lists_of_different_kinds(bgr_model, expected, tmp_path):
    file = tmp_path / "x.png"
    cv2.imwrite(str(file), picture())
    kinds = [picture(), str(file), PIL.Image.open(file), padded(picture()), OnlyDlpack(picture()), file]
    assert all(same(result, expected) for result in bgr_model.predict(kinds))


def test_torch(bgr_model, rgb_model, expected):
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(picture())
    for image in (tensor, tensor.permute(2, 0, 1).contiguous().permute(1, 2, 0)):
        assert same(bgr_model.predict(image), expected)
    assert same(rgb_model.predict(tensor.flip(2)), expected)
    for wrong, error in ((tensor.float(), TypeError), (tensor.permute(2, 0, 1), ValueError), (tensor[:0], ValueError)):
        with pytest.raises(error):
            rgb_model.predict(wrong)


def test_pillow_reads_as_opencv_does(monkeypatch, tmp_path):
    turned = tmp_path / "turned.jpg"
    image = PIL.Image.open(FILE)
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees
    image.save(turned, exif=exif, quality=100)
    for bgr in (False, True):
        by_opencv = [pixels_of(path.read_bytes(), bgr, "") for path in (FILE, turned)]
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "cv2", None)
            by_pillow = [pixels_of(path.read_bytes(), bgr, "") for path in (FILE, turned)]
        assert by_opencv[1].shape == (image.width, image.height, 3)
        for a, b in zip(by_opencv, by_pillow):
            assert a.shape == b.shape and np.abs(a.astype(int) - b).mean() < 2
            assert np.abs(a[..., ::-1].astype(int) - b).mean() > 10


@pytest.mark.parametrize("codec", ["OpenCV", "Pillow"])
def test_files_that_are_decoded_at_a_fraction_of_their_size(monkeypatch, tmp_path, codec):
    large, exif = tmp_path / "large.jpg", PIL.Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees
    PIL.Image.open(FILE).resize((2001, 1503), PIL.Image.Resampling.BICUBIC).save(large, quality=95, exif=exif)
    shapes = []

    def decode_by_cpu(data, bgr, divisor=1):
        shapes.append(decode(data, bgr, divisor).shape)
        return decode(data, bgr, divisor)

    decode = ty.images.decode_by_cpu
    monkeypatch.setattr(ty.images, "decode_by_cpu", decode_by_cpu)
    if codec == "Pillow":
        monkeypatch.setitem(sys.modules, "cv2", None)
    whole = ty.DetectModel(model_file("detect")).predict(large)
    fast = ty.DetectModel(model_file("detect"), ty.InferOption().set_fast_decode()).predict(large)
    assert shapes == [(2001, 1503, 3), (1001, 752, 3)]
    assert fast.image_size == whole.image_size == (1503, 2001) and fast.num == whole.num > 0
    assert np.abs(fast.boxes - whole.boxes).max() < 6


def test_nothing_that_reads_pictures(monkeypatch, rgb_model):
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="install"):
        rgb_model.predict(FILE)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# A PNG file of 100000 x 100000 pixels, without most of them.
HEAD = struct.pack(">IIBBBBB", 100000, 100000, 8, 2, 0, 0, 0)
BOMB = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", HEAD) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("reader", ["cv2", "PIL"])
def test_files_that_cannot_be_read_are_value_errors_with_their_names(bgr_model, monkeypatch, tmp_path, reader):
    if reader == "PIL":
        monkeypatch.setitem(sys.modules, "cv2", None)
    whole = FILE.read_bytes()
    for name, data in (("bomb.png", BOMB), ("cut.jpg", whole[: len(whole) // 2]), ("x.png", b"x"), ("none.jpg", b"")):
        file = tmp_path / name
        file.write_bytes(data)
        for image in (file, str(file)):
            with pytest.raises(ValueError, match=name):
                bgr_model.predict(image)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_files(rgb_model, bgr_model, expected, kind):
    data = cv2.imencode(".png", picture())[1].tobytes()
    assert same(bgr_model.predict(kind(data)), expected)
    assert same(rgb_model.predict([kind(data), picture()[..., ::-1]])[0], expected)


def test_lists_of_encoded_images(bgr_model, expected, tmp_path):
    data = cv2.imencode(".png", picture())[1].tobytes()
    (tmp_path / "good.png").write_bytes(data)
    (tmp_path / "bad.png").write_bytes(b"x")
    for found in bgr_model.predict([data, tmp_path / "good.png"] * 10):
        assert same(found, expected)
    with pytest.raises(ty.DecodeError, match=r"images\[3\]: predict: '.*bad.png': not an image"):
        bgr_model.predict([data, data, data, tmp_path / "bad.png", data])
    scattered = memoryview(bytes(byte for one in data for byte in (one, 0)))[::2]
    assert same(bgr_model.predict(scattered), expected)


def test_arrays_that_are_more_than_arrays(bgr_model, expected, tmp_path):
    np.save(tmp_path / "x.npy", picture())

    class Mine(np.ndarray):
        pass

    for image in (np.load(tmp_path / "x.npy", mmap_mode="r"), picture().view(Mine)):
        assert same(bgr_model.predict(image), expected)


def test_what_to_do_with_other_values(bgr_model):
    for values, advice in ((np.uint16, "Image.gray16.*image >> 8"), (np.float32, "image \\* 255"), (np.int32, "clip")):
        with pytest.raises(TypeError, match=advice):
            bgr_model.predict(GOOD.astype(values))


def test_sixteen_bits_of_files(bgr_model, monkeypatch, tmp_path):
    file = tmp_path / "x.png"
    cv2.imwrite(str(file), np.full((4, 4), 40000, np.uint16))
    by_opencv = pixels_of(file.read_bytes(), True, "")
    monkeypatch.setitem(sys.modules, "cv2", None)
    by_pillow = pixels_of(file.read_bytes(), True, "")
    assert by_opencv.max() == by_pillow.max() == by_opencv.min() == 40000 // 256


def test_the_index_in_a_list(bgr_model, tmp_path):
    (tmp_path / "x.png").write_bytes(b"x")
    for wrong in (GOOD.astype(float), GOOD[:0], tmp_path / "x.png", 7):
        with pytest.raises((TypeError, ValueError), match=r"images\[2\]: "):
            bgr_model.predict([GOOD, GOOD, wrong])


GOOD = np.zeros((8, 8, 3), np.uint8)

# A JPEG file of 8 x 8 grey pixels with 12 bits each.
DEEP = bytes.fromhex(
    f"ffd8ffdb004300{'01' * 64}ffc1000b0c0008000801011100"
    f"ffc400140001{'00' * 16}ffc400141001{'00' * 16}ffda0008010100003f003fffd9"
)
WRONG = {
    "float": (GOOD.astype(np.float32), TypeError, "float32"),
    "double": (GOOD.astype(float), TypeError, "float64"),
    "signed": (GOOD.astype(np.int8), TypeError, "int8"),
    "16 bits": (GOOD.astype(np.uint16), TypeError, "uint16"),
    "bool": (GOOD.astype(bool), TypeError, "bool"),
    "objects": (GOOD.astype(object), TypeError, "object"),
    "empty": (GOOD[:0], ValueError, r"\(0, 8, 3\), which is empty"),
    "no columns": (GOOD[:, :0], ValueError, "empty"),
    "no channels": (GOOD[..., :0], ValueError, "empty"),
    "two channels": (GOOD[..., :2], ValueError, r"\(8, 8, 2\)"),
    "channels first": (GOOD.transpose(2, 0, 1), ValueError, "transpose"),
    "one dimension": (GOOD.ravel(), ValueError, r"\(192,\)"),
    "no dimension": (np.array(7, np.uint8), ValueError, "shape"),
    "a batch": (GOOD[None], ValueError, "list"),
    "bytes": (b"JFIF", ValueError, "shape"),
    "number": (7, TypeError, "int"),
    "none": (None, TypeError, "NoneType"),
    "generator": ((x for x in [GOOD]), TypeError, "generator"),
    "dictionary": ({"image": GOOD}, TypeError, "dict"),
    "DLPack of floats": (OnlyDlpack(GOOD.astype(np.float32)), TypeError, "float32"),
    "array interface of floats": (OnlyArrayInterface(GOOD.astype(np.float32)), TypeError, "float32"),
    "PIL of 16 bits": (PIL.Image.fromarray(np.zeros((4, 4), np.uint16)), ValueError, "mode"),
    "PIL of floats": (PIL.Image.fromarray(np.zeros((4, 4), np.float32)), ValueError, "mode"),
    "masked": (np.ma.masked_equal(GOOD, 1), TypeError, "masked array"),
    "matrix": (np.matrix(GOOD[..., 0]), TypeError, "numpy.asarray"),
    "bytes that are cut off": (FILE.read_bytes()[:900], ValueError, "cut off"),
    "12 bits": (DEEP, ValueError, "with 12 bits a channel, which this version of OpenCV"),
    "no bytes": (b"", ValueError, "0 bytes"),
    "a bomb": (BOMB, ValueError, "OpenCV cannot decode|100000 x 100000 pixels takes 30000 MB"),
    "missing file": (SHAPES / "none.jpg", FileNotFoundError, "none.jpg"),
    "a folder": (SHAPES, IsADirectoryError, "shapes"),
    "not a picture": (__file__, ValueError, "test_inputs"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_images_are_named(bgr_model, expected, what):
    image, error, text = WRONG[what]
    for images in (image, [picture(), image]):
        with pytest.raises(error, match=text):
            bgr_model.predict(images)
    assert same(bgr_model.predict(picture()), expected)


def test_size_that_was_promised():
    model = ty.DetectModel(model_file("detect"), ty.InferOption(input_dimensions=(500, 375)))
    model.predict(picture())
    with pytest.raises(ValueError, match="500 x 375"):
        model.predict(picture()[1:])


class OnGpu:
    """Says that it is in the memory of a GPU."""

    def __init__(self, typestr="|u1", shape=(8, 8, 3)):
        self.__cuda_array_interface__ = {"typestr": typestr, "shape": shape, "data": (4096, False), "version": 3}


def test_images_on_a_gpu_are_refused_by_a_model_on_the_cpu(bgr_model, monkeypatch):
    monkeypatch.setattr("tensorrt_yolo._cuda.device_of", lambda pointer: 0)
    with pytest.raises(ValueError, match="GPU 0, and the model runs on the CPU"):
        bgr_model.predict(OnGpu())
    with pytest.raises(TypeError, match="<f4"):
        bgr_model.predict(OnGpu("<f4"))
    with pytest.raises(ValueError, match="shape"):
        bgr_model.predict(OnGpu(shape=(0, 8, 3)))
    with pytest.raises(ValueError, match="channels"):
        bgr_model.predict(OnGpu(shape=(3, 8, 8)))


@pytest.mark.parametrize(("module", "name"), [("torch", "Tensor"), ("PIL.Image", "Image")])
def test_another_thread_imports_at_this_moment(module, name, monkeypatch):
    """A module that is being imported is known already, but has none of its classes yet."""
    model = ty.DetectModel(model_file("detect"), ty.InferOption(swap_rb=True))
    monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    assert not is_of(module, name, object())
    assert len(model.predict(picture())) > 0
    assert ty.Image.yuyv(np.zeros((4, 8, 2), np.uint8)).width == 8
