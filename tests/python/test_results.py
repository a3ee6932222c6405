"""Results of every task against Ultralytics' own, and what results can do."""

import json
import pickle

import numpy as np
import pytest
from conftest import TASKS, model_file, picture, references, run_python, same

import tensorrt_yolo as ty

# What may differ (tests/support/golden.hpp has the same).
PIXELS, SCORE, MASK_IOU, RADIANS = 0.5, 1e-3, 0.99, 0.01


@pytest.fixture(scope="module")
def models():
    return {
        task: kind(model_file(task), ty.InferOption(swap_rb=True)) for task, kind in ty.MODELS.items() if task in TASKS
    }


def near(found, expected, most):
    return np.abs(np.asarray(found) - np.asarray(expected)).max() <= most


def mask_of(counts, size):
    """The pixels of COCO's run lengths."""
    values = np.arange(len(counts)) % 2
    return np.repeat(values, counts).reshape(size[1], size[0]).T.astype(bool)


def is_same_object(result, i, expected):
    if result.classes[i] != expected["class"] or abs(result.scores[i] - expected["score"]) > SCORE:
        return False
    if "rotated" in expected:
        box = result.boxes[i]
        return (
            near(box.xywhr(), expected["rotated"], PIXELS)
            and near(box.xyxyxyxy(), expected["corners"], PIXELS)
            and abs(box.theta - expected["rotated"][4]) < RADIANS
        )
    if not near(result.boxes[i], expected["box"], PIXELS):
        return False
    if "mask" in expected:
        a, b = result.masks[i].to_numpy().astype(bool), mask_of(expected["mask"]["counts"], expected["mask"]["size"])
        return a.shape == b.shape and (a & b).sum() >= MASK_IOU * (a | b).sum()
    if "keypoints" in expected:
        points = np.array(expected["keypoints"])
        return near(result.kpts[i][:, :2], points[:, :2], PIXELS) and near(result.kpts[i].conf, points[:, 2], SCORE)
    return True


@pytest.mark.parametrize("task", ["detect", "obb", "segment", "pose"])
def test_objects_are_those_of_ultralytics(models, task):
    pictures = references(task)
    assert len(pictures) == 30
    for (file, expected), result in zip(pictures, models[task].predict([file for file, _ in pictures])):
        left = list(range(len(result)))
        assert len(left) == len(expected["objects"]), file
        for thing in expected["objects"]:
            match = next((i for i in left if is_same_object(result, i, thing)), None)
            assert match is not None, (file, thing, result)
            left.remove(match)


def test_classes_are_those_of_ultralytics(models):
    pictures = references("classify")
    assert len(pictures) == 30
    for file, expected in pictures:
        result = models["classify"].predict(file)
        assert result.classes.tolist() == [thing["class"] for thing in expected["top"]], file
        assert near(result.scores, [thing["score"] for thing in expected["top"]], SCORE), file


@pytest.mark.parametrize("task", TASKS)
def test_a_list_gives_what_single_images_give(models, task):
    images = [picture(task, i) for i in range(3)]
    together = models[task].predict(images)
    assert len(together) == 3
    assert all(same(a, models[task].predict(image)) for a, image in zip(together, images))
    assert models[task].predict([]) == [] and len(models[task].predict(tuple(images))) == 3


@pytest.mark.parametrize("task", TASKS)
def test_types_and_shapes(models, task):
    for result, n in ((models[task].predict(picture(task)), None), (nothing(models[task], task), 0)):
        n = result.num if n is None else n
        assert result.num == len(result) == n == len(list(result))
        assert (result.classes.dtype, result.classes.shape) == (np.int32, (n,))
        assert (result.scores.dtype, result.scores.shape) == (np.float32, (n,))
        if task != "classify":
            width = 5 if task == "obb" else 4
            assert (result.boxes.dtype, result.boxes.shape) == (np.float32, (n, width))
        if task == "obb":
            assert result.boxes.xyxyxyxy().shape == (n, 4, 2)
        if task == "segment":
            assert result.masks.to_numpy().shape == (n, result.masks.height, result.masks.width)
        if task == "pose":
            assert (result.kpts.dtype, result.kpts.shape) == (np.float32, (n, 4, 3))


def nothing(model, task):
    if task == "classify":
        return ty.ClsResult([], [], names=model.info().names)
    clone = model.clone()
    clone.set_confidence(1)
    return clone.predict(picture(task))


@pytest.mark.parametrize("task", TASKS)
def test_pickles_and_prints(models, task):
    for result in (models[task].predict(picture(task)), nothing(models[task], task)):
        again = pickle.loads(pickle.dumps(result))
        assert same(result, again)
        lines = repr(result).split("\n")
        assert lines[0].startswith(f"{type(result).__name__}(num={result.num}")
        assert [line.split(",")[0] for line in lines[1:]] == [f"  {t.name} {t.score:.2f}" for t in result]
        assert json.loads(result.to_json()) == result.to_dict()
        assert again.speed == result.speed and again.names == result.names == models[task].info().names
        assert again.image_size == result.image_size and again.orig_shape == result.image_size[::-1]


@pytest.mark.parametrize("task", TASKS)
def test_items(models, task):
    result = models[task].predict(picture(task))
    assert result[0].class_id == result.classes[0] and result[0].score == result.scores[0]
    assert [thing.score for thing in result[:2]] == list(result.scores[:2])
    assert result[0].name == models[task].info().names[result[0].class_id]
    has = {"classify": (), "segment": ("box", "mask"), "pose": ("box", "kpts")}.get(task, ("box",))
    assert {part for part in ("box", "mask", "kpts") if getattr(result[0], part) is not None} == set(has)
    assert same_item(result[-1], list(result)[-1])
    with pytest.raises(IndexError):
        result[result.num]


def same_item(a, b):
    return repr(a) == repr(b)


def test_arrays_outlive_their_result(models):
    result = models["segment"].predict(picture("segment"))
    kept = [result.boxes, result.scores[1:], result.masks[0].runs(), result.masks[0].to_numpy(), result.masks[0]]
    copies = [np.array(array) for array in kept]
    del result
    for _ in range(20):
        models["segment"].predict(picture("segment", 1))
    assert all(np.array_equal(a, b) for a, b in zip(kept, copies))


def test_boxes_have_sides_and_are_arrays(models):
    result = models["detect"].predict(picture())
    boxes = result.boxes
    assert isinstance(boxes, np.ndarray) and boxes is result.boxes
    assert type(boxes.xyxy()) is np.ndarray and np.shares_memory(boxes.xyxy(), boxes)
    for i, box in enumerate(boxes):
        assert [box.left, box.top, box.right, box.bottom] == boxes[i].tolist() == box.xyxy().tolist()
    assert np.array_equal(boxes.right, boxes[:, 2])
    area = (boxes.right - boxes.left) * (boxes.bottom - boxes.top)
    assert type(area) is np.ndarray and (area > 0).all()


def test_rotated_boxes(models):
    boxes = models["obb"].predict(picture("obb")).boxes
    corners = boxes.xyxyxyxy()
    assert near(corners.mean(axis=1), boxes[:, :2], 1e-3)
    assert near(np.linalg.norm(corners[:, 1] - corners[:, 2], axis=-1), boxes[:, 2], 1e-2)
    assert near(boxes.right - boxes.left, boxes[:, 2], 1e-3) and near(boxes.bottom - boxes.top, boxes[:, 3], 1e-3)
    assert np.array_equal(boxes[1].xyxyxyxy(), corners[1]) and np.array_equal(boxes[::2].xyxyxyxy(), corners[::2])
    assert boxes[0].theta == boxes[0, 4]


def test_masks(models):
    result = models["segment"].predict(picture("segment"))
    masks = result.masks
    pixels = masks.to_numpy()
    assert pixels.dtype == np.uint8 and set(np.unique(pixels)) == {0, 1}
    assert len(masks) == result.num and pixels.shape == (result.num, masks.height, masks.width)
    for i, mask in enumerate(masks):
        assert np.array_equal(mask.to_numpy(), pixels[i]) and np.array_equal(mask.data, pixels[i].reshape(-1))
        assert (mask.width, mask.height, mask.area) == (masks.width, masks.height, pixels[i].sum())
        drawn = np.zeros(masks.width * masks.height, np.uint8)
        for begin, end in mask.runs():
            drawn[begin:end] = 1
        assert np.array_equal(drawn, mask.data)
        assert np.array_equal(mask_of(mask.coco_counts(), pixels[i].shape), pixels[i].astype(bool))
        assert np.array_equal(np.asarray(mask), pixels[i])
    assert len(masks[:1]) == 1 and np.array_equal(masks[-1].to_numpy(), pixels[-1])
    for index in (len(masks), -len(masks) - 1):
        with pytest.raises(IndexError):
            masks[index]


def test_runs_are_not_moved_by_masks_that_are_added():
    masks = ty.results.Masks(100, 100)
    masks.add(np.array([[0, 5], [100, 103]], np.uint32))
    runs, mask = masks[0].runs(), masks[0]
    for i in range(1000):
        masks.add(np.array([[i, i + 1]], np.uint32))
    assert runs.tolist() == mask.runs().tolist() == [[0, 5], [100, 103]]
    runs[:] = 77  # a copy
    assert mask.runs().tolist() == [[0, 5], [100, 103]] and mask.area == 8


def test_arrays_cannot_be_resized_underneath(models):
    for task, parts in {"pose": "classes scores boxes keypoints", "obb": "rotated_boxes", "segment": "boxes"}.items():
        result = models[task].predict(picture(task))
        for part in parts.split():
            array = getattr(result, part)
            with pytest.raises(ValueError):
                array.resize((1000, 1000), refcheck=False)
    with pytest.raises(Exception, match="__init__|initialized"):
        result.__init__([], [], image_size=(1, 1))
    assert len(result) == len(result.boxes) > 0


def test_copies_between_processes(models, tmp_path):
    """Results, options and errors as another process has them, and gives them back."""
    results = {task: models[task].predict(picture(task)) for task in TASKS}
    option = ty.InferOption(swap_rb=True, classes=[0], names=["a", "\udcff"], network_size=(64, 32))
    errors = [getattr(ty, name)("text \udcff") for name in ("Error", "ModelError", "BusyError", "InferenceError")]
    errors += [getattr(ty, name)("text") for name in ("DeviceError", "QueueFullError", "DeadlineError", "ClosedError")]
    sent, back = tmp_path / "sent", tmp_path / "back"
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        sent.write_bytes(pickle.dumps((results, option, errors), protocol))
        done = run_python(
            f"""
            import copy, pickle
            results, option, errors = pickle.load(open({str(sent)!r}, "rb"))
            results = {{task: copy.deepcopy(copy.copy(result)) for task, result in results.items()}}
            pickle.dump((results, copy.copy(option), errors), open({str(back)!r}, "wb"))
            """
        )
        assert done.returncode == 0, done.stderr
        again, same_option, same_errors = pickle.loads(back.read_bytes())
        assert all(same(results[task], again[task]) for task in TASKS) and same_option == option
        assert [(type(error), str(error)) for error in same_errors] == [(type(error), str(error)) for error in errors]


def test_dictionaries_are_what_the_program_writes(models):
    result = models["segment"].predict(picture("segment"))
    thing = result.to_dict()["objects"][0]
    assert list(thing) == ["class", "name", "score", "box", "mask"] and thing["name"] == result[0].name
    assert thing["mask"]["size"] == [result.masks.height, result.masks.width]
    assert decoded(thing["mask"]["counts"]) == result.masks[0].coco_counts()
    for task, keys in (("obb", ["rotated", "corners"]), ("pose", ["box", "keypoints"]), ("classify", [])):
        objects = models[task].predict(picture(task)).to_dict()
        assert list(objects.get("objects", objects.get("top"))[0]) == ["class", "name", "score", *keys]


def decoded(text):
    """COCO's run-length string as a list."""
    counts, value, shift = [], 0, 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return counts


def test_supervision(models):
    sv = pytest.importorskip("supervision")
    for task in ("detect", "segment", "obb", "pose"):
        for result in (models[task].predict(picture(task)), nothing(models[task], task)):
            found = result.to_supervision()
            assert isinstance(found, sv.KeyPoints if task == "pose" else sv.Detections)
            assert len(found) == result.num and np.array_equal(found.class_id, result.classes)
            assert list(found.data["class_name"]) == [thing.name for thing in result]
            if task == "pose":
                assert np.array_equal(found.xy, result.kpts[..., :2])
                continue
            assert np.array_equal(found.confidence, result.scores)
            if task == "segment":
                assert found.mask.dtype == bool and np.array_equal(found.mask, result.masks.to_numpy())
            if task == "obb":
                assert np.array_equal(found.data["xyxyxyxy"], result.boxes.xyxyxyxy())
            else:
                assert np.array_equal(found.xyxy, result.boxes)
    assert len(models["detect"].predict(picture()).to_supervision()) > 0
    classes = models["classify"].predict(picture("classify")).to_supervision()
    assert isinstance(classes, sv.Classifications) and len(classes) == 5


@pytest.mark.parametrize("task", TASKS)
def test_a_model_of_any_task(models, task):
    model = ty.Model(model_file(task), ty.InferOption(swap_rb=True))
    result, typed = model.predict(picture(task)), models[task].predict(picture(task))
    assert type(result) is ty.Result and result.task == typed.task == task
    assert repr(result).split("\n")[1:] == repr(typed).split("\n")[1:] and result.to_dict() == typed.to_dict()
    parts = {"boxes": ("detect", "segment", "pose"), "rotated_boxes": "obb", "masks": "segment", "keypoints": "pose"}
    for part, tasks in parts.items():
        assert (getattr(result, part) is not None) == (task in tasks), part
    assert result[0].box is None or np.array_equal(result[0].box, typed.boxes[0])
    assert same(pickle.loads(pickle.dumps(result)), result)


def test_results_say_the_size_and_the_time(models):
    result = models["detect"].predict(picture())
    height, width = picture().shape[:2]
    assert result.image_size == (width, height) and result.orig_shape == (height, width)
    assert list(result.speed) == ["preprocess", "inference", "postprocess"]
    assert result.speed["inference"] > 0 and all(0 <= time < 60_000 for time in result.speed.values())


def test_names_are_in_memory_once(models):
    first, second = (models["detect"].predict(picture(index=i)) for i in range(2))
    assert first.names is second.names is models["detect"].clone().predict(picture()).names
    assert first.names[0] == "circle" and first.names[99] == "99"


@pytest.mark.parametrize("task", ["detect", "obb", "segment", "pose"])
def test_writing_to_an_array_changes_the_result(models, task):
    result = models[task].predict(picture(task))
    before = result.to_dict()["objects"]
    result.classes[0] = 99
    result.scores[0] = 0.5
    result.boxes[0, 0] += 8
    if task == "pose":
        result.kpts[0, 1] = 1, 2, 0.25
    after = result.to_dict()["objects"]
    assert (after[0]["class"], after[0]["name"], after[0]["score"]) == (99, "99", 0.5)
    place = "rotated" if task == "obb" else "box"
    assert after[0][place] == pytest.approx([before[0][place][0] + 8, *before[0][place][1:]])
    assert "99 0.50" in repr(result) and ",99,99,0.5," in result.to_csv("x") and result.to_txt().startswith("99 ")
    assert task != "pose" or after[0]["keypoints"][1] == [1, 2, 0.25]
    assert after[1:] == before[1:] and result[0].class_id == 99


@pytest.mark.parametrize("task", TASKS)
def test_results_are_made_of_arrays(models, task):
    found = models[task].predict(picture(task))
    parts = {"detect": "boxes", "obb": "boxes", "segment": "boxes masks", "pose": "boxes kpts"}.get(task, "").split()
    parts = [getattr(found, part) for part in ("classes", "scores", *parts)]
    again = type(found)(*parts, names=found.names, image_size=found.image_size)
    if task == "obb":
        assert near(again.boxes, found.boxes, 1e-4)
    else:
        assert again.to_csv("a.jpg", 3) == found.to_csv("a.jpg", 3) and again.to_txt(True) == found.to_txt(True)
    with pytest.raises(ValueError, match=f"{found.num - 1} classes were expected.* found {found.num}"):
        type(found)(parts[0], parts[1][1:], *parts[2:])
    with pytest.raises(ValueError, match="boxes"):
        ty.Result([0], [0.5], task="detect")
    with pytest.raises(ValueError, match="'track'"):
        ty.Result([0], [0.5], task="track")


def test_classes_without_names_have_their_numbers(nameless, tmp_path):
    """As of an end-to-end network, whose outputs do not tell how many classes there are."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    model = ty.DetectModel(nameless)
    result = model.predict(pixels)
    assert model.info().names == {} and model.info().names[17] == "17"
    assert result.classes.tolist() == [17, 3] and [thing.name for thing in result] == ["17", "3"]
    assert repr(result).split("\n")[1].startswith("  17 0.90, box [8.00")
    assert [thing["name"] for thing in result.to_dict()["objects"]] == ["17", "3"]
    assert result.to_csv("a.jpg").startswith("a.jpg,0,17,17,0.9,8,") and result.to_txt().startswith("17 ")
    assert result.plot(pixels).any()
    result.save(pixels, tmp_path / "drawn.png")
    assert list(pytest.importorskip("supervision") and result.to_supervision().data["class_name"]) == ["17", "3"]


@pytest.mark.parametrize("task", TASKS)
def test_some_of_the_objects(models, task):
    result = max((models[task].predict(file) for file, _ in references(task)[:8]), key=len)
    assert len(result) > 1 and same(result.select(range(len(result))), result)
    last, nothing = result.select([len(result) - 1, 0]), result.select([])
    kind, objects = ("top" if task == "classify" else "objects"), result.to_dict()
    assert type(last) is type(result) and last.to_dict() == {kind: [objects[kind][-1], objects[kind][0]]}
    assert len(nothing) == 0 and nothing.to_dict() == {kind: []}
    assert last.names is result.names and last.image_size == result.image_size and last.speed == result.speed
    with pytest.raises(IndexError):
        result.select([len(result)])


def test_deprecated_aliases():
    assert ty.DetectRes is ty.DetResult and ty.ClassifyRes is ty.ClsResult and ty.OBBRes is ty.OBBResult
    assert ty.SegmentRes is ty.SegResult and ty.PoseRes is ty.PoseResult
