"""Writes the pictures that the references name as PPM, for machines without OpenCV: to_ppm.py DATA OUT

DATA is the checkout's folder data/. OUT gets shapes/... with a .ppm for each picture, and the references.
"""
import json
import shutil
import sys
from pathlib import Path

import cv2

kFolders = ["shapes", "shapes/obb", "shapes/segment", "shapes/pose", "shapes/classify"]


def main(data: Path, out: Path) -> None:
    for folder in kFolders:
        (out / folder).mkdir(parents=True, exist_ok=True)
        references = data / folder / "golden.json"
        shutil.copy(references, out / folder)
        for image in json.loads(references.read_text())["images"]:
            target = (out / folder / image["source"]).with_suffix(".ppm")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not cv2.imwrite(str(target), cv2.imread(str(data / folder / image["source"]))):
                sys.exit(f"{target} cannot be written")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
