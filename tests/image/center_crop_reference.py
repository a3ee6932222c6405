#!/usr/bin/env python3
"""Writes center_crop_reference.inc: what torchvision's Resize and CenterCrop make of test images, as hashes.

    python3 center_crop_reference.py > center_crop_reference.inc

Needs NumPy, Pillow and torchvision. The images come from a small generator that center_crop_test.cpp has too; the test
itself needs no Python.
"""

import sys

import numpy
import PIL
import torchvision
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
CONTENTS = ("noise", "extremes", "gradient")
NETWORKS = ((224, 224), (64, 64), (97, 97), (32, 32), (224, 160), (61, 97), (128, 130), (320, 48))  # width, height
LARGEST_SCALED = 30_000_000  # pixels: all of the scaled image, of which Pillow makes the parts that are cut off too


def words(seed, count):
    """The first so many numbers of SplitMix64."""
    z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(STEP)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def image_of(number, width, height, channels):
    """The pixels of a case: its number is the seed and decides about padding between rows and content."""
    row = width * channels
    pitch = row + number % 4 * (number % 7)
    size = pitch * (height - 1) + row
    values = words(number, (size + 7) // 8)
    content = CONTENTS[number % 3]
    if content == "extremes":
        values = (values & numpy.uint64(0x0101010101010101)) * numpy.uint64(255)
    data = numpy.zeros(pitch * height, numpy.uint8)
    data[:size] = values.astype("<u8").view(numpy.uint8)[:size]
    pixels = data.reshape(height, pitch)[:, :row]
    if content == "gradient":
        y, x = numpy.mgrid[:height, :row]
        pixels = ((x * 3 + y * 5) >> 2).astype(numpy.uint8)
    return numpy.ascontiguousarray(pixels).reshape(height, width, channels)


def transformed(pixels, network):
    """Three planes of bytes, in the order of the image's channels; a fourth channel is left out."""
    width, height = network
    transform = Compose(
        [
            Resize(width if width == height else (height, width), InterpolationMode.BILINEAR),
            CenterCrop((height, width)),
        ]
    )
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else numpy.ascontiguousarray(pixels[:, :, :3]))
    result = numpy.asarray(transform(image))
    assert result.shape[:2] == (height, width)
    return numpy.stack([result] * 3) if result.ndim == 2 else result.transpose(2, 0, 1)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def scaled_pixels(width, height, network):
    return network[0] ** 2 * max(width, height) / min(width, height) if network[0] == network[1] else 0


def cases():
    """Width, height, channels and network of every case."""
    numbers = iter(words(20240611, 10_000).tolist())

    def magnitude(highest):  # small numbers as often as large ones
        return min(highest, max(1, int((highest + 1.0) ** (next(numbers) / 2**64))))

    for number in range(210):
        while True:
            width, height = magnitude(4000), magnitude(3000)
            network = NETWORKS[next(numbers) % len(NETWORKS)]
            if scaled_pixels(width, height, network) <= LARGEST_SCALED:
                break
        yield width, height, (1, 3, 4)[next(numbers) % 3], network
    for size in ((1920, 1080), (1080, 1920), (640, 480), (4000, 3000), (500, 375), (224, 224), (225, 224), (224, 227)):
        yield *size, 3, (224, 224)
    for size in ((448, 448), (640, 640), (1280, 720), (640, 300)):
        yield *size, 3, (640, 640)
    for size in ((1, 1), (2, 1), (1, 2), (2, 2), (3, 5)):
        for channels in (1, 3, 4):
            yield *size, channels, (224, 224)
    for size in ((1, 1), (224, 1), (1, 160), (224, 160), (224, 333), (333, 160)):
        yield *size, 3, (224, 160)
    # Around the border between Pillow's two orders of its passes, which round differently.
    for size in ((324, 360), (324, 361), (324, 359), (100, 160), (100, 161), (224, 161), (225, 162), (225, 163)):
        yield *size, 3, (224, 160)
    for size in ((1080, 2400), (1080, 2340), (300, 700), (220, 480)):
        yield *size, 3, (224, 224)
    yield 20000, 3, 1, (224, 224)
    yield 3, 20000, 1, (224, 224)
    yield 20000, 3, 3, (64, 64)
    yield 3, 20000, 4, (64, 64)
    yield 20000, 1, 3, (32, 32)
    yield 20000, 3, 3, (224, 160)
    yield 3, 20000, 3, (224, 160)
    yield 20000, 30, 4, (1, 1)
    yield 20000, 30, 3, (1, 2)


def main():
    versions = f"Pillow {PIL.__version__} and torchvision {torchvision.__version__}"
    print(f"// Made by center_crop_reference.py with {versions}.")
    print("// Width, height and channels of the image; width and height of the network; FNV-1a of the planes.")
    print("// clang-format off")
    for number, (width, height, channels, network) in enumerate(cases()):
        value = fnv1a(transformed(image_of(number, width, height, channels), network).tobytes())
        print(f"{{{width}, {height}, {channels}, {network[0]}, {network[1]}, 0x{value:016X}}},")
    print("// clang-format on")


if __name__ == "__main__":
    sys.exit(main())
