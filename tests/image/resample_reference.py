#!/usr/bin/env python3
"""Writes resample_reference.inc: what Pillow's resize() makes of test images, as hashes, and PyTorch's interpolate().

    python3 resample_reference.py > resample_reference.inc

Needs what center_crop_reference.py needs, whose images these are.
"""

import sys

import numpy
import PIL
import torch
from center_crop_reference import fnv1a, image_of
from PIL import Image
from torch.nn.functional import interpolate

# Width, height, and those of the scaled image. The narrow tall ones are scaled along the columns first.
PILLOW = ((64, 48, 20, 15), (37, 53, 80, 11), (50, 20, 50, 9), (21, 40, 9, 40), (7, 5, 31, 29), (1, 1, 6, 4))
PILLOW += ((90, 3, 4, 1), (33, 33, 33, 33), (10, 400, 320, 20), (320, 180, 64, 36), (1, 50, 3, 10), (5, 2, 2, 5))
PYTORCH = ((5, 4, 3, 7), (4, 5, 8, 2), (9, 1, 4, 3))


def scaled(pixels, size):
    """Each channel by itself, as Pillow scales those that do not stand for opacity."""
    channels = [Image.fromarray(numpy.ascontiguousarray(pixels[:, :, i])) for i in range(pixels.shape[2])]
    return numpy.stack([numpy.asarray(channel.resize(size, Image.Resampling.BILINEAR)) for channel in channels], -1)


def main():
    print(f"// Made by resample_reference.py with Pillow {PIL.__version__} and PyTorch {torch.__version__}.")
    print("// clang-format off")
    print("// Width, height, channels; width and height of the scaled image; FNV-1a of its pixels.")
    print("constexpr PillowCase kPillow[] = {")
    for number, (width, height, *size) in enumerate(case for case in PILLOW for _ in range(3)):
        channels = (1, 3, 4)[number % 3]
        value = fnv1a(scaled(image_of(number, width, height, channels), size).tobytes())
        print(f"{{{width}, {height}, {channels}, {size[0]}, {size[1]}, 0x{value:016X}}},")
    print("};")
    print("// Width, height; width and height of the scaled image; its three planes.")
    print("const std::vector<RealCase> kReal = {")
    for number, (width, height, *size) in enumerate(PYTORCH):
        pixels = torch.from_numpy(image_of(3 * number, width, height, 3)).permute(2, 0, 1)[None].float() / 255
        planes = interpolate(pixels, size=(size[1], size[0]), mode="bilinear", align_corners=False)
        values = ", ".join(f"{value:.8g}" for value in planes.double().flatten().tolist())
        print(f"{{{width}, {height}, {size[0]}, {size[1]}, {{{values}}}}},")
    print("};")
    print("// clang-format on")


if __name__ == "__main__":
    sys.exit(main())
