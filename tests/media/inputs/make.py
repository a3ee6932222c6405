#!/usr/bin/env python3
"""Writes the images of this folder, which OpenCV cannot write: quadrants of red, green, blue, white.

Needs Pillow, and cjpeg of libjpeg-turbo.
"""

import io
import subprocess
from pathlib import Path

from PIL import Image

here = Path(__file__).parent
colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
image = Image.new("RGB", (32, 32))
for index, colour in enumerate(colours):
    image.paste(colour, (16 * (index % 2), 16 * (index // 2), 16 * (index % 2) + 16, 16 * (index // 2) + 16))
image.convert("CMYK").save(here / "cmyk.jpg", quality=95, subsampling=0)
image.convert("P", palette=Image.Palette.ADAPTIVE).save(here / "palette.png")
image.save(here / "progressive.jpg", quality=95, subsampling=0, progressive=True)
image.save(here / "lossless.webp", lossless=True)
image.quantize(4).save(here / "palette.bmp")
pnm = io.BytesIO()
image.save(pnm, "ppm")
command = ["cjpeg", "-quality", "95", "-sample", "1x1", "-arithmetic", "-outfile", str(here / "arithmetic.jpg")]
subprocess.run(command, input=pnm.getvalue(), check=True)
