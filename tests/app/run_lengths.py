"""Masks as sets of pixels, for the tests: COCO's run lengths and polygons.

A mask is a set of (x, y).
"""


def decode(text):
    """COCO's run-length string as a list of counts."""
    counts, value, shift = [], 0, 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def pixels(counts, size):
    """The pixels of run lengths, which go down the columns and begin with those outside."""
    height, width = size
    assert sum(counts) == height * width, (sum(counts), size)
    position, mask = 0, set()
    for i, count in enumerate(counts):
        if i % 2:
            mask.update((p // height, p % height) for p in range(position, position + count))
        position += count
    return mask


def inside(points):
    """The pixels inside or on a polygon of pixels (even-odd)."""
    mask = {(round(x), round(y)) for x, y in points}
    edges = list(zip(points, points[1:] + points[:1]))
    for y in range(round(min(y for _, y in points)), round(max(y for _, y in points)) + 1):
        crossings = sorted(
            x0 + (y - y0) * (x1 - x0) / (y1 - y0) for (x0, y0), (x1, y1) in edges if min(y0, y1) <= y < max(y0, y1)
        )
        for begin, end in zip(crossings[::2], crossings[1::2]):
            mask.update((x, y) for x in range(round(begin), round(end) + 1))
    return mask


def overlap(a, b):
    """Intersection over union."""
    return len(a & b) / len(a | b) if a or b else 1.0
