"""visualize(): what it draws, where, and in which colours."""

import pickle
import subprocess
import time

import cv2
import numpy as np
import PIL.Image
import pytest
from conftest import TASKS, model_file, picture, references, run_python

import tensorrt_yolo as ty
from tensorrt_yolo import drawing, fonts


@pytest.fixture(scope="module")
def found():
    """(picture, result, names) of each task."""
    results = {}
    for task in TASKS:
        with ty.MODELS[task](model_file(task), ty.InferOption(swap_rb=True)) as model:
            image = picture(task)
            results[task] = image, model.predict(image), model.info().names
    return results


def bgr_of(class_id):
    return drawing.colour_of(class_id)[::-1]


def is_coloured(pixel, class_id, most=3):
    return np.abs(pixel.astype(int) - bgr_of(class_id)).max() <= most


@pytest.mark.parametrize("task", TASKS)
def test_draws_into_a_copy(found, task):
    image, result, names = found[task]
    before = image.copy()
    drawn = ty.visualize(image, result, names)
    assert np.array_equal(image, before)
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert not np.array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_boxes_are_where_the_objects_are(found):
    image, result, names = found["detect"]
    drawn = ty.visualize(np.full_like(image, 128), result, names)
    for thing in result:
        left, top, right, bottom = thing.box.tolist()
        assert is_coloured(drawn[int((top + bottom) / 2), int(left)], thing.class_id)
        assert is_coloured(drawn[min(int(bottom), image.shape[0] - 1), int((left + right) / 2)], thing.class_id)


def test_masks_colour_their_objects(found):
    image, result, names = found["segment"]
    blank = np.full_like(image, 128)
    drawn = ty.visualize(blank, result, names)
    outside = np.ones(image.shape[:2], bool)
    for thing in result:
        mask = thing.mask.to_numpy().view(bool)
        assert (drawn[mask] != blank[mask]).any(axis=1).mean() > 0.9
        outside &= ~mask
    corner = outside & (np.indices(outside.shape).sum(0) > sum(outside.shape) * 0.97)
    assert np.array_equal(drawn[corner], blank[corner])


def test_rotated_boxes_are_turned(found):
    image, result, names = found["obb"]
    drawn = ty.visualize(np.full_like(image, 128), result, names, scores=False)
    seen = 0
    for thing in result:
        corners = thing.box.xyxyxyxy()
        for a, b in zip(corners, np.roll(corners, -1, axis=0)):
            x, y = ((a + b) / 2).round().astype(int)
            if 1 <= x < image.shape[1] - 1 and 1 <= y < image.shape[0] - 1:
                seen += any(is_coloured(p, thing.class_id) for p in drawn[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3))
    assert seen >= 2 * len(result)


def test_keypoints_are_drawn(found):
    image, result, names = found["pose"]
    drawn = ty.visualize(np.full_like(image, 128), result, names, thickness=2)
    for thing in result:
        for x, y, conf in thing.kpts.tolist():
            if conf > 0.5 and 2 <= x < image.shape[1] - 2 and 2 <= y < image.shape[0] - 2:
                assert (drawn[int(y), int(x)] != 128).any()


def test_a_person_has_a_skeleton():
    points = np.zeros((1, 17, 3), np.float32)
    points[0, :, 0] = np.linspace(50, 350, 17)
    points[0, :, 1] = 100 + 60 * np.sin(np.arange(17))
    points[0, :, 2] = 1
    result = ty.PoseResult([0], [0.9], [[40, 20, 360, 180]], points)
    blank = np.zeros((200, 400, 3), np.uint8)
    with_lines = ty.visualize(blank, result)
    result.kpts[:, 3:, 2] = 0  # not seen: neither drawn nor joined
    few = ty.visualize(blank, result)
    assert (few.any(axis=2)).sum() < (with_lines.any(axis=2)).sum()
    middle = (points[0, 5, :2] + points[0, 6, :2]) / 2  # between the shoulders
    x, y = middle.round().astype(int)
    assert with_lines[y - 1 : y + 2, x - 1 : x + 2].any()
    assert not few[y - 1 : y + 2, x - 1 : x + 2].any()


def test_classes_are_written(found):
    image, result, names = found["classify"]
    drawn = ty.visualize(np.full_like(image, 128), result, names)
    assert is_coloured(drawn[1, 1], int(result.classes[0]))


def test_nothing_found_is_a_copy(found):
    image, _, names = found["detect"]
    nothing = ty.DetResult([], [], np.zeros((0, 4)))
    assert np.array_equal(ty.visualize(image, nothing, names), image)


def test_labels_of_all_kinds(found):
    image, result, names = found["detect"]
    as_dict = ty.visualize(image, result, names)
    assert np.array_equal(as_dict, ty.visualize(image, result, [names[i] for i in range(len(names))]))
    assert np.array_equal(as_dict, ty.visualize(image, result))  # the result knows the names
    # A name that is missing is the number.
    numbers = ty.visualize(image, result, [])
    assert np.array_equal(numbers, ty.visualize(image, result, {i: str(i) for i in names}))
    assert not np.array_equal(as_dict, numbers)
    assert not np.array_equal(as_dict, ty.visualize(image, result, names, scores=False))


def test_pictures_of_all_kinds(found, tmp_path):
    image, result, names = found["detect"]
    expected = ty.visualize(image, result, names)
    assert np.array_equal(ty.visualize(references("detect")[0][0], result, names), expected)
    assert np.array_equal(ty.visualize(np.dstack([image, image[..., :1]]), result, names), expected)
    assert np.array_equal(ty.visualize(image[::-1, ::-1][::-1, ::-1], result, names), expected)
    file = references("detect")[0][0].read_bytes()
    for data in (file, bytearray(file), memoryview(file), memoryview(file[::-1])[::-1]):
        assert np.array_equal(ty.visualize(data, result, names), expected)
    assert np.array_equal(ty.visualize(PIL.Image.fromarray(image[..., ::-1]), result, names), expected)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    on_grey = ty.visualize(grey, result, names)
    assert on_grey.shape == image.shape
    assert np.array_equal(on_grey, ty.visualize(grey[..., None], result, names))
    for wrong in (image.astype(np.float32), np.zeros((4, 4, 2), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="visualize: an image"):
            ty.visualize(wrong, result)
    with pytest.raises(ValueError, match="visualize: 10 bytes: "):
        ty.visualize(b"no picture", result)
    with pytest.raises(ValueError, match="visualize: a PIL image must have 8 bits a channel"):
        ty.visualize(PIL.Image.new("I;16", (4, 4)), result)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="broken.jpg"):
        ty.visualize(tmp_path / "broken.jpg", result)


def test_masks_of_another_size_are_refused(found):
    image, result, _ = found["segment"]
    with pytest.raises(ValueError, match="set_retina_masks"):
        ty.visualize(image[:-1], result)


def test_other_things_are_refused(found):
    with pytest.raises(TypeError, match="found list"):
        ty.visualize(found["detect"][0], [])


def test_plot_and_save(found, tmp_path):
    for image, result, names in found.values():
        drawn = result.plot(image, thickness=3)
        assert np.array_equal(drawn, ty.visualize(image, result, names, thickness=3))
        result.save(image, tmp_path / "Größe.png", thickness=3)
        assert np.array_equal(cv2.imdecode(np.fromfile(tmp_path / "Größe.png", np.uint8), cv2.IMREAD_COLOR), drawn)
    result.save(image, str(tmp_path / "x.jpg"))
    assert np.abs(cv2.imread(str(tmp_path / "x.jpg")).astype(int) - result.plot(image)).mean() < 5
    with pytest.raises(ValueError, match="unknown file extension"):
        result.save(image, tmp_path / "x.unknown")


def drawn_text(text):
    """A label that is written into a black picture: its ink."""
    result = ty.DetResult([0], [1], [[10, 60, 390, 90]], names={0: text})
    drawn = ty.visualize(np.zeros((100, 400, 3), np.uint8), result, scores=False, text_size=24)
    return (drawn[25:60] == 255).all(axis=2)  # white on the colour of class 0


def test_text_of_any_script():
    """Letters that are not ASCII are drawn as what they are: not left out, and not as one and the same box."""
    texts = ["person", "Fußgänger", "Ящерица", "γάτα", "行人", "自転車", "고양이", "人"]
    drawn = {text: drawn_text(text) for text in texts if _all_in_fonts(text)}
    assert {"person", "Fußgänger", "Ящерица"} <= set(drawn)
    assert all(ink.sum() > 30 for ink in drawn.values())
    for a in drawn:
        assert all(a == b or not np.array_equal(drawn[a], drawn[b]) for b in drawn)
    assert not np.array_equal(drawn_text("ä"), drawn_text("a")) and not np.array_equal(drawn_text("ä"), drawn_text("?"))


def _all_in_fonts(text):
    return all(fonts._font_with(letter) != fonts._names()[-1] for letter in text)


def test_text_without_a_font_is_said_once(monkeypatch):
    for cached in (fonts._names, fonts._font_with, fonts._say_missing):
        cached.cache_clear()
    monkeypatch.setattr(fonts.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "", ""))
    monkeypatch.setattr(fonts, "_USUAL", ("no-such-font.ttf",))
    try:
        assert drawn_text("person").sum() > 30  # by the letters that Pillow brings
        with pytest.warns(UserWarning, match="fonts-noto-cjk") as said:
            assert drawn_text("行人").sum() > 30 and drawn_text("自転車").any()
        assert len(said) == 1
    finally:
        for cached in (fonts._names, fonts._font_with, fonts._say_missing):
            cached.cache_clear()


def test_labels_stay_in_the_picture():
    result = ty.DetResult([0, 1], [0.9, 0.8], [[-5, -5, 30, 30], [380, 2, 400, 20]], names={0: "wide " * 5, 1: "right"})
    drawn = ty.visualize(np.zeros((60, 400, 3), np.uint8), result)
    for class_id, place in ((0, np.s_[:24, :30]), (1, np.s_[:24, 370:])):
        assert (np.abs(drawn[place].astype(int) - bgr_of(class_id)).max(axis=2) <= 3).sum() > 100


def test_without_pillow_it_says_what_to_install():
    ended = run_python(
        """
        import sys, numpy as np
        sys.modules["PIL"] = None
        import tensorrt_yolo as ty
        try:
            ty.visualize(np.zeros((8, 8, 3), np.uint8), ty.DetResult([0], [1], [[0, 0, 1, 1]]))
        except ImportError as error:
            print(error)
        """
    )
    assert "pip install 'trtyolo[images]'" in ended.stdout, ended.stderr


def test_without_supervision_all_is_drawn():
    ended = run_python(
        """
        import sys, numpy as np
        sys.modules["supervision"] = None
        import tensorrt_yolo as ty
        result = ty.DetResult([0], [1], [[1, 1, 6, 6]])
        print(result.plot(np.zeros((8, 8, 3), np.uint8)).any())
        try:
            result.to_supervision()
        except ImportError as error:
            print(error)
        """
    )
    assert ended.stdout.startswith("True\n") and "pip install 'trtyolo[supervision]'" in ended.stdout, ended.stderr


def least_time(work, tries=3):
    """Seconds of this thread's own processor time: the least of some tries."""
    times = []
    for _ in range(tries):
        begin = time.thread_time()
        work()
        times.append(time.thread_time() - begin)
    return min(times)


def noise(classes):
    """A map whose classes all have pixels everywhere, and an image for it."""
    pixels = np.random.default_rng(1).integers(0, classes, (classes, 256), np.uint16)
    result = ty.SemanticResult(range(classes), np.ones(classes), None, pixels, image_size=pixels.shape[::-1])
    return result, np.zeros((*pixels.shape, 3), np.uint8)


def specks(pieces):
    """One mask of so many single pixels, and an image for it."""
    masks = ty.results.Masks(256, pieces // 64)
    begins = np.arange(pieces, dtype=np.uint32) * 4
    masks.add(np.stack([begins, begins + 1], 1))
    size = (masks.width, masks.height)
    return ty.SegResult([0], [0.5], [[0, 0, *size]], masks, image_size=size), np.zeros((*size[::-1], 3), np.uint8)


@pytest.mark.parametrize(
    "make, size, ways",
    [(noise, 250, ("plot", "pickle", "json")), (specks, 51_200, ("plot", "pickle", "json", "txt"))],
)
def test_time_grows_with_the_number_of_pieces_not_with_its_square(make, size, ways):
    work = {
        "plot": lambda result, image: result.plot(image),
        "pickle": lambda result, image: pickle.loads(pickle.dumps(result)),
        "json": lambda result, image: result.to_dict(),
        "txt": lambda result, image: result.to_txt(),
    }
    small, large = make(size), make(4 * size)
    for way in ways:
        growth = least_time(lambda: work[way](*large)) / least_time(lambda: work[way](*small))
        assert growth < 8, (way, growth)  # 4 is linear, 16 the square
