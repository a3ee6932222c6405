"""What Python costs: the same rows measured by the C++ program and by the Python one, in turns.

    python bench/binding.py build/bin/trtyolo yolo11n.onnx data/shapes/detect.onnx
    python bench/binding.py build/bin/trtyolo yolo11n.engine --streams 1 --clones 8      # on a GPU

scaling   images a second of n threads with a clone each, against one thread's: both programs', and their ratio
call      milliseconds of predict() in one thread (median), and what Python's takes more

On a CPU every prediction has one core. Each round runs both programs once, one after the other; figures are medians
over the rounds, ratios the medians of the rounds' ratios. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys


def rows(command: list[str], arguments: argparse.Namespace, model: str) -> dict[str, dict[str, float]]:
    """The rows "model" and "clones" of a program's bench."""
    words = [*command, "bench", model, "--kinds", "model,clones", "--clones", str(arguments.clones)]
    words += ["--images", arguments.images, "--streams", str(arguments.streams)]
    words += ["--seconds", str(arguments.seconds), "--json", "-", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}\nended with status {done.returncode}: {done.stderr}")
    return {row["kind"]: row for row in json.loads(done.stdout)["rows"]}


def measure(arguments: argparse.Namespace, model: str) -> dict[str, float]:
    programs = {"cpp": [arguments.program], "python": [sys.executable, "-m", "tensorrt_yolo"]}
    found: dict[str, list[float]] = {}
    for turn in range(arguments.rounds):
        one = {}
        for name in sorted(programs, reverse=turn % 2 == 1):
            one[name] = rows(programs[name], arguments, model)
        scaling = {name: said["clones"]["images_per_s"] / said["model"]["images_per_s"] for name, said in one.items()}
        call = {name: said["model"]["p50_ms"] for name, said in one.items()}
        values = {
            "cpp_scaling": scaling["cpp"],
            "python_scaling": scaling["python"],
            "scaling_ratio": scaling["python"] / scaling["cpp"],
            "cpp_call_ms": call["cpp"],
            "python_call_ms": call["python"],
            "call_ratio": call["python"] / call["cpp"],
            "call_more_us": (call["python"] - call["cpp"]) * 1e3,
        }
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return {key: statistics.median(values) for key, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the C++ program trtyolo")
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--clones", type=int, default=4, help="threads with a clone each (%(default)s)")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--streams", type=int, default=cores, help="on a CPU (%(default)s: as many as cores)")
    parser.add_argument("--images", choices=("host", "gpu"), default="host", help="where the picture is (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="for each row (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    arguments = parser.parse_args()
    print(f"{'model':<24}{'scaling, C++':>14}{'Python':>9}{'ratio':>8}{'call, C++':>12}{'Python':>9}{'more':>18}")
    for model in arguments.models:
        said = measure(arguments, model)
        print(
            f"{os.path.basename(model):<24}{said['cpp_scaling']:>14.3f}{said['python_scaling']:>9.3f}"
            f"{said['scaling_ratio']:>8.3f}{said['cpp_call_ms']:>9.3f} ms{said['python_call_ms']:>6.3f} ms"
            f"{said['call_more_us']:>8.0f} us, x {said['call_ratio']:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
