"""Trackers: the ids that Ultralytics' give, and results that carry them."""

import json
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import DATA, needs_videos

import tensorrt_yolo as ty

ROOT = pathlib.Path(__file__).parents[2]
SCENES = json.loads((ROOT / "tests/data/tracks.json").read_text())
GUIDE = ROOT / "docs/guide/tracking.md"


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


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene["scene"])
@pytest.mark.parametrize("kind", ["bytetrack", "botsort"])
def test_ids_are_those_of_ultralytics(scene, kind):
    tracker = ty.Tracker(kind, **scene["options"])
    for frame, ids in zip(scene["frames"], scene["ids"][kind], strict=True):
        result = result_of(frame, scene["rotated"])
        assert tracker.update(result).tolist() == ids
        assert result.track_ids.tolist() == ids


def test_trackers_in_turn():
    first, second = ty.Tracker(), ty.Tracker("botsort")
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
        ({"kind": "sort"}, "expected one of 'bytetrack', 'botsort', found 'sort'"),
        ({"match_thresh": 2}, "matchThresh must be from 0 to 1, found 2"),
        ({"track_low_thresh": 0.3}, "trackLowThresh must not be above trackHighThresh"),
        ({"track_buffer": -1}, "trackBuffer must be 0 or more images, found -1"),
        ({"gmc_method": "sparseOptFlow"}, "the camera's motion is not followed yet"),
        ({"with_reid": True}, "appearance is not compared yet"),
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


@needs_videos
def test_the_guide_runs(tmp_path):
    (tmp_path / "data").symlink_to(DATA)
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks
    script = tmp_path / "guide.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[1-9][0-9]* people, the longest seen for [1-9][0-9]* frames\n", done.stdout)
