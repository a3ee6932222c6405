"""Many workers over a folder of pictures or a video: threads with a clone each, or processes with a model each.

    python multi_thread_process.py yolo11n.onnx street.mp4 --mode threads --workers 4 --json results.json
    python multi_thread_process.py yolo11n.onnx photos --mode processes --workers 4 --save annotated

No image is dropped and results come in the order of the images, whoever was finished first. docs/guide/concurrency.md
measures when threads and when processes are the better choice; multi_thread/ is the same program, with threads, in C++.

(The guide that this example follows spelled its file mutli_thread_process.py; here it is spelled right.)
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

import tensorrt_yolo as ty

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
AHEAD = 2  # images under way for each worker: one that it works on, one that waits for it
INTERRUPTED = 130  # exit status after Ctrl-C

DESCRIPTION = "Runs a YOLO model over a folder of images or a video, with many workers side by side."
EPILOG = """\
threads    one engine, and a clone of the model for each thread. predict() releases the interpreter lock, so threads
           really run side by side; weights are in memory once and images are handed over without a copy. The first
           choice, unless there is much work in Python beside predict().
processes  a model for each process: each loads the file, and has the weights once more. Nothing is shared, not even the
           interpreter lock, so that work in Python runs side by side, too. Frames of a video and results travel
           through shared memory. Processes are started by 'spawn', as a model cannot be used in a forked child.

The results are written as `trtyolo predict --json` writes them: {"model", "task", "names", "images": [{"source",
"frame", "width", "height", "objects": [...]}, ...]}, in the order of the images. An image that cannot be read, or whose
worker fails, is {"source", "error"}; the rest goes on, and the exit status is 1. Ctrl-C finishes the images under way
and writes what there is (exit status 130); a second one ends at once.

examples:
  %(prog)s yolo11n.onnx photos --workers 4 --json results.json
  %(prog)s yolo11n.onnx street.mp4 --mode processes --workers 2 --save annotated"""


# ----------------------------------------------------------------------------------------------------------------------
# Images, and what a worker does with one


@dataclass
class Task:
    """An image or a frame, for a worker."""

    number: int
    """From 0, in the order of the source."""
    source: str
    frame: int | None = None
    """Of a video; None: an image."""
    pixels: np.ndarray | None = None
    """BGR u8 [height, width, 3]. None: the worker reads the image, so that decoding runs side by side, too."""
    annotated: str = ""
    """File for the image with the result drawn in; empty: none."""

    @property
    def name(self) -> str:
        return self.source if self.frame is None else f"{self.source}, frame {self.frame}"


@dataclass
class Found:
    """What a worker gives back."""

    task: Task
    """Without its pixels."""
    width: int = 0
    height: int = 0
    result: Any = None
    error: str = ""


def find(model: ty.Model[ty.Result], task: Task) -> Found:
    """What the model finds. Whatever goes wrong with this image is told, not raised: the worker goes on."""
    found = Found(replace(task, pixels=None))
    try:
        pixels = read_picture(task.source) if task.pixels is None else task.pixels
        found.height, found.width = pixels.shape[:2]
        found.result = model.predict(pixels)
        if task.annotated and not cv2.imwrite(task.annotated, found.result.plot(pixels)):
            raise OSError(f"'{task.annotated}' could not be written")
    except Exception as error:
        found.result = None
        found.error = str(error) or type(error).__name__
    return found


def read_picture(file: str) -> np.ndarray:
    data = np.fromfile(file, np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if pixels is None:
        raise ValueError("not an image that OpenCV can read")
    return pixels


class Source:
    """The images of a folder or pattern, as people count (2.jpg before 10.jpg), or the frames of a video."""

    def __init__(self, path: str, save: str | None) -> None:
        self._path = path
        self._save = save
        self._video = None
        if os.path.isfile(path) and not path.lower().endswith(PICTURES):
            self._video = cv2.VideoCapture(path)
            if not self._video.isOpened():
                raise ValueError(f"'{path}': neither images nor a video that OpenCV can read")
            frames = int(self._video.get(cv2.CAP_PROP_FRAME_COUNT))
            self.total = frames if frames > 0 else None  # None: the file does not say
        else:
            self._files = [file for (file,) in ty.image_batches(path, 1)]
            self.total = len(self._files)
        if save:
            os.makedirs(save, exist_ok=True)
            if os.path.samefile(save, path if os.path.isdir(path) else os.path.dirname(path) or "."):
                raise ValueError(f"--save {save}: the images themselves are there and would be overwritten")

    def __iter__(self) -> Iterator[Task]:
        return self._frames() if self._video else self._pictures()

    def _pictures(self) -> Iterator[Task]:
        used: collections.Counter[str] = collections.Counter()
        for number, file in enumerate(self._files):
            stem, kind = os.path.splitext(os.path.basename(file))
            used[stem + kind] += 1
            again = f"_{used[stem + kind]}" if used[stem + kind] > 1 else ""  # of another folder
            yield Task(number, file, annotated=self._place(f"{stem}{again}{kind}"))

    def _frames(self) -> Iterator[Task]:
        stem = os.path.splitext(os.path.basename(self._path))[0]
        number = 0
        while True:
            there, pixels = self._video.read()  # a new array each time: others are still being worked on
            if not there:
                return
            yield Task(number, self._path, number, pixels, self._place(f"{stem}_{number:06}.jpg"))
            number += 1

    def _place(self, name: str) -> str:
        return os.path.join(self._save, name) if self._save else ""


def in_order(team: Threads | Processes, tasks: Iterable[Task], stopped: threading.Event) -> Iterator[Found]:
    """What the team finds, in the order of the tasks, as early as the order allows.

    No more than AHEAD tasks for each worker are taken before their turn has come, so that a long video does not end up
    in memory. When `stopped` is set, no more are taken, and those that are under way are finished.
    """
    source = iter(tasks)
    early: dict[int, Found] = {}
    taken = given = answered = 0
    ended = False
    while not ended or answered < taken:
        while not ended and taken - given < AHEAD * team.workers:
            task = None if stopped.is_set() else next(source, None)
            if task is None:
                ended = True
            else:
                team.put(task)
                taken += 1
        if answered < taken:
            found = team.get()
            answered += 1
            early[found.task.number] = found
        while given in early:
            yield early.pop(given)
            given += 1


# ----------------------------------------------------------------------------------------------------------------------
# Threads: a clone each


class Threads:
    """Threads with a clone of one model each. Tasks and results are handed over by reference."""

    def __init__(self, load: Load, workers: int) -> None:
        self.workers = workers
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[Found] = queue.SimpleQueue()
        # On a CPU: as many predictions side by side as there are workers, all cores shared out among them.
        model = load(streams=min(workers, cores()))
        self._threads = [
            threading.Thread(target=self._work, args=(model.clone(),), name=f"worker {i}") for i in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, clone: ty.Model[ty.Result]) -> None:
        while (task := self._tasks.get()) is not None:
            self._found.put(find(clone, task))

    def put(self, task: Task) -> None:
        self._tasks.put(task)

    def get(self) -> Found:
        """The next answer, of whichever thread; waits for it."""
        return self._found.get()

    def close(self) -> None:
        """Ends the threads, each after the image that it works on; what still waits is dropped."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()


# ----------------------------------------------------------------------------------------------------------------------
# Processes: a model each, and shared memory between them


class Outbox:
    """Puts values into a block of shared memory, which grows as they need it. One value at a time."""

    def __init__(self) -> None:
        self._block: SharedMemory | None = None

    def put(self, value: Any) -> tuple[str, list[int]]:
        """Where the value lies now, for Inbox.get(): all that has to travel through a pipe."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)  # arrays are not copied into the head
        parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
        sizes = [part.nbytes for part in parts]
        if self._block is None or self._block.size < sum(sizes):
            self.close()
            self._block = SharedMemory(create=True, size=room_for(sum(sizes)))
        begin = 0
        for part, size in zip(parts, sizes):
            self._block.buf[begin : begin + size] = part
            begin += size
        return self._block.name, sizes

    def close(self) -> None:
        if self._block is not None:
            self._block.close()
            self._block.unlink()
            self._block = None


class Inbox:
    """Reads what an Outbox of another process has put."""

    def __init__(self) -> None:
        self._block: SharedMemory | None = None

    def get(self, place: tuple[str, list[int]], copy: bool) -> Any:
        """The value. Its arrays lie in the shared memory, until the next value is put there; or are a copy."""
        name, sizes = place
        if self._block is None or self._block.name != name:
            self.close()
            self._block = SharedMemory(name)
        parts = []
        begin = 0
        for size in sizes:
            part = self._block.buf[begin : begin + size]
            parts.append(bytearray(part) if copy else part)
            begin += size
        return pickle.loads(parts[0], buffers=parts[1:])

    def close(self, unlink: bool = False) -> None:
        """`unlink`: the process of the Outbox has died, and cannot do it."""
        if self._block is not None:
            self._block.close()
            if unlink:
                with contextlib.suppress(FileNotFoundError):
                    self._block.unlink()
            self._block = None


def room_for(size: int) -> int:
    """`size`, if there is so much shared memory: who writes where there is none is killed by a signal (SIGBUS)."""
    if os.path.isdir("/dev/shm") and (free := shutil.disk_usage("/dev/shm").free) < size:
        raise MemoryError(
            f"{size / 1e6:.1f} MB of shared memory are needed, /dev/shm has {free / 1e6:.1f} MB left; take fewer "
            "workers, or give the container more (docker run --shm-size)"
        )
    return size


class Worker:
    """A process with a model, as its parent sees it."""

    def __init__(self, context: Any, load: Load, threads: int) -> None:
        self.connection, end = context.Pipe()
        self.process = context.Process(target=serve, args=(end, load, threads), daemon=True)
        with deaf_to_interrupts():
            self.process.start()
        end.close()  # so that the connection ends with the process
        self.outbox, self.inbox = Outbox(), Inbox()
        self.task: Task | None = None  # what it works on

    def wait_until_ready(self) -> None:
        try:
            problem = self.connection.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            problem = f"a worker ended before it was ready ({ending(self.process)})"
        if problem:
            raise ty.Error(problem)

    def start(self, task: Task) -> None:
        """Raises ConnectionError if the process has died meanwhile, and then has not taken the task."""
        self.connection.send(self.outbox.put(task))
        self.task = replace(task, pixels=None)

    def finish(self) -> Found:
        """Its answer; raises EOFError or ConnectionError if it has died."""
        found = self.inbox.get(self.connection.recv(), copy=True)
        self.task = None
        return found

    def close(self) -> None:
        """Ends the process: now, if it works on something, else as soon as it likes."""
        with contextlib.suppress(OSError):
            if self.task is None:
                self.connection.send(None)
            else:
                self.process.terminate()
        self.process.join()
        self.connection.close()
        self.outbox.close()
        self.inbox.close(unlink=self.process.exitcode != 0)


class Processes:
    """Processes with a model each. Tasks and results are handed over through shared memory."""

    def __init__(self, load: Load, workers: int) -> None:
        self.workers = workers
        self._start = lambda: Worker(multiprocessing.get_context("spawn"), load, max(1, cores() // workers))
        self._team: list[Worker] = []
        self._waiting: collections.deque[Task] = collections.deque()
        self._lost: collections.deque[Found] = collections.deque()
        try:
            for _ in range(workers):
                self._team.append(self._start())
            for worker in self._team:
                worker.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def put(self, task: Task) -> None:
        self._waiting.append(task)
        self._hand_out()

    def get(self) -> Found:
        """The next answer, of whichever process; waits for it. A process that dies is told of, and replaced."""
        while not self._lost:
            busy = {worker.connection: worker for worker in self._team if worker.task is not None}
            worker = busy[multiprocessing.connection.wait(list(busy))[0]]
            try:
                found = worker.finish()
            except (EOFError, ConnectionError):
                self._replace(worker)
                self._hand_out()
                continue
            self._hand_out()
            return found
        return self._lost.popleft()

    def _hand_out(self) -> None:
        while self._waiting and (idle := next((worker for worker in self._team if worker.task is None), None)):
            task = self._waiting.popleft()
            try:
                idle.start(task)
            except ConnectionError:
                self._waiting.appendleft(task)
                self._replace(idle)
            except MemoryError as error:
                self._lost.append(Found(replace(task, pixels=None), error=str(error)))

    def _replace(self, worker: Worker) -> None:
        worker.process.join()
        if worker.task is not None:
            problem = f"the worker process ended ({ending(worker.process)}) while it had this image"
            self._lost.append(Found(worker.task, error=problem))
        worker.close()
        self._team.remove(worker)
        self._team.append(self._start())
        self._team[-1].wait_until_ready()

    def close(self) -> None:
        """Ends the processes; those that work on something are not waited for."""
        for worker in self._team:
            worker.close()


def serve(connection: Any, load: Load, threads: int) -> None:
    """What a worker process does, until it is told None or its parent has gone."""
    try:
        model = load(threads=threads)
    except Exception as error:
        connection.send(str(error))
        return
    connection.send("")
    inbox, outbox = Inbox(), Outbox()
    with contextlib.suppress(EOFError, ConnectionError):
        while (place := connection.recv()) is not None:
            found = find(model, inbox.get(place, copy=False))  # a frame is read where it lies
            try:
                answer = outbox.put(found)
            except MemoryError as error:
                answer = outbox.put(Found(found.task, error=str(error)))
            connection.send(answer)
    inbox.close()
    outbox.close()


@contextlib.contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in here do not hear Ctrl-C, which a terminal sends to all: their parent ends them."""
    resource_tracker.ensure_running()  # whose start would unblock signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ending(process: Any) -> str:
    status = process.exitcode
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


# ----------------------------------------------------------------------------------------------------------------------
# Results


class JsonFile:
    """Results as `trtyolo predict --json` writes them. The file is there when it is whole, or not at all."""

    def __init__(self, name: str, info: ty.ModelInfo) -> None:
        self._name = name
        self._file = open(f"{name}.part", "w", encoding="utf-8")
        head = {"model": info.file, "task": info.task, "names": {str(i): text for i, text in info.names.items()}}
        self._file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "images": [')
        self._between = "\n"

    def add(self, found: Found) -> None:
        said: dict[str, Any] = {"source": found.task.source}
        if found.error:
            said |= {} if found.task.frame is None else {"frame": found.task.frame}
            said["error"] = found.error
        else:
            said |= {"frame": found.task.frame or 0, "width": found.width, "height": found.height}
            said |= found.result.to_dict()
        self._file.write(self._between + json.dumps(said, ensure_ascii=False))
        self._between = ",\n"

    def __enter__(self) -> JsonFile:
        return self

    def __exit__(self, exception: object, *_: object) -> None:
        self._file.write("\n]}\n")
        self._file.close()
        if exception:
            os.unlink(f"{self._name}.part")
        else:
            os.replace(f"{self._name}.part", self._name)


def line_of(found: Found) -> str:
    if found.error:
        return f"{found.task.name}: {found.error}"
    if found.result.task == "classify":
        return f"{found.task.name}: {found.result[0].name}"
    return f"{found.task.name}: {len(found.result)} objects"


# ----------------------------------------------------------------------------------------------------------------------
# The program


@dataclass
class Load:
    """Loads the model, in this process or, pickled, in another."""

    file: str
    values: dict[str, Any]

    def __call__(self, **settings: int) -> ty.Model[ty.Result]:
        return ty.Model(self.file, ty.InferOption(**self.values, **settings))


def cores() -> int:
    return len(os.sched_getaffinity(0))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine, of any task")
    parser.add_argument("source", metavar="SOURCE", help="folder of images, quoted pattern, image, or video")
    parser.add_argument("--mode", choices=("threads", "processes"), default="threads", help="see below (threads)")
    parser.add_argument(
        "--workers", type=positive, default=min(cores(), 8), metavar="N", help="threads or processes (%(default)s here)"
    )
    parser.add_argument("--json", metavar="FILE", help="write the results there")
    parser.add_argument("--save", metavar="DIR", help="write every image or frame there, with its result drawn in")
    parser.add_argument("--conf", type=float, default=0.25, metavar="0..1", help="objects must score more (0.25)")
    parser.add_argument("--labels", metavar="FILE", help="names of the classes, one a line, in place of the model's")
    parser.add_argument("--task", choices=ty.MODELS, help="of a file that does not say")
    parser.add_argument("--backend", choices=("auto", "openvino", "tensorrt"), default="auto", help="(auto)")
    parser.add_argument("--device", type=int, default=0, metavar="N", help="number of the GPU, if one is used (0)")
    return parser.parse_args()


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 was expected, found {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    values: dict[str, Any] = {"swap_rb": True, "confidence": options.conf, "backend": options.backend}
    values |= {"device_id": options.device, "task": options.task}
    values["names"] = ty.generate_labels(options.labels) if options.labels else None
    info = ty.inspect(options.model, ty.InferOption(**values))  # reads the file; every mode loads it where it is needed
    if options.save:
        import PIL  # noqa: F401  # which draws; say now if it is missing, not once for each image
    source = Source(options.source, options.save)
    workers = min(options.workers, source.total or options.workers)
    load = Load(options.model, values)
    kind = {"threads": Threads, "processes": Processes}[options.mode]
    stopped = threading.Event()

    def interrupt(*_: Any) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    signal.signal(signal.SIGINT, interrupt)
    errors = images = 0
    with contextlib.ExitStack() as ends:
        output = ends.enter_context(JsonFile(options.json, info)) if options.json else None
        team = ends.enter_context(contextlib.closing(kind(load, workers)))
        started = time.monotonic()
        progress = ends.enter_context(tqdm(total=source.total, unit="image", disable=None, leave=False))
        for found in in_order(team, source, stopped):
            images += 1
            errors += bool(found.error)
            if output:
                output.add(found)
            tqdm.write(line_of(found))
            progress.update()
        seconds = time.monotonic() - started
    print(f"{images} images, {images / max(seconds, 1e-9):.1f} images/s with {workers} {options.mode}")
    if errors:
        print(f"{errors} of them could not be worked on; their lines above say why", file=sys.stderr)
    return INTERRUPTED if stopped.is_set() else 1 if errors else 0


def main() -> int:
    try:
        return run(arguments())
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ty.Error, OSError, ValueError, ImportError) as error:
        print(f"multi_thread_process: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
