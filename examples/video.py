"""A video, camera or stream, one model: video/ in Python.

    python video.py yolo11n.onnx street.mp4

Frames go to the model as the decoder made them. For a model on a GPU they are decoded there, and stay in its memory.
"""

import argparse
import sys

import tensorrt_yolo as ty


def main() -> int:
    parser = argparse.ArgumentParser(description="Finds objects in the frames of a video.")
    parser.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine that detects")
    parser.add_argument("source", metavar="SOURCE", help="video, URL, or camera (/dev/video0)")
    parser.add_argument("--device", type=int, default=0, metavar="N", help="number of the GPU, if there is one (0)")
    options = parser.parse_args()
    try:
        model = ty.DetectModel(options.model, ty.InferOption(device_id=options.device))
        gpu = options.device if model.info().backend == "tensorrt" else None
        with ty.VideoReader(options.source, gpu=gpu) as video:
            for frame in video:
                print(f"frame {frame.number} at {frame.time:g} s: {len(model.predict(frame))} objects")
            counts, why = video.counts, video.why_no_gpu
    except (ty.Error, OSError, ValueError) as error:
        print(f"video: {error}", file=sys.stderr)
        return 1
    print(f"{counts['gpu']} frames decoded on a GPU, {counts['cpu']} on the CPU, {counts['corrupt']} damaged")
    if why:
        print(f"not on the GPU: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
