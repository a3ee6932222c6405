"""Makes tests/data/zones.json: what supervision's LineZone and PolygonZone say of the scenes in tests/data/tracks.json.

    python make_zones.py

It needs numpy and the release of supervision that tests/python/requirements.txt pins. tests/data/README.md describes
the file.
"""
import json
from pathlib import Path

import numpy as np
import supervision as sv

kData = Path(__file__).resolve().parents[1] / "data"
kClasses = 3
kCorners = ["TOP_LEFT", "TOP_RIGHT", "BOTTOM_LEFT", "BOTTOM_RIGHT"]
kLines = [
    {"start": [0, 220], "end": [640, 220], "anchors": kCorners, "threshold": 1},
    {"start": [320, 480], "end": [320, 0], "anchors": ["BOTTOM_CENTER"], "threshold": 1},
    {"start": [150, 60], "end": [470, 330], "anchors": ["CENTER"], "threshold": 2},
    {"start": [560, 130], "end": [90, 190], "anchors": ["CENTER_LEFT", "CENTER_RIGHT"], "threshold": 3},
    {"start": [200, 240], "end": [330, 240], "anchors": ["TOP_CENTER"], "threshold": 1},
]
kZones = [
    {"corners": [[100, 80], [420, 80], [420, 300], [100, 300]], "anchors": ["BOTTOM_CENTER"], "all": True},
    {"corners": [[60, 40], [500, 90], [300, 200], [520, 400], [120, 330]], "anchors": kCorners, "all": False},
    {"corners": [[320, 30], [610, 460], [40, 300]], "anchors": ["TOP_RIGHT", "BOTTOM_LEFT"], "all": True},
]


def positions(names):
    return [sv.Position[name] for name in names]


def detections(frame, ids, rotated):
    """As make_tracks.py packs them: quarters of a pixel, thousandths of radians and of scores."""
    rows = np.array(frame, np.float32).reshape(len(frame), 6 if rotated else 5)
    boxes, data = rows[:, :4] / np.float32(4), {}
    if rotated:
        centre, half = boxes[:, None, :2], boxes[:, 2:] / 2
        cos, sin = np.cos(rows[:, 4] / 1000), np.sin(rows[:, 4] / 1000)
        u = (half[:, :1] * np.stack([cos, sin], 1))[:, None]
        v = (half[:, 1:] * np.stack([-sin, cos], 1))[:, None]
        corners = np.concatenate([centre + u + v, centre + u - v, centre - u - v, centre - u + v], axis=1)
        data = {sv.config.ORIENTED_BOX_COORDINATES: corners}
        boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    ids = np.array(ids, int)
    return sv.Detections(xyxy=boxes, class_id=np.maximum(ids, 0) % kClasses, tracker_id=ids, data=data)


def crossings(line, frames):
    zone = sv.LineZone(sv.Point(*line["start"]), sv.Point(*line["end"]), positions(line["anchors"]), line["threshold"])
    found = []
    for number, frame in enumerate(frames):
        into, out = zone.trigger(frame)
        found += [[number, i, sign] for sign, each in ((1, into), (-1, out)) for i in np.flatnonzero(each).tolist()]
    counts = [{str(kind): int(n) for kind, n in sorted(each.items())}
              for each in (zone.in_count_per_class, zone.out_count_per_class)]
    return {**line, "crossings": sorted(found), "in": counts[0], "out": counts[1]}


def presence(zone, frames):
    polygon = sv.PolygonZone(np.array(zone["corners"]), positions(zone["anchors"]), zone["all"])
    inside = ["".join("01"[int(each)] for each in polygon.trigger(frame)) for frame in frames]
    return {**zone, "inside": " ".join(inside)}


def main():
    every = []
    for scene in json.loads((kData / "tracks.json").read_text()):
        ids = scene["ids"]["bytetrack"]
        frames = [detections(*frame, scene["rotated"]) for frame in zip(scene["frames"], ids, strict=True)]
        every.append({"scene": scene["scene"], "lines": [crossings(line, frames) for line in kLines],
                      "zones": [presence(zone, frames) for zone in kZones]})
        print(scene["scene"], [len(line["crossings"]) for line in every[-1]["lines"]],
              [zone["inside"].count("1") for zone in every[-1]["zones"]])
    lines = (json.dumps(scene, separators=(",", ":")) for scene in every)
    (kData / "zones.json").write_text("[" + ",\n".join(lines) + "]\n")


if __name__ == "__main__":
    main()
