"""Images in the memory of a GPU: read where they lie, in the order of the caller's stream.

Skipped without a GPU or torch. Environment: TRTYOLO_TEST_ENGINES, a folder with detect-f32.engine (of
data/shapes/detect.onnx); without it the engine is built, which takes about half a minute.
"""

import concurrent.futures
import json
import logging
import os
import pathlib
import time

import cv2
import numpy as np
import pytest
from conftest import model_file, picture, references, same
from test_formats import even, nv12_of, planes_of, yuyv_of

import tensorrt_yolo as ty

torch = pytest.importorskip("torch")
if "not usable" in ty.backends().get("tensorrt", "not usable") or not torch.cuda.is_available():
    pytest.skip("there is no GPU that the package can use", allow_module_level=True)

ON_GPU = ty.InferOption(swap_rb=True, cuda_memory=True)
IN_HOST = ty.InferOption(swap_rb=True)


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    there = pathlib.Path(os.environ.get("TRTYOLO_TEST_ENGINES", ".")) / "detect-f32.engine"
    if there.exists():
        return there
    file = tmp_path_factory.mktemp("engine") / "detect.engine"
    ty.build_engine(model_file("detect"), file, optimization_level=0)
    return file


@pytest.fixture(scope="module")
def models(engine):
    """(for images on the GPU, for images in host memory), on one file."""
    return ty.DetectModel(engine, ON_GPU), ty.DetectModel(engine, IN_HOST)


class Interface:
    """Memory of a tensor by __cuda_array_interface__ alone."""

    def __init__(self, tensor, stream=None):
        self.tensor = tensor
        self.__cuda_array_interface__ = {**tensor.__cuda_array_interface__, "stream": stream}


class DlPack:
    """The same by DLPack alone."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, **options):
        return self.tensor.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


def test_equal_to_images_in_host_memory(models):
    on_gpu, in_host = models
    for i in range(8):
        pixels = picture(index=i)
        tensor = torch.from_numpy(pixels).cuda()
        expected = in_host.predict(pixels)
        assert expected.num
        for image in (tensor, Interface(tensor), Interface(tensor, 1), DlPack(tensor)):
            assert same(on_gpu.predict(image), expected)


def test_equal_to_the_references(models):
    on_gpu, _ = models
    for file, image in references("detect"):
        found = on_gpu.predict(torch.from_numpy(cv2.imread(str(file))).cuda())
        assert found.num == len(image["objects"])
        for box, known in zip(found.boxes.xyxy(), image["objects"]):
            assert np.abs(box - known["box"]).max() < 0.5


def test_parts_of_a_tensor(models):
    on_gpu, in_host = models
    pixels = picture()
    tensor = torch.from_numpy(pixels).cuda()
    for part in (np.s_[10:300, 20:400], np.s_[:, ::2], np.s_[::3], np.s_[..., [2, 1, 0]]):
        assert same(on_gpu.predict(tensor[part]), in_host.predict(np.ascontiguousarray(pixels[part])))
    assert same(on_gpu.predict(tensor.permute(2, 0, 1).contiguous().permute(1, 2, 0)), in_host.predict(pixels))


def test_formats(models):
    on_gpu, in_host = models
    i420 = cv2.cvtColor(even(picture()), cv2.COLOR_BGR2YUV_I420)
    deep = cv2.cvtColor(picture(), cv2.COLOR_BGR2GRAY).astype(np.uint16) * 257

    def on_device(array):
        return torch.from_numpy(np.ascontiguousarray(array)).cuda()

    for make, frame in ((ty.Image.i420, i420), (ty.Image.nv12, nv12_of(i420)), (ty.Image.yuyv, yuyv_of(i420))):
        expected = in_host.predict(make(frame))
        tensor = on_device(frame)
        assert expected.num
        for image in (make(tensor), make(Interface(tensor)), make(torch.cat([tensor, tensor])[: len(frame)])):
            assert same(on_gpu.predict(image), expected)
            assert np.array_equal(image.to_bgr(), make(frame).to_bgr())
    planes = [on_device(plane) for plane in planes_of(i420)]
    assert same(on_gpu.predict(ty.Image.i420(planes)), in_host.predict(ty.Image.i420(i420)))
    assert same(on_gpu.predict(ty.Image.gray16(on_device(deep))), in_host.predict(ty.Image.gray16(deep)))
    assert same(in_host.predict(ty.Image.i420(planes)), in_host.predict(ty.Image.i420(i420)))
    assert same(on_gpu.predict(ty.Image.i420(i420)), in_host.predict(ty.Image.i420(i420)))


def test_what_is_on_the_wrong_side(models):
    on_gpu, in_host = models
    pixels = picture()
    tensor = torch.from_numpy(pixels).cuda()
    expected = in_host.predict(pixels)
    for model in models:  # each image is taken from where it is
        for result in (model.predict(tensor), model.predict(pixels), *model.predict([pixels, tensor])):
            assert same(result, expected)
    with pytest.raises(TypeError, match="uint8"):
        on_gpu.predict(tensor.float())
    with pytest.raises(ValueError, match="pixels"):
        on_gpu.predict(tensor[:0])


def test_the_order_of_the_callers_stream(models):
    """What the caller's stream has queued is done before the image is read."""
    on_gpu, in_host = models
    pixels = picture()
    expected = in_host.predict(pixels)
    source = torch.from_numpy(pixels).cuda()
    for kind in (lambda tensor, stream: tensor, lambda tensor, stream: Interface(tensor, stream.cuda_stream)):
        for _ in range(5):
            stream = torch.cuda.Stream()
            with torch.cuda.stream(stream):
                image = torch.zeros_like(source)
                torch.cuda._sleep(50_000_000)  # cycles: some 25 ms
                image.copy_(source)
                found = on_gpu.predict(kind(image, stream))
            assert same(found, expected)


def test_no_pixel_passes_through_the_host(models, tmp_path):
    """Seen by the profiler: what is copied from and to the host is much less than a picture, for it is results."""
    on_gpu, in_host = models
    pixels = np.ascontiguousarray(np.tile(picture(), (4, 4, 1)))
    assert pixels.nbytes > 5_000_000

    def copied(predict, image):
        for _ in range(3):
            predict(image)
        torch.cuda.synchronize()
        activities = [torch.profiler.ProfilerActivity.CUDA, torch.profiler.ProfilerActivity.CPU]
        with torch.profiler.profile(activities=activities) as profile:
            predict(image)
            torch.cuda.synchronize()
        profile.export_chrome_trace(str(tmp_path / "trace.json"))
        events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
        assert any("letterbox" in event.get("name", "").lower() for event in events)  # the call itself was seen
        copies = [event for event in events if event.get("cat") == "gpu_memcpy"]
        return sum(event["args"]["bytes"] for event in copies if "DtoD" not in event["name"])

    # A picture in host memory is scaled before it is copied: 640 x 480 pixels of 4 bytes.
    assert copied(in_host.predict, pixels) > 1_000_000
    assert copied(on_gpu.predict, torch.from_numpy(pixels).cuda()) < 100_000


def test_threads_and_pools(models):
    on_gpu, _ = models
    tensors = [torch.from_numpy(picture(index=i)).cuda() for i in range(4)]
    expected = [on_gpu.predict(tensor) for tensor in tensors]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        clones = [on_gpu.clone() for _ in range(4)]
        for _ in range(20):
            assert all(map(same, threads.map(lambda clone, image: clone.predict(image), clones, tensors), expected))
    with ty.Pool(on_gpu) as pool:
        assert all(map(same, pool.map(tensors * 10), expected * 10))
        futures = [pool.submit(tensor) for tensor in tensors * 5]
        assert all(same(future.result(), wanted) for future, wanted in zip(futures, expected * 5))


def test_the_callers_device_stays(models):
    before = torch.cuda.current_device()
    models[0].predict(torch.from_numpy(picture()).cuda())
    assert torch.cuda.current_device() == before


def test_what_tensorrt_says_goes_to_the_logger(engine, caplog):
    with caplog.at_level(logging.DEBUG, "tensorrt_yolo"):
        ty.DetectModel(engine, IN_HOST).predict(picture())
        deadline = time.monotonic() + 10  # messages come by a thread of their own
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
    assert any(message.startswith("TensorRT: ") for message in caplog.messages)
