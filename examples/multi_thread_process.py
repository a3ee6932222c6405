"""Many pictures, or a video, side by side: by threads with a clone each, or by processes with a model each.

    python multi_thread_process.py yolo11n.onnx photos/ --workers 4 --json found.json
    python multi_thread_process.py yolo11n.onnx street.mp4 --mode processes --workers 4 --save out

Threads share the weights and the pictures, and cost little; predict() lets go of the interpreter's lock, so that they
really run side by side. Processes load the weights once each and get their pictures over shared memory; they help where
the Python code around predict() is what takes the time. Results come in the order of the pictures, none is left out,
and both ways give the same.

(The guide of TensorRT-YOLO calls its example `mutli_thread_process.py`; this one is spelled as it is pronounced.)

Needs tensorrt_yolo with its extras: pip install 'tensorrt_yolo[images,supervision]'
"""

import argparse
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

import tensorrt_yolo as ty

MODELS = {
    "classify": ty.ClassifyModel,
    "detect": ty.DetectModel,
    "obb": ty.OBBModel,
    "segment": ty.SegmentModel,
    "pose": ty.PoseModel,
}
AHEAD = 2  # pictures that wait for each worker
LARGEST = 8192 * 8192 * 3  # bytes of a picture that a process takes


def pictures(source: str) -> Iterator[tuple[str, int, np.ndarray | None]]:
    """(source, frame, BGR picture) of a folder, a pattern, a picture or a video; None for what cannot be read."""
    try:
        files = [file for batch in ty.image_batches(source, 1) for file in batch]
    except FileNotFoundError as error:
        sys.exit(str(error))
    for file in files:
        picture = cv2.imread(file)
        if picture is not None or len(files) > 1:
            yield file, 0, picture
            continue
        video = cv2.VideoCapture(file)
        frame = 0
        there, picture = video.read()
        if not there:
            yield file, 0, None
        while there:
            yield file, frame, picture
            frame += 1
            there, picture = video.read()


# ----------------------------------------------------------------------------------------------------------------------
# Threads


class Threads:
    """Workers that share one engine: each has a clone, which is cheap, and predicts whatever comes next."""

    def __init__(self, model: ty.BaseModel, workers: int) -> None:
        self._tasks: queue.Queue = queue.Queue()
        self._done: queue.Queue = queue.Queue()
        clones = [model] + [model.clone() for _ in range(workers - 1)]
        self._threads = [threading.Thread(target=self._work, args=(clone,), daemon=True) for clone in clones]
        for thread in self._threads:
            thread.start()

    def put(self, number: int, picture: np.ndarray) -> None:
        self._tasks.put((number, picture))

    def get(self) -> tuple[int, ty.DetResult | Exception]:
        return self._done.get()

    def close(self) -> None:
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self, model: ty.BaseModel) -> None:
        while (task := self._tasks.get()) is not None:
            number, picture = task
            try:
                self._done.put((number, model.predict(picture)))
            except Exception as error:
                self._done.put((number, error))


# ----------------------------------------------------------------------------------------------------------------------
# Processes


class Processes:
    """Workers with a model each. Pictures lie in shared memory; results, which are small, are pickled."""

    def __init__(self, model: ty.BaseModel, workers: int) -> None:
        # A forked child would not have the threads of the back end: 'spawn' starts afresh, and a model that is sent
        # loads its file there.
        context = multiprocessing.get_context("spawn")
        self._tasks, self._done = context.Queue(), context.Queue()
        self._free: list[SharedMemory] = []
        self._memory: dict[int, SharedMemory] = {}  # of each picture under way
        self._processes = [
            context.Process(target=_work, args=(model, self._tasks, self._done), daemon=True) for _ in range(workers)
        ]
        for process in self._processes:
            process.start()

    def put(self, number: int, picture: np.ndarray) -> None:
        memory = self._room(picture.nbytes)
        np.ndarray(picture.shape, np.uint8, memory.buf)[:] = picture
        self._memory[number] = memory
        self._tasks.put((number, memory.name, picture.shape))

    def get(self) -> tuple[int, ty.DetResult | Exception]:
        while True:
            try:
                number, result = self._done.get(timeout=1)
                break
            except queue.Empty:
                dead = [process for process in self._processes if process.exitcode not in (None, 0)]
                if dead:
                    raise RuntimeError(f"a worker ended with exit status {dead[0].exitcode}") from None
        self._free.append(self._memory.pop(number))
        return number, result

    def close(self) -> None:
        for _ in self._processes:
            self._tasks.put(None)
        for process in self._processes:
            process.join()
        for memory in [*self._free, *self._memory.values()]:
            memory.close()
            memory.unlink()

    def _room(self, size: int) -> SharedMemory:
        """Shared memory for so many bytes: that of a picture that is done, or new."""
        if size > LARGEST:
            raise ValueError(f"a picture of {size} bytes is larger than this example takes ({LARGEST})")
        for i, memory in enumerate(self._free):
            if memory.size >= size:
                return self._free.pop(i)
        return SharedMemory(create=True, size=size)


def _work(model: ty.BaseModel, tasks: multiprocessing.Queue, done: multiprocessing.Queue) -> None:
    """A process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it ends
    known: dict[str, SharedMemory] = {}
    while (task := tasks.get()) is not None:
        number, name, shape = task
        try:
            if name not in known:
                known[name] = SharedMemory(name)
            done.put((number, model.predict(np.ndarray(shape, np.uint8, known[name].buf))))
        except Exception as error:
            done.put((number, error))
    for memory in known.values():
        memory.close()


# ----------------------------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="ONNX, OpenVINO IR or TensorRT engine")
    parser.add_argument("source", help="folder, quoted pattern, picture or video")
    parser.add_argument("--mode", choices=("threads", "processes"), default="threads")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N", help="default: one a core")
    parser.add_argument("--json", metavar="FILE", help="results, in the layout of `trtyolo predict --json`")
    parser.add_argument("--save", metavar="DIR", help="folder for annotated pictures; frames of a video are numbered")
    options = parser.parse_args()
    if options.workers < 1:
        parser.error(f"--workers: at least 1 was expected, found {options.workers}")

    # Threads share one engine, which runs as many predictions at once; every process has one to itself.
    option = ty.InferOption(swap_rb=True)
    cores = os.cpu_count() or 1
    option.set_streams(min(options.workers, cores) if options.mode == "threads" else 1)
    if options.mode == "processes":
        option.set_threads(max(1, cores // options.workers))
    model = MODELS[ty.inspect(options.model, option).task](options.model, option)
    info = model.info()
    if options.save:
        os.makedirs(options.save, exist_ok=True)

    workers = (Threads if options.mode == "threads" else Processes)(model, options.workers)
    images: list[dict] = []
    arrived: dict[int, ty.DetResult | Exception] = {}  # before their turn
    waiting: dict[int, tuple[str, int, np.ndarray | None]] = {}
    failed = 0

    def take(number: int, progress: tqdm) -> None:
        """Takes the result of picture `number`, and whatever comes before it."""
        nonlocal failed
        source, frame, picture = waiting.pop(number)
        while picture is not None and number not in arrived:
            arrived.update([workers.get()])
        result = arrived.pop(number) if picture is not None else ValueError("not a picture that OpenCV can read")
        progress.update()
        if isinstance(result, Exception):
            failed += 1
            tqdm.write(f"{source}, frame {frame}: {result}", file=sys.stderr)
            images.append({"source": source, "error": str(result)})
            return
        height, width = picture.shape[:2]
        said = {"source": source, "frame": frame, "width": width, "height": height}
        images.append(said | result.to_dict(info.names))
        if options.save:
            name = f"{Path(source).stem}_{frame:06}.jpg"
            cv2.imwrite(os.path.join(options.save, name), ty.visualize(picture, result, info.names))

    ended = False
    next_one = number = 0
    with tqdm(unit="image", disable=not sys.stderr.isatty()) as progress:
        try:
            for number, (source, frame, picture) in enumerate(pictures(options.source), 1):
                waiting[number - 1] = source, frame, picture
                if picture is not None:
                    workers.put(number - 1, picture)
                while len(waiting) > AHEAD * options.workers:
                    take(next_one, progress)
                    next_one += 1
        except KeyboardInterrupt:
            ended = True  # finish what is under way
        while next_one in waiting:
            take(next_one, progress)
            next_one += 1
    workers.close()

    if options.json:
        said = {"model": options.model, "task": info.task, "names": {str(i): name for i, name in info.names.items()}}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(said | {"images": images}, file, ensure_ascii=False)
    print(f"{len(images)} images, {failed} of them failed", file=sys.stderr)
    return 130 if ended else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
