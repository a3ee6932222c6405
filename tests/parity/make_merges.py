"""Makes tests/data/merges.json: what SAHI makes of boxes that were found in several slices, so that tests need no SAHI.

    python3 -m venv .venv-sahi && .venv-sahi/bin/pip install -r tests/parity/requirements-sahi.txt
    .venv-sahi/bin/python tests/parity/make_merges.py

The boxes are made here. tests/data/README.md describes the file.
"""
import itertools
import json
from pathlib import Path

import numpy as np
from sahi.postprocess.backends import set_postprocess_backend
from sahi.postprocess.combine import GreedyNMMPostprocess, NMMPostprocess, NMSPostprocess
from sahi.postprocess.utils import get_shapely_multipolygon
from sahi.prediction import ObjectPrediction
from sahi.slicing import get_slice_bboxes

kFile = Path(__file__).resolve().parents[2] / "tests/data/merges.json"
kMerges = {"GREEDYNMM": GreedyNMMPostprocess, "NMM": NMMPostprocess, "NMS": NMSPostprocess}
kMetrics = ("IOU", "IOS")

# Image, slice (width, height) and overlap.
kImages = [((1920, 1080), (640, 640), 0.2), ((640, 640), (640, 640), 0.2), ((641, 640), (640, 640), 0.2),
           ((300, 2000), (640, 512), 0.3), ((1152, 1152), (640, 640), 0.2), ((12000, 8000), (640, 640), 0.25),
           ((1000, 700), (100, 70), 0.0), ((97, 61), (10, 7), 0.9), ((5, 5), (1, 1), 0.99),
           ((800, 600), (256, 320), 0.7)]


# ----------------------------------------------------------------------------------------------------------------------
# Boxes: rows of left, top, right, bottom in quarters of a pixel, score in thousandths, class


def sliced(seed, count, image=(1920, 1080), sizes=(8, 120), noise=2.0, whole=True):
    """Objects as they are found in each slice that shows a part of them, and in the image as a whole."""
    random = np.random.default_rng(seed)
    width, height = image
    slices = get_slice_bboxes(height, width, 640, 640, False, 0.2, 0.2) + ([[0, 0, width, height]] if whole else [])
    objects = []
    for _ in range(count):
        size = random.uniform(*sizes, 2) * (6 if random.random() < 0.1 else 1)
        centre = random.uniform((0, 0), image)
        objects.append([*(centre - size / 2), *(centre + size / 2), random.uniform(0.3, 0.98), random.integers(3)])
    rows = []
    for left, top, right, bottom in slices:
        for one in objects:
            box = np.array(one[:4]) + random.normal(0, noise, 4)
            box = [max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom)]
            if box[2] - box[0] < 3 or box[3] - box[1] < 3 or random.random() < 0.15:
                continue
            seen = (box[2] - box[0]) * (box[3] - box[1]) / ((one[2] - one[0]) * (one[3] - one[1]))
            score = np.clip(one[4] * (0.5 + seen / 2) + random.normal(0, 0.05), 0.25, 0.99)
            rows.append([*(round(4 * side) for side in box), round(1000 * score), int(one[5])])
    return rows


def pile(seed, count=60):
    """Many boxes over each other, some with the same score, some the same altogether, some without an area."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        centre, size = random.uniform(100, 260, 2), random.uniform(10, 110, 2)
        box = [round(4 * side) for side in (*(centre - size / 2), *(centre + size / 2))]
        rows.append([*box, int(random.choice([300, 500, 500, 700, 900])), int(random.integers(2))])
    rows += rows[:5] + [[400, 400, 400, 800, 600, 0], [410, 500, 410, 500, 950, 1]]
    return rows


def chain(step=15, count=20):
    """Each box matches its neighbours only, so what belongs together grows."""
    return [[4 * step * i, 400, 4 * step * i + 160, 560 + 8 * (i % 3), 990 - 37 * ((7 * i) % count), 0]
            for i in range(count)]


def whole_pixels(rows):
    return [[*(4 * (side // 4) for side in row[:2]), *(4 * (-(-side // 4)) for side in row[2:4]), *row[4:]]
            for row in rows]


kScenes = {
    "slices": (sliced(1, 60), (0.5,), False),
    "slices, crowded": (sliced(2, 150, (1300, 900), (20, 160), 4.0), (0.3, 0.7), False),
    "pile": (pile(3), (0.2, 0.5, 0.9), False),
    "chain": (chain(), (0.3, 0.5), False),
    "thousands": (sliced(4, 1100, (4000, 3000), (8, 60)), (0.5,), False),
    "masks": (whole_pixels(sliced(5, 40, (1000, 700), (20, 200))), (0.5,), True),
}


# ----------------------------------------------------------------------------------------------------------------------


def prediction_of(row, with_mask):
    left, top, right, bottom = (side / 4 for side in row[:4])
    mask = {"segmentation": [[left, top, right, top, right, bottom, left, bottom]], "full_shape": [4000, 4000]}
    return ObjectPrediction(bbox=[left, top, right, bottom], score=float(np.float32(row[4]) / np.float32(1000)),
                            category_id=row[5], category_name=str(row[5]), **(mask if with_mask else {}))


def row_of(prediction, with_mask):
    row = [*(round(4 * side) for side in prediction.bbox.to_xyxy()), round(1000 * prediction.score.value),
           prediction.category.id]
    return [*row, round(get_shapely_multipolygon(prediction.mask.segmentation).area)] if with_mask else row


def results_of(rows, thresholds, with_mask):
    for merge, metric, threshold, agnostic in itertools.product(kMerges, kMetrics, thresholds, (False, True)):
        if len(rows) > 2000 and (agnostic or metric == "IOU" and merge == "NMM"):
            continue    # to keep the file small
        post = kMerges[merge](match_threshold=threshold, match_metric=metric, class_agnostic=agnostic)
        found = [row_of(each, with_mask) for each in post([prediction_of(row, with_mask) for row in rows])]
        yield {"merge": merge, "metric": metric, "threshold": threshold, "agnostic": agnostic, "found": found}


def main():
    set_postprocess_backend("numpy")
    slices = [{"image": image, "slice": size, "overlap": overlap,
               "slices": get_slice_bboxes(image[1], image[0], size[1], size[0], False, overlap, overlap)}
              for image, size, overlap in kImages]
    for each in slices:    # what they are follows from their number, first and last ones
        each["count"] = len(each["slices"])
        if each["count"] > 400:
            each["slices"] = each["slices"][:20] + each["slices"][-20:]
    scenes = [{"scene": name, "masks": with_mask, "boxes": rows,
               "results": list(results_of(rows, thresholds, with_mask))}
              for name, (rows, thresholds, with_mask) in kScenes.items()]
    lines = ",\n".join(json.dumps(scene, separators=(",", ":")) for scene in scenes)
    kFile.write_text(f'{{"slices": {json.dumps(slices, separators=(",", ":"))},\n"scenes": [\n{lines}]}}\n')
    for scene in scenes:
        counts = {len(result["found"]) for result in scene["results"]}
        print(f"{scene['scene']}: {len(scene['boxes'])} boxes, {min(counts)} to {max(counts)} objects")
    print(f"{kFile.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
