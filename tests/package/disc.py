"""Draws what a network of data/shapes calls a circle, as a binary PPM image: disc.py FILE"""

import pathlib
import sys

WIDTH, HEIGHT, RADIUS = 640, 480, 80

pixels = bytearray()
for y in range(HEIGHT):
    for x in range(WIDTH):
        inside = (x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2 <= RADIUS**2
        pixels += bytes((200, 30, 30) if inside else (200, 200, 200))
pathlib.Path(sys.argv[1]).write_bytes(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + pixels)
