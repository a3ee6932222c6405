"""Batches on one machine: rows of every task, and jobs that go on after whatever ended them."""

import json
import os
import random
import signal

import pytest

pytest.importorskip("pyarrow", reason="the package pyarrow, of the extra `batch`, is not installed")

import pyarrow as pa
import pyarrow.parquet as pq
from batch_program import check_rows, end, run_batch, start_batch, wait_for_parts, write_pictures
from conftest import DATA, TASKS, model_file, references

import tensorrt_yolo as ty
from tensorrt_yolo.batch import Job, Manifest, Parts, schema_of
from tensorrt_yolo.batch.predicting import rows_of
from tensorrt_yolo.batch.rows import table_of

MAPS = DATA.parent / "tests" / "app" / "models"
COUNT = 3000


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("batch") / "pictures", COUNT)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("batch") / "few", 40)


# ----------------------------------------------------------------------------------------------------------------------
# Rows


@pytest.mark.parametrize("task", [*TASKS, "semantic", "depth"])
def test_rows_have_what_results_have(task):
    file = MAPS / f"{task}.onnx" if task in ("semantic", "depth") else model_file(task)
    images = [str(file) for file, _ in references(task if task in TASKS else "detect")[:3]]
    with ty.Pool(file) as pool:
        table = table_of(task, list(rows_of(pool, images)), {"path": images})
        results = pool.predict(images)
    assert table.schema == schema_of(task)
    for row, result in zip(table.to_pylist(), results):
        described = result.to_dict()
        if task == "semantic":
            classes = described["semantic"]["classes"].items()
            described["semantic"]["classes"] = [{"class": int(name), "counts": counts} for name, counts in classes]
        assert (row.pop("width"), row.pop("height")) == result.image_size
        assert row.pop("error") is None and row.pop("path") in images
        assert json.loads(json.dumps(row), parse_float=_f32) == json.loads(json.dumps(described), parse_float=_f32)
        assert any(described.values())


def _f32(text):
    return pa.scalar(float(text), pa.float32()).as_py()


def test_images_are_taken_as_they_are_needed(nameless, few):
    taken = []

    def images():
        for i in range(2000):
            taken.append(i)
            yield str(few / "0.jpg")

    with ty.Pool(nameless) as pool:
        rows = rows_of(pool, images())
        for done in range(1, 1000):
            next(rows)
            assert len(taken) - done < 500


def test_what_is_not_an_images_fault_is_raised():
    class Lost:
        def map(self, images, return_errors):
            yield from (ty.DeviceError("the GPU is gone") for _ in images)

    with pytest.raises(ty.DeviceError, match="the GPU is gone"):
        list(rows_of(Lost(), ["0.jpg"]))


# ----------------------------------------------------------------------------------------------------------------------
# The job


def test_what_is_missing(tmp_path):
    parts, choose = Parts(str(tmp_path)), random.Random(3)
    for images in (range(0, 10), range(25, 30), range(30, 37), range(90, 100)):
        parts.write(images, pa.table({"error": [None] * len(images)}))
    for _ in range(20):
        step, count = choose.randint(1, 40), choose.randint(100, 130)
        missing = parts.missing(count, step)
        assert all(len(one) <= step and one.start // step == (one.stop - 1) // step for one in missing)
        every = [i for one in [*missing, *parts.finished()] for i in one]
        assert sorted(every) == list(range(count))
    with pytest.raises(ValueError, match="a part of 3 images must have as many rows, found 2"):
        parts.write(range(3), pa.table({"error": [None, None]}))


def test_parts_that_do_not_fit_are_not_joined(tmp_path):
    manifest = Manifest("", 4, "", {})
    with Job.open(str(tmp_path / "job"), manifest) as job:
        job.parts.write(range(0, 3), table_of("detect", [{}] * 3, {"path": ["a", "b", "c"]}))
        with pytest.raises(ValueError, match="is not complete"):
            job.join(str(tmp_path / "out"))
        job.parts.write(range(2, 4), table_of("detect", [{}] * 2, {"path": ["c", "d"]}))
        with pytest.raises(ValueError, match="do not fit together"):
            job.join(str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_one_process_at_a_time(tmp_path):
    manifest = Manifest("", 4, "", {})
    with (
        Job.open(str(tmp_path / "job"), manifest),
        pytest.raises(BlockingIOError, match="another process is at the job"),
    ):
        Job.open(str(tmp_path / "job"), manifest)
    Job.open(str(tmp_path / "job"), manifest).close()


def test_a_folder_that_is_none_of_ours(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(ValueError, match="is not the folder of a job"):
            Job.open(str(tmp_path), Manifest("", 4, "", {}), restart=restart)
    assert (tmp_path / "mine.txt").exists()


def test_a_manifest_of_a_later_release(tmp_path):
    (tmp_path / "manifest.json").write_text('{"version": 2, "new": 1}')
    with pytest.raises(ValueError, match="a job of version 1 was expected, found 2"):
        Job.open(str(tmp_path), Manifest("", 4, "", {}))


# ----------------------------------------------------------------------------------------------------------------------
# The program


def test_a_folder(few, nameless, tmp_path):
    out = tmp_path / "out.parquet"
    status, said = run_batch(few, nameless, "--out", out, "--part", 7)
    assert status == 1 and f"error: {few / '7.jpg'}: not an image" in said
    assert "39 images: 39 17, 39 3" in said and "1 image could not be read" in said
    table = check_rows(out, few, 40)
    assert table.schema.remove_metadata() == schema_of("detect") and table["width"].to_pylist()[:2] == [64, 64]
    assert os.listdir(tmp_path) == ["out.parquet"]

    written = out.stat()
    status, said = run_batch(few, nameless, "--out", out)
    assert status == 1 and "is complete already" in said and "39 images: 39 17" in said
    assert out.stat().st_mtime_ns == written.st_mtime_ns
    assert run_batch(few, nameless, "--out", out, "--restart", "-q")[0] == 1
    assert out.stat().st_mtime_ns != written.st_mtime_ns and pq.read_table(out).equals(table)


def test_all_well(few, nameless, tmp_path):
    status, said = run_batch(few / "1?.jpg", nameless, "--out", tmp_path / "out.parquet", "--classes", "3", "-q")
    assert (status, said) == (0, "")
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert len(rows) == 10 and all([one["class"] for one in row["objects"]] == [3] for row in rows)


def test_killed_in_the_middle(pictures, nameless, tmp_path):
    out = tmp_path / "out.parquet"
    command = (pictures, nameless, "--out", out, "--part", 16)
    for least in (5, 40):
        process = start_batch(*command)
        wait_for_parts(process, out, least)
        assert end(process)[0] == -signal.SIGKILL
        assert not out.exists()
    kept = {part.name: part.stat().st_mtime_ns for part in (tmp_path / "out.parquet.job").glob("*-*.parquet")}
    process = start_batch(*command)
    wait_for_parts(process, out, len(kept) + 1)
    assert kept.items() <= {name: (tmp_path / "out.parquet.job" / name).stat().st_mtime_ns for name in kept}.items()
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1 and f"{16 * len(kept)} of {COUNT} images are done already" in said
    table = check_rows(out, pictures, COUNT)
    assert os.listdir(tmp_path) == ["out.parquet"]
    assert run_batch(*command, "--restart", "-q")[0] == 1 and pq.read_table(out).equals(table)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ended_by_a_signal(number, status, pictures, nameless, tmp_path):
    out = tmp_path / "out.parquet"
    command = (pictures, nameless, "--out", out, "--part", 100)
    process = start_batch(*command)
    wait_for_parts(process, out, 2)
    ended, said = end(process, number)
    assert ended == status and "the same command goes on" in said
    done = sum(map(len, Parts(f"{out}.job").finished()))
    assert f"{done} of {COUNT} images are done" in said and 0 < done < COUNT
    status, said = run_batch(*command, "--part", 64)
    assert status == 1 and f"{done} of {COUNT} images are done already" in said
    check_rows(out, pictures, COUNT)


def test_devices(few, nameless, tmp_path):
    """Which a machine without a GPU has none of: all are its CPU then."""
    out = tmp_path / "out.parquet"
    assert run_batch(few, nameless, "--out", out, "--device", "cpu", "--devices", "all")[0] == 1  # one or several
    for more, words in [
        (("--devices", "0,x"), "numbers of GPUs (0,1) or all were expected"),
        (("--devices", "0", "--ray", "local"), "--devices names GPUs of this machine"),
    ]:
        status, said = run_batch(few, nameless, "--out", out, *more)
        assert status in (1, 2) and words in said
    assert not out.exists()
    assert run_batch(few, nameless, "--out", out, "--devices", "all", "-q")[0] == 1  # for the damaged pictures
    check_rows(out, few, 40)


def test_what_is_refused(few, pictures, nameless, tiny_segmenter, tmp_path):
    out = tmp_path / "out.parquet"
    process = start_batch(pictures, nameless, "--out", out, "--part", 16)
    wait_for_parts(process, out, 2)
    end(process)
    other_model = ("--task", "segment")
    for folder, model, more, words in [
        (pictures, tiny_segmenter, other_model, "it was made with another model file"),
        (pictures, nameless, ("--conf", 0.5), r"other options (confidence was 0.25 and is 0.5)"),
        (few, nameless, (), f"it was made for other images (there were {COUNT}, there are 40)"),
    ]:
        status, said = run_batch(folder, model, "--out", out, *more)
        assert status == 1 and words in said and "cannot go on" in said and "--restart" in said
    assert run_batch(few, nameless, "--out", out, "--restart", "-q")[0] == 1
    status, said = run_batch(few, nameless, "--out", out, "--conf", 0.5)
    assert status == 1 and "is there already: it was made with other options" in said
    check_rows(out, few, 40)


def test_an_output_of_another_kind(few, nameless, tmp_path):
    out = tmp_path / "mine.parquet"
    for content in (b"mine", None):
        pq.write_table(pa.table({"a": [1]}), out) if content is None else out.write_bytes(content)
        before = out.read_bytes()
        status, said = run_batch(few, nameless, "--out", out)
        assert status == 1 and "is no result of this command" in said and out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((DATA / "shapes" / "images", "none.onnx", "--out", "o"), 1, "'none.onnx': no such model file"),
        (("nowhere", model_file("detect"), "--out", "o"), 1, "'nowhere': no such file or folder"),
        (("nowhere", model_file("detect")), 2, "--out"),
        (("nowhere", model_file("detect"), "--out", "o", "--classes", "zebra"), 2, "'zebra'"),
        (("nowhere", model_file("detect"), "--out", "o", "--gpus", "1.5"), 2, "a whole number, or a part of 1"),
    ],
)
def test_wrong_usage(arguments, status, words):
    ended, said = run_batch(*arguments)
    assert ended == status and words in said


def test_without_ray(few, nameless, tmp_path):
    missing = tmp_path / "path" / "ray"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ModuleNotFoundError(name='ray')")
    status, said = run_batch(few, nameless, "--out", tmp_path / "o", "--ray", "auto", PYTHONPATH=str(missing.parent))
    assert status == 1 and "--ray needs the package 'ray', which is not installed: pip install" in said
