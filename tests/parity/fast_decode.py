"""What fast decode does to accuracy: the program's figures over the validation pictures of data/shapes, as large JPEGs.

    python fast_decode.py [--program build/bin/trtyolo] [--task TASK ...] [--sides 1920,2560,3840] [--json FILE]

Those pictures are smaller than what a network of 640 x 640 pixels leaves of them when they are reduced, so that fast
decode would do nothing. So each is scaled up (bicubic) until its longer side has so many pixels, and written as a JPEG
file of quality 90; labels are in shares of the picture's sides and stay. The program runs over these twice, with and
without --fast-decode, and Ultralytics' validator does the sums, as accuracy.py says (its "program" is "whole" here).
"""
import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

import cv2
from accuracy import (
    figuresOf,
    kData,
    kFigures,
    kRoot,
    kTasks,
    layOut,
    namesOf,
    programAnswers,
    settingOf,
    topFigures,
    validation,
    validator,
)
from ultralytics import YOLO
from ultralytics.utils import LOGGER

kQuality = 90
kKinds = {"whole": (), "fast": ("--fast-decode",)}


def scaleUp(picture: Path, side: int) -> None:
    """Writes the picture anew, with `side` pixels at its longer side."""
    pixels = cv2.imread(str(picture))
    factor = side / max(pixels.shape[:2])
    size = [round(factor * length) for length in pixels.shape[1::-1]]
    cv2.imwrite(str(picture), cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC),
                [cv2.IMWRITE_JPEG_QUALITY, kQuality])


def measure(task: str, side: int, program: Path) -> tuple[dict[str, dict[str, float]], int]:
    """Figures by kind, and how many pictures."""
    model = kData / f"{task}.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        data, pictures = layOut(task, Path(scratch))
        for picture in pictures:
            scaleUp(picture, side)
        answers = {kind: programAnswers(program, model, task, pictures, settingOf(task), options)
                   for kind, options in kKinds.items()}
        if task == "classify":
            names = namesOf(task)
            return {kind: topFigures(found, names) for kind, found in answers.items()}, len(pictures)
        net = YOLO(str(model), task=task)
        common = validation(task, data, Path(scratch))
        if task == "segment":  # masks at the size of the network's input, as the program gives them
            common |= dict(mask_ratio=1, overlap_mask=False)
        figures = {}
        for kind, found in answers.items():
            given = {str(path): each for path, each in found.items()}
            figures[kind] = figuresOf(net.val(validator=validator(task, given, True), **common).results_dict, task)
        return figures, len(pictures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=kRoot / "build/bin/trtyolo")
    parser.add_argument("--task", choices=kTasks, action="append", help="only this task; may be repeated")
    parser.add_argument("--sides", type=lambda text: [int(side) for side in text.split(",")],
                        default=[1920, 2560, 3840], help="pixels of the pictures' longer side, one after the other")
    parser.add_argument("--json", type=Path, help="writes the figures there too")
    arguments = parser.parse_args()
    LOGGER.setLevel(logging.ERROR)
    if not arguments.program.is_file():
        print(f"{arguments.program} is not there: build it (scripts/build), or name it with --program", file=sys.stderr)
        return 2
    everything = []
    print("| task | figure | pictures | longer side | whole | fast decode | difference |")
    print("|---|---|---|---|---|---|---|")
    for task in arguments.task or kTasks:
        for side in arguments.sides:
            figures, pictures = measure(task, side, arguments.program)
            everything.append({"task": task, "side": side, "pictures": pictures, **figures})
            for name in kFigures[task]:
                whole, fast = figures["whole"][name], figures["fast"][name]
                print(f"| {task} | {name} | {pictures} | {side} | {whole:.4f} | {fast:.4f} | {fast - whole:+.4f} |",
                      flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
