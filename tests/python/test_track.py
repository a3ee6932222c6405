"""Trackers: the ids that Ultralytics' give, and results that carry them."""

import json
import pathlib
import pickle
import re
import sys

import cv2
import numpy as np
import pytest
from conftest import DATA, needs_videos

import tensorrt_yolo as ty

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/parity"))
from scenes import rendered  # noqa: E402

SCENES = json.loads((ROOT / "tests/data/tracks.json").read_text())


def result_of(frame, rotated=False):
    """Of the file: quarters of a pixel, thousandths of radians and of scores."""
    sides = 5 if rotated else 4
    rows = np.array(frame, np.float32).reshape(-1, sides + 1)
    rows[:, :4] /= 4
    rows[:, 4:] /= 1000
    kind = ty.OBBResult if rotated else ty.DetResult
    return kind(np.zeros(len(rows), int), rows[:, -1], rows[:, :sides])


def boxes(*centres, scores=None):
    rows = np.array([[x - 20, y - 40, x + 20, y + 40] for x, y in centres], np.float32).reshape(-1, 4)
    return ty.DetResult(np.zeros(len(rows), int), np.full(len(rows), 0.8) if scores is None else scores, rows)


def images_of(scene):
    """The frames of a scene; None where there are none."""
    if scene["scene"] == "street":
        video = cv2.VideoCapture(str(DATA / "people/street.mp4"))
        while (image := video.read()[1]) is not None:
            yield image
    elif "windows" in scene:
        photo = cv2.imread(str(DATA / "people/frames/0600.jpg"))
        for window, drawn in zip(scene["windows"], scene["drawn"], strict=True):
            yield rendered(window, drawn, photo)
    else:
        yield from [None] * len(scene["frames"])


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene["scene"])
@pytest.mark.parametrize("kind", ["bytetrack", "botsort", "ocsort", "tracktrack"])
def test_ids_are_those_of_ultralytics(scene, kind):
    tracker = ty.Tracker(kind, **scene["options"])
    images = images_of(scene) if kind in ("botsort", "tracktrack") else [None] * len(scene["frames"])
    for frame, ids, image in zip(scene["frames"], scene["ids"][kind], images, strict=True):
        result = result_of(frame, scene["rotated"])
        assert tracker.update(result, image).tolist() == ids
        assert result.track_ids.tolist() == ids


@needs_videos
def test_frames_of_videos_are_images():
    scene = next(scene for scene in SCENES if scene["scene"] == "street")
    first, second = ty.Tracker("botsort"), ty.Tracker("botsort")
    for frame, image in zip(scene["frames"], ty.VideoReader(DATA / "people/street.mp4"), strict=True):
        ids = first.update(result_of(frame), image).tolist()
        assert second.update(result_of(frame), image.to_bgr()).tolist() == ids
    assert max(ids) < 200


def test_images_of_any_kind():
    photo = cv2.imread(str(DATA / "people/frames/0600.jpg"))
    before, after = photo[80:440, 100:580], photo[80:440, 160:640]
    path = DATA / "people/frames/0600.jpg"
    for first, second in [
        (before, after),
        (before[..., 0], after[..., 0]),
        (np.dstack([before, before[..., :1]]), np.dstack([after, after[..., :1]])),
        (cv2.imencode(".png", before)[1].tobytes(), cv2.imencode(".png", after)[1].tobytes()),
    ]:
        tracker = ty.Tracker("botsort")
        assert tracker.update(boxes((300, 200)), first).tolist() == [1]
        assert tracker.update(boxes((240, 200)), second).tolist() == [1]  # further than it is wide
    tracker = ty.Tracker("botsort")
    assert tracker.update(boxes((50, 50)), path).tolist() == [1]
    assert tracker.update(boxes((50, 50)), before).tolist() == [1]  # of another size: nothing moved
    assert tracker.update(boxes((50, 50)), np.zeros((1, 1, 3), np.uint8)).tolist() == [1]
    tracker.reset()
    assert tracker.update(boxes((300, 50)), path).tolist() == [1]


@pytest.mark.parametrize("kind", ["botsort", "tracktrack"])
def test_trackers_that_follow_the_camera_need_images(kind):
    tracker = ty.Tracker(kind)
    assert tracker.needs_motion
    with pytest.raises(ValueError, match=re.escape("in Python update(result, image)")):
        tracker.update(boxes((50, 50)))
    with pytest.raises(TypeError, match="an image must be"):
        tracker.update(boxes((50, 50)), 5)
    for other in (ty.Tracker(), ty.Tracker("ocsort"), ty.Tracker(kind, gmc_method="none")):
        assert not other.needs_motion
        assert other.update(boxes((50, 50))).tolist() == [1]


def test_settings_are_those_of_the_kind_unless_they_are_given():
    def first_ids(kind, score, **settings):
        result = boxes((50, 50), scores=[score])
        return ty.Tracker(kind, gmc_method="none", **settings).update(result).tolist()

    assert first_ids("bytetrack", 0.65) == [1]
    assert first_ids("tracktrack", 0.65) == [-1]
    assert first_ids("tracktrack", 0.65, new_track_thresh=0.6) == [1]
    late = ty.Tracker("tracktrack", gmc_method="none", min_track_len=1)
    assert late.update(boxes()).tolist() == []
    assert late.update(boxes((50, 50))).tolist() == [1]


def test_trackers_in_turn():
    first, second = ty.Tracker(), ty.Tracker("botsort", gmc_method="none")
    assert first.update(boxes((50, 50), (300, 50))).tolist() == [1, 2]
    assert second.update(boxes((300, 50))).tolist() == [1]
    assert first.update(boxes((300, 50), (50, 50), (600, 50))).tolist() == [2, 1, -1]
    assert second.update(boxes((300, 50))).tolist() == [1]
    first.reset()
    assert first.update(boxes((600, 50))).tolist() == [1]


def test_an_image_without_objects():
    result = boxes()
    assert ty.Tracker().update(result).shape == (0,)
    assert result.track_ids.dtype == np.int32


def test_objects_that_are_no_boxes_are_ignored():
    result = boxes((np.nan, 50), (50, 50))
    assert ty.Tracker().update(result).tolist() == [-1, 1]


def test_results_keep_their_ids():
    result = boxes((50, 50), (300, 50), (600, 50))
    assert result.track_ids is None
    assert pickle.loads(pickle.dumps(result)).track_ids is None
    assert result.select([0]).track_ids is None
    old = ty.Tracker().update(result)
    assert pickle.loads(pickle.dumps(result)).track_ids.tolist() == [1, 2, 3]
    assert result.select([2, 0]).track_ids.tolist() == [3, 1]
    result.track_ids = np.array([7, -1, 8], np.int32)
    assert (result.track_ids.tolist(), old.tolist()) == ([7, -1, 8], [1, 2, 3])
    with pytest.raises(ValueError, match="3 track_ids were expected"):
        result.track_ids = np.array([7], np.int32)
    result.track_ids = None
    assert result.track_ids is None


def test_supervision_gets_the_ids():
    pytest.importorskip("supervision")
    result = boxes((50, 50), (300, 50))
    assert result.to_supervision().tracker_id is None
    ty.Tracker().update(result)
    assert result.to_supervision().tracker_id.tolist() == [1, 2]
    points = ty.PoseResult([0], [0.9], [[10, 10, 50, 90]], np.zeros((1, 3, 3)))
    ty.Tracker().update(points)
    assert points.to_supervision().data["tracker_id"].tolist() == [1]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "sort"}, "expected one of 'bytetrack', 'botsort', 'ocsort', 'tracktrack', found 'sort'"),
        ({"match_thresh": 2}, "matchThresh must be from 0 to 1, found 2"),
        ({"track_low_thresh": 0.3}, "trackLowThresh must not be above trackHighThresh"),
        ({"track_buffer": -1}, "trackBuffer must be 0 or more images, found -1"),
        ({"gmc_method": "orb"}, "gmcMethod must be 'sparseOptFlow' or 'none', found 'orb'"),
        ({"delta_t": 0}, "deltaT must be 1 or more images, found 0"),
        ({"inertia": -1}, "inertia must be from 0 to 1, found -1"),
        ({"with_reid": True}, "appearance is not compared yet"),
        ({"tai_thr": 1.5}, "taiThr must be from 0 to 1, found 1.5"),
        ({"conf_weight": -1}, "confWeight must be from 0 to 10, found -1"),
        ({"min_track_len": 0}, "minTrackLen must be 1 or more images, found 0"),
    ],
)
def test_wrong_settings_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        ty.Tracker(**settings)


def test_what_cannot_be_followed_is_refused():
    tracker = ty.Tracker()
    tracker.update(boxes((50, 50)))
    with pytest.raises(ValueError, match="use a tracker for each kind"):
        tracker.update(result_of([], rotated=True))
    with pytest.raises(ValueError, match="'classify' has no boxes to follow"):
        tracker.update(ty.ClsResult([0], [0.9]))


def test_ids_are_written():
    result = boxes((50, 50), (300, 50))
    result.track_ids = np.array([7, -1], np.int32)
    assert [row.get("track") for row in result.to_dict()["objects"]] == [7, None]
    assert [line.split(",")[5] for line in result.to_csv("a").splitlines()] == ["7", ""]
    assert ", track 7, box" in repr(result)


def lines_and_zones():
    expected = json.loads((ROOT / "tests/data/zones.json").read_text())
    return [(scene, next(each for each in SCENES if each["scene"] == scene["scene"])) for scene in expected]


@pytest.mark.parametrize(("expected", "scene"), lines_and_zones(), ids=lambda scene: scene["scene"])
def test_lines_and_zones_are_those_of_supervision(expected, scene):
    anchors = [line["anchors"] for line in expected["lines"]]
    lines = [
        ty.Line(line["start"], line["end"], triggering_anchors=each, minimum_crossing_threshold=line["threshold"])
        for line, each in zip(expected["lines"], anchors, strict=True)
    ]
    zones = [
        ty.Zone(zone["corners"], triggering_anchors=zone["anchors"], require_all_anchors=zone["all"])
        for zone in expected["zones"]
    ]
    crossings, inside = [[] for _ in lines], [0] * len(zones)
    for number, (frame, ids) in enumerate(zip(scene["frames"], scene["ids"]["bytetrack"], strict=True)):
        result = result_of(frame, scene["rotated"])
        result.track_ids = np.array(ids, np.int32)
        for line, found in zip(lines, crossings, strict=True):
            into, out = line.update(result)
            assert (into.dtype, into.shape, out.shape) == (bool, (len(result),), (len(result),))
            found += sorted(
                [[number, i, 1] for i in np.flatnonzero(into).tolist()]
                + [[number, i, -1] for i in np.flatnonzero(out).tolist()]
            )
        for i, zone in enumerate(zones):
            now = zone.update(result)
            assert now.sum() == zone.current_count == sum(zone.current_count_per_class.values())
            inside[i] += zone.current_count
    assert crossings == [line["crossings"] for line in expected["lines"]]
    for line, each in zip(lines, expected["lines"], strict=True):
        assert (line.in_count, line.out_count) == (sum(each["in"].values()), sum(each["out"].values()))
        assert sum(line.in_count_per_class.values()) == line.in_count
    # Points at the sides are rounded there; supervision_test.cpp asks how near to a side those are that differ.
    for count, zone in zip(inside, expected["zones"], strict=True):
        assert abs(count - zone["inside"].count("1")) <= 3 + 0.06 * count


def test_anchors_of_supervision():
    sv = pytest.importorskip("supervision")
    line = ty.Line((0, 100), (200, 100), triggering_anchors=[sv.Position.CENTER], track_buffer=5)
    for y, expected in ((150, [False]), (50, [True])):
        result = boxes((100, y))
        result.track_ids = np.array([1], np.int32)
        assert line.update(result)[0].tolist() == expected
    assert (line.in_count, line.in_count_per_class, line.out_count_per_class) == (1, {0: 1}, {})
    line.reset()
    assert line.in_count == 0
    assert ty.Zone([(0, 0), (10, 0), (10, 10)]).contains(9, 1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ty.Line((5, 5), (5, 5)), "it must go from one point to another"),
        (lambda: ty.Line((5, np.nan), (5, 5)), "must be finite"),
        (lambda: ty.Line((0, 0), (5, 5), triggering_anchors=["MIDDLE"]), "found 'MIDDLE'"),
        (lambda: ty.Line((0, 0), (5, 5)).update(boxes((5, 5))), "1 boxes need as many ids of a tracker, found 0"),
        (lambda: ty.Zone([(0, 0), (5, 5)]), "three corners or more, found 2"),
        (lambda: ty.Zone([(0, 0), (10, 10), (10, 0), (0, 10)]), "must not cross or touch"),
    ],
)
def test_wrong_lines_and_zones_are_refused(make, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()
