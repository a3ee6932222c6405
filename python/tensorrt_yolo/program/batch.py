"""The command batch: all images of a folder into one Parquet file, on one machine or on a cluster of Ray's."""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import tensorrt_yolo as ty
from tensorrt_yolo.class_words import classes_of
from tensorrt_yolo.files import fingerprint, image_files
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import one_line, say

if TYPE_CHECKING:
    from tensorrt_yolo.batch.job import Job, Manifest
    from tensorrt_yolo.batch.predicting import PoolSetup
    from tensorrt_yolo.batch.rows import Counts

SUMMARY = "run a model over all images of a folder into one Parquet file; goes on where it was ended"
EPILOG = """\
FOLDER is a folder (its images, not those of folders in it) or a quoted pattern: 'photos/**/*.jpg'. Of a file with
several pages or frames the first is taken.

Columns: path, width, height, error, and by task objects (detect, obb, segment, pose), top (classify), semantic or
depth, with the values that `predict --json` writes. A row for each image, in the order of the names. An image that
cannot be read has an error and no width, height and objects; it is named, the others go on, and the exit status is 1.

Until all is done the results are in parts in the folder FILE.job. After Ctrl-C (exit status 130), SIGTERM (143), a
crash or a loss of power the same command goes on with what is missing; it refuses to if the images, the model or the
options are others. --restart begins anew.

--ray ADDRESS spreads the images over a cluster of Ray's: "auto" on one of its machines, or HOST:PORT; "local" starts
one on this machine. Images, model and job folder must be on storage that all machines share, by the same names.

Examples:
  tensorrt_yolo batch photos yolo11n.onnx --out results.parquet
  tensorrt_yolo batch '/mnt/photos/**/*.jpg' /mnt/yolo11n.onnx --out /mnt/results.parquet --ray auto"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="FOLDER", help="of images, or a quoted pattern")
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    command.add_argument("--out", required=True, metavar="FILE", help="the Parquet file")
    command.add_argument("--restart", action="store_true", help="drop what there is of the job and of FILE")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    words = "images of a part, which is what a crash can lose of each pool (256); kept by a job that goes on"
    command.add_argument("--part", type=shared.whole(1, 1 << 20), default=0, metavar="N", help=words)
    words = "clones that work side by side in a pool (default: as many as help)"
    command.add_argument("--clones", type=shared.whole(1, 1024), default=0, metavar="N", help=words)
    shared.add_devices(command.add_argument)
    add = command.add_argument_group("cluster").add_argument
    add("--ray", metavar="ADDRESS", help="run on this cluster of Ray's")
    words = "cores of each pool (default: those of the machine with the fewest)"
    add("--cpus", type=shared.whole(1, 4096), default=None, metavar="N", help=words)
    add("--gpus", type=_part_of_gpu, default=0.0, metavar="N", help="GPUs of each pool, or a part of one: 0.5 (0)")
    words = "most pools (default: as many as the cluster has room for)"
    add("--pools", type=shared.whole(1, 1 << 16), default=None, metavar="N", help=words)
    shared.add_objects(command)
    shared.add_model(command)


def run(options: argparse.Namespace, signals: Signals) -> int:
    try:
        from tensorrt_yolo.batch.job import Manifest
        from tensorrt_yolo.batch.predicting import PoolSetup
    except ImportError as error:
        raise _missing(error, "batch", "batch") from None
    option = shared.infer_option(options)
    if options.kept:
        try:
            option.set_classes(classes_of(options.kept, ty.inspect(options.model, option).names))
        except ValueError as error:
            say(f"tensorrt_yolo: error: {error}\nSee tensorrt_yolo batch --help")
            return 2
    paths = image_files(options.folder)
    if options.devices is not None and options.ray:
        raise ValueError("--devices names GPUs of this machine; with --ray, --gpus says what each pool takes")
    setup = PoolSetup(options.model, option, options.clones, fingerprint(options.model), options.devices)
    manifest = Manifest.of(paths, setup.digest, option, options.part or _usual_part())
    if not options.restart and _is_done(options, manifest):
        return _finish_again(options)
    return _run_job(options, signals, paths, setup, manifest)


def _run_job(
    options: argparse.Namespace, signals: Signals, paths: Sequence[str], setup: PoolSetup, manifest: Manifest
) -> int:
    from tensorrt_yolo.batch.job import Job

    work = _on_cluster if options.ray else _here
    with Job.open(_job_folder(options), manifest, restart=options.restart) as job:
        missing = job.missing()
        todo = sum(map(len, missing))
        if todo < len(paths) and not options.quiet:
            say(f"{len(paths) - todo} of {len(paths)} images are done already")
        form = shared.bar(len(paths), "predicting", quiet=options.quiet, unit="image")
        started = time.monotonic()
        with form as progress:
            progress.update(len(paths) - todo)
            done = (
                _followed(work(options, signals, job, missing, paths, setup), job, signals, progress) if missing else 0
            )
        seconds = time.monotonic() - started
        left = sum(map(len, job.missing()))
        if left and signals.stopped.is_set():
            if not options.quiet:
                say(f"{len(paths) - left} of {len(paths)} images are done; the same command goes on")
            return signals.status
        counts = job.join(options.out)
    if not options.quiet and done:
        say(f"{done / seconds:.1f} images/s")
    return _summarized(options, counts)


def _followed(steps: Iterator[tuple[int, range | None]], job: Job, signals: Signals, progress: Any) -> int:
    """Moves the bar, names the images of parts that have an error, and gives the number of images."""
    images = 0
    for count, part in steps:
        images += count
        progress.update(count)
        signals.progress()
        for path, error in job.parts.errors(part) if part is not None else ():
            say(f"tensorrt_yolo: error: {one_line(path)}: {error}")
    return images


def _here(
    options: argparse.Namespace,
    signals: Signals,
    job: Job,
    missing: Sequence[range],
    paths: Sequence[str],
    setup: PoolSetup,
) -> Iterator[tuple[int, range | None]]:
    """Fills the missing parts by one pool; gives (1, None) for each image, and (0, the part) for each part."""
    from tensorrt_yolo.batch.predicting import rows_of, shown
    from tensorrt_yolo.batch.rows import table_of

    with setup.pool() as pool:
        task = pool.info().task
        signals.finish_first()
        wanted = itertools.takewhile(lambda _: not signals.stopped.is_set(), itertools.chain.from_iterable(missing))
        rows = rows_of(pool, (paths[index] for index in wanted))
        for images in missing:
            found = []
            for row in itertools.islice(rows, len(images)):
                found.append(row)
                yield 1, None
            if found:  # after a signal they may be fewer
                part = images[: len(found)]
                job.parts.write(part, table_of(task, found, {"path": [shown(paths[index]) for index in part]}))
                yield 0, part
            if len(found) < len(images):
                return


def _on_cluster(
    options: argparse.Namespace,
    signals: Signals,
    job: Job,
    missing: Sequence[range],
    paths: Sequence[str],
    setup: PoolSetup,
) -> Iterator[tuple[int, range | None]]:
    """Fills the missing parts by pools on a cluster's machines; gives (images, the part) for each part."""
    try:
        from tensorrt_yolo.ray.cluster import connected
        from tensorrt_yolo.ray.parts import filled
        from tensorrt_yolo.ray.resources import Resources
    except ImportError as error:
        raise _missing(error, "--ray", "ray") from None
    with connected(options.ray):
        signals.finish_first()
        resources = Resources(options.cpus, options.gpus, options.pools)
        for images in filled(job, missing, paths, setup, resources, signals.stopped):
            yield len(images), images


def _is_done(options: argparse.Namespace, manifest: Manifest) -> bool:
    """Whether the output is this job's. Raises ValueError if it is another's."""
    from tensorrt_yolo.batch.job import joined_manifest

    found = joined_manifest(options.out)
    if found is None:
        return False
    different = found.difference(manifest)
    if different:
        raise ValueError(
            f"'{options.out}' is there already: {different}. Make it anew (--restart), or name another file"
        )
    return True


def _finish_again(options: argparse.Namespace) -> int:
    import shutil

    from tensorrt_yolo.batch.job import counts_of

    shutil.rmtree(_job_folder(options), ignore_errors=True)  # if the end came between the file and this
    if not options.quiet:
        say(f"'{options.out}' is complete already; --restart makes it anew")
    return _summarized(options, counts_of(options.out))


def _summarized(options: argparse.Namespace, counts: Counts) -> int:
    if not options.quiet:
        say(f"{counts.images} image{'s' * (counts.images != 1)}: {counts.text() or 'done'}")
        if counts.failed:
            say(f"{counts.failed} image{'s' * (counts.failed != 1)} could not be read")
    return 1 if counts.failed else 0


def _job_folder(options: argparse.Namespace) -> str:
    return os.path.realpath(options.out) + ".job"


def _usual_part() -> int:
    from tensorrt_yolo.batch.job import PART_IMAGES

    return PART_IMAGES


def _missing(error: ImportError, what: str, extra: str) -> ImportError:
    if not error.name or error.name.startswith("tensorrt_yolo"):
        return error
    words = f"{what} needs the package {error.name!r}, which is not installed"
    return ImportError(f"{words}: pip install 'trtyolo[{extra}]'")


def _part_of_gpu(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (0 <= value <= 1 or (value < 1024 and value == int(value))):
        raise argparse.ArgumentTypeError(f"a whole number, or a part of 1, was expected, found {text!r}")
    return value
