"""What a quantization cost and brought: a table, JSON, and a picture of the worst differences."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.quantization.agreement import Difference
from tensorrt_yolo.results import Result

_ROWS = 6  # of the picture of differences
_SIDE = 480  # pixels of each half of a row


@dataclasses.dataclass
class GroupFigures:
    """What the model loses when a group of layers is left in real numbers."""

    title: str
    """Which layers."""
    layers: list[str]
    """Their names."""
    drop: float
    """What is lost then."""
    gained: float
    """How much less that is than with all layers in eight bits."""


@dataclasses.dataclass
class QuantizeReport:
    """What quantize() did, and what it cost."""

    model: str
    """The model's file."""
    output: str
    """The quantized one; "" if it was not written, because it lost too much."""
    task: str
    """Of the model."""
    precision: str
    """"int8" or "fp8"."""
    calibrated: int
    """Pictures that it was calibrated with."""
    measured: int
    """Pictures that it was measured on."""
    labels: bool
    """Whether these have labels."""
    figures: dict[str, tuple[float, float]]
    """With labels: mAP50-95 and others, 0 to 1, of the f32 model and of the quantized one."""
    agreement: dict[str, Any]
    """Between the two: shares of objects that are matched, differences of scores, objects by class."""
    drop: float
    """What is lost: the largest difference of the figures that count, or the share of objects that are not matched."""
    float_layers: list[str]
    """Groups of layers that were left in real numbers, the decoding behind the last layers aside."""
    groups: list[GroupFigures]
    """What each group costs; empty if none had to be looked at."""
    speed: dict[str, float]
    """Images a second of the bare networks on this machine, "f32" and the quantized one's."""
    versions: dict[str, str]
    """Of the tools."""
    settings: dict[str, Any]
    """Of the quantization."""
    notes: list[str]
    """What else there is to say, in sentences."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """As a table for people."""
        new = self.precision.upper()
        lines = [f"| | f32 | {new} | difference |", "|---|---|---|---|"]
        for name, (before, after) in self.figures.items():
            lines.append(f"| {name} | {before:.4f} | {after:.4f} | {after - before:+.4f} |")
        if self.speed:
            before, after = self.speed["f32"], self.speed[self.precision]
            lines.append(f"| images/s, bare network | {before:.1f} | {after:.1f} | {after / before:.2f} x |")
        lines += ["", "| agreement | |", "|---|---|"]
        for name, value in self.agreement.items():
            if isinstance(value, dict):
                for class_name, (before, after) in value.items():
                    lines.append(f"| objects of {class_name.replace('|', '/')} | {before} and {after} |")
            else:
                lines.append(f"| {name} | {value:.4f} |")
        if self.groups:
            lines += ["", "| left in real numbers | lost then | less by |", "|---|---|---|"]
            for group in self.groups:
                kept = " (chosen)" if group.title in self.float_layers else ""
                lines.append(f"| {group.title}{kept} | {group.drop:.4f} | {group.gained:+.4f} |")
        pictures = f"{self.calibrated} pictures to calibrate with, {self.measured} to measure on"
        lines += ["", f"{pictures}, {'with' if self.labels else 'without'} labels."]
        lines += [f"- {note}" for note in self.notes]
        return "\n".join(lines) + "\n"

    def write(self, folder: str, worst: npt.NDArray[np.uint8] | None) -> None:
        """Writes report.json, report.md and, if there is one, worst.jpg into a folder, which is made."""
        from tensorrt_yolo.drawing import write_image
        from tensorrt_yolo.program.writing import write_whole

        os.makedirs(folder, exist_ok=True)
        for name, text in (("report.json", self.to_json()), ("report.md", self.to_markdown())):

            def write(path: str, text: str = text) -> None:
                with open(path, "w", encoding="utf-8", errors="replace") as file:
                    file.write(text)

            write_whole(os.path.join(folder, name), write)
        if worst is not None:
            write_whole(os.path.join(folder, "worst.jpg"), lambda path: write_image(path, worst), ".jpg")


def worst_differences(
    pictures: Sequence[str], ones: Sequence[Result], others: Sequence[Result], differences: Sequence[Difference]
) -> npt.NDArray[np.uint8] | None:
    """The pictures that two models differ most about, side by side; None if they differ about none.

    Needs Pillow; raises ImportError without.
    """
    from tensorrt_yolo.drawing import visualize

    order = sorted(range(len(differences)), key=lambda index: -differences[index].badness)
    rows = []
    for index in order[:_ROWS]:
        if differences[index].badness > 0:
            halves = [_scaled(visualize(pictures[index], results[index])) for results in (ones, others)]
            rows.append(np.concatenate([halves[0], np.full((halves[0].shape[0], 4, 3), 255, np.uint8), halves[1]], 1))
    return np.concatenate(rows) if rows else None


def _scaled(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """To one width."""
    import PIL.Image

    height = max(1, round(picture.shape[0] * _SIDE / picture.shape[1]))
    return np.asarray(PIL.Image.fromarray(picture).resize((_SIDE, height), PIL.Image.Resampling.BILINEAR))
