"""Files of images as they come from a disk or a client, one pool: encoded/ in Python.

    python encoded.py yolo11n.onnx photos/*.jpg

The pool decodes the images while earlier ones run, JPEG files on a GPU where nvImageCodec is installed. What is wrong
with one file is its own error; the others go on.
"""

import argparse
import pathlib
import sys

import tensorrt_yolo as ty


def main() -> int:
    parser = argparse.ArgumentParser(description="Finds objects in files of images.")
    parser.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine that detects")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="JPEG, PNG or other file")
    options = parser.parse_args()
    failed = 0
    with ty.Pool(ty.DetectModel(options.model)) as pool:
        found = [pool.submit(pathlib.Path(file).read_bytes()) for file in options.images]
        for file, future in zip(options.images, found, strict=True):
            try:
                print(f"{file}: {len(future.result())} objects")
            except ty.DecodeError as error:
                print(f"{file}: {error}")
                failed = 1
        decoded = pool.metrics().decoded
    print(f"{decoded.gpu} decoded on a GPU, {decoded.cpu} on the CPU, {decoded.failed} damaged")
    return failed


if __name__ == "__main__":
    sys.exit(main())
