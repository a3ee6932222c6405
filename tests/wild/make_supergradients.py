"""YOLO-NAS by super-gradients, exported by its model.export(); expected is what its model.predict() finds.

super-gradients is under the Apache License 2.0, and a tool here: nothing of it is part of trtyolo. (Its pretrained
weights have another licence; none are used.)
"""

from __future__ import annotations

import functools
import os
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("CRASH_HANDLER", "FALSE")

import torch  # noqa: E402
from lively import Enlivener  # noqa: E402
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, pixels, write  # noqa: E402
from super_gradients.conversion import DetectionOutputFormatMode  # noqa: E402
from super_gradients.training import models  # noqa: E402
from super_gradients.training.processing.processing import default_yolo_nas_coco_processing_params  # noqa: E402

kSide = 640  # so that pictures are resized to 636, as those of the COCO recipe are


@functools.lru_cache(maxsize=1)
def lively_model() -> torch.nn.Module:
    torch.manual_seed(1)
    model = models.get("yolo_nas_s", num_classes=80, pretrained_weights=None)
    batch = torch.from_numpy(calibration(kSide))
    lively = Enlivener(model, lambda: model(batch))
    lively.norms()
    lively.scores(r"heads\.head\d\.cls_pred", ((0.01, 0.25), (0.0003, 0.95)))
    lively.bins(r"heads\.head\d\.reg_pred", 17)
    model.set_dataset_processing_params(**default_yolo_nas_coco_processing_params())
    return model


@functools.lru_cache(maxsize=1)
def expected() -> list[list[dict]]:
    images = []
    for picture in kPictures:
        result = lively_model().predict(
            pixels(picture), conf=kConf, iou=kIou, nms_top_k=1000, max_predictions=kMaxDet, fuse_model=False, fp16=False
        )
        result = result if hasattr(result, "prediction") else next(iter(result))
        objects = result.prediction
        images.append(found(objects.bboxes_xyxy, objects.confidence, objects.labels))
    return images


def make_one(preprocessing: bool, postprocessing: str, folder: Path) -> None:
    images = expected()
    file = folder / f"{folder.name}.onnx"
    how = {"preprocessing": preprocessing, "postprocessing": postprocessing != "none"}
    words = [f"{name}={value}" for name, value in how.items()]
    if postprocessing != "none":
        how["output_predictions_format"] = {
            "flat": DetectionOutputFormatMode.FLAT_FORMAT,
            "batch": DetectionOutputFormatMode.BATCH_FORMAT,
        }[postprocessing]
        how.update(confidence_threshold=kConf, nms_threshold=kIou, max_predictions_per_image=kMaxDet)
        words.append(f"output_predictions_format={postprocessing}")
    lively_model().export(str(file), input_image_shape=(kSide, kSide), **how)
    about = {
        "repository": "super-gradients",
        "package": "super-gradients",
        "version": version("super-gradients"),
        "license": "Apache-2.0",
        "exporter": f"export({', '.join(words)})",
        "reference": "model.predict()",
    }
    write(folder, [file], about, images)


if __name__ == "__main__":
    make(
        {
            "supergradients-raw": functools.partial(make_one, False, "none"),
            "supergradients-raw-preprocessing": functools.partial(make_one, True, "none"),
            "supergradients-flat": functools.partial(make_one, True, "flat"),
            "supergradients-batch": functools.partial(make_one, True, "batch"),
            "supergradients-batch-float": functools.partial(make_one, False, "batch"),
        }
    )
