"""Many machines: a cluster of Ray's on the loopback, machines and drivers that are lost, and updates."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

# Ray keeps to the loopback then.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
# Beside other work a node may take longer to start than Ray waits for it.
os.environ["RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S"] = "120"
os.environ["RAY_raylet_start_wait_time_s"] = "120"

pytest.importorskip("ray", reason="Ray is not installed (scripts/python-test --ray has it)")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import ray
import yaml
from batch_program import NOT_AN_IMAGE, check_rows, end, run_batch, start_batch, wait_for_parts, write_pictures
from conftest import DATA
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.schema import ServeDeploySchema

import tensorrt_yolo as ty
from tensorrt_yolo.batch import Job, Manifest
from tensorrt_yolo.ray import Resources, predict
from tensorrt_yolo.ray.keyed import forget_duplicates
from tensorrt_yolo.ray.parts import PartPredictor
from tensorrt_yolo.ray.serve import Settings, application

COUNT = 5000
GUIDE = DATA.parent / "docs" / "guide" / "many_machines.md"
ONE_CORE = Resources(cpus=1, pools=2)


@pytest.fixture(scope="module")
def cluster():
    """A head without cores, and two machines with one each."""
    started = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "include_dashboard": False, "object_store_memory": 200 << 20},
    )
    for _ in range(2):
        add_machine(started)
    yield started
    ray.shutdown()
    started.shutdown()


def add_machine(cluster):
    return cluster.add_node(num_cpus=1, object_store_memory=100 << 20)


@pytest.fixture
def connected(cluster):
    ray.init(address=cluster.address, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("ray") / "pictures", COUNT)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("ray") / "few", 40)


# ----------------------------------------------------------------------------------------------------------------------
# The program


def test_a_machine_is_lost_in_the_middle(cluster, pictures, nameless, tmp_path):
    lost = add_machine(cluster)
    out = tmp_path / "out.parquet"
    process = start_batch(pictures, nameless, "--out", out, "--part", 50, "--ray", cluster.address, "--cpus", 1)
    wait_for_parts(process, out, 10)
    cluster.remove_node(lost, allow_graceful=False)
    parts = len(list((tmp_path / "out.parquet.job").glob("*-*.parquet")))
    assert parts < COUNT // 50 and process.poll() is None
    _, said = process.communicate(timeout=900)
    assert process.returncode == 1 and f"{COUNT - 1} images: {COUNT - 1} 17" in said, said
    table = check_rows(out, pictures, COUNT)
    assert os.listdir(tmp_path) == ["out.parquet"]
    assert run_batch(pictures, nameless, "--out", tmp_path / "here.parquet", "-q")[0] == 1
    assert pq.read_table(tmp_path / "here.parquet").equals(table)


def test_the_driver_is_killed_in_the_middle(cluster, pictures, nameless, tmp_path):
    out = tmp_path / "out.parquet"
    command = (pictures, nameless, "--out", out, "--part", 50, "--ray", cluster.address, "--cpus", 1)
    process = start_batch(*command)
    wait_for_parts(process, out, 10)
    assert end(process)[0] == -signal.SIGKILL
    status, said = run_batch(*command, timeout=900)
    assert status == 1, said
    already = int(re.search(rf"(\d+) of {COUNT} images are done already", said)[1])
    assert 500 <= already < COUNT
    check_rows(out, pictures, COUNT)


def test_ended_by_a_signal_and_finished_here(cluster, pictures, nameless, tmp_path):
    out = tmp_path / "out.parquet"
    process = start_batch(pictures, nameless, "--out", out, "--part", 10, "--ray", cluster.address, "--cpus", 1)
    wait_for_parts(process, out, 10)
    status, said = end(process, signal.SIGTERM)
    assert status == 143 and "the same command goes on" in said, said
    assert run_batch(pictures, nameless, "--out", out, "-q")[0] == 1
    check_rows(out, pictures, COUNT)


def test_no_cluster_there(few, nameless, tmp_path):
    status, said = run_batch(few, nameless, "--out", tmp_path / "o", "--ray", "127.0.0.1:1")
    assert status == 1 and "there is no cluster of Ray's at '127.0.0.1:1'" in said


def test_a_cluster_without_gpus(cluster, few, nameless, tmp_path):
    status, said = run_batch(few, nameless, "--out", tmp_path / "o", "--ray", cluster.address, "--gpus", 1)
    assert status == 1 and "no machine of the cluster has the 1 cores and 1 GPUs" in said


# ----------------------------------------------------------------------------------------------------------------------
# predict()


def rows_by(dataset, key):
    rows = dataset.take_all()
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_columns_of_paths_bytes_and_arrays(connected, few, nameless):
    paths = [str(few / f"{i}.jpg") for i in range(40) if i != NOT_AN_IMAGE]
    with ty.Pool(nameless) as pool:
        expected = [result.to_dict()["objects"] for result in pool.predict(paths)]
    files = [open(path, "rb").read() for path in paths]
    pixels = [np.full((48, 64, 3), i, np.uint8) for i in range(len(paths))]
    for values, size in (({"path": paths}, 64), ({"bytes": files}, 64), ({"image": pixels}, 48)):
        [(name, column)] = values.items()
        items = [{"label": i, name: value} for i, value in enumerate(column)]
        found = rows_by(predict(ray.data.from_items(items), nameless, resources=ONE_CORE), "label")
        for i, objects in enumerate(expected):
            row = found[i]
            assert (row["width"], row["height"], row["error"]) == (64, size, None)
            assert [one["class"] for one in row["objects"]] == [one["class"] for one in objects]
            assert name == "image" or [list(one["box"]) for one in row["objects"]] == [one["box"] for one in objects]
        assert (name in found[0]) == (name == "path")


def test_images_that_others_read(connected, few, nameless):
    dataset = ray.data.read_binary_files(str(few), include_paths=True)  # by tasks that need cores, too
    found = rows_by(predict(dataset, nameless), "path")
    assert len(found) == 40 and sum(row["error"] is not None for row in found.values()) == 1


def test_what_cannot_be_read_is_a_row(connected, nameless):
    dataset = ray.data.from_items([{"id": 0, "bytes": b"no image"}, {"id": 1, "bytes": b""}])
    found = rows_by(predict(dataset, nameless, resources=ONE_CORE), "id")
    assert all(row["width"] is None and row["objects"] is None for row in found.values())
    assert "not an image" in found[0]["error"] and "empty" in found[1]["error"]


def test_a_job_of_a_dataset_goes_on(connected, few, nameless, tmp_path):
    def dataset(count):
        return ray.data.from_items([{"path": str(few / f"{i}.jpg"), "label": i} for i in range(count)])

    given = {"resources": ONE_CORE, "part_images": 4}
    job = tmp_path / "job"
    assert len(rows_by(predict(dataset(20), nameless, job=job, **given), "path")) == 20
    parts = {part.name: part.stat().st_mtime_ns for part in job.glob("*.parquet")}
    assert parts
    for _ in range(2):  # the second time nothing is left to be done
        found = rows_by(predict(dataset(40), nameless, job=job, **given), "label")
        assert sorted(found) == list(range(40)) and found[NOT_AN_IMAGE]["error"]
    assert parts.items() <= {part.name: part.stat().st_mtime_ns for part in job.glob("*.parquet")}.items()
    with pytest.raises(ValueError, match="it was made with other options"):
        predict(dataset(40), nameless, ty.InferOption(confidence=0.5), job=job)
    with pytest.raises(ValueError, match="a column must tell rows apart"):
        predict(dataset(40).drop_columns(["path"]).rename_columns({"label": "bytes"}), nameless, job=job)


def test_a_job_of_a_parquet_file(connected, few, nameless, tmp_path):
    names = [f"{i}.jpg" for i in range(40)]
    table = pa.table({"name": names, "bytes": [(few / name).read_bytes() for name in names]})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=10)
    for _ in range(2):
        dataset = predict(tmp_path / "in.parquet", nameless, job=tmp_path / "job", key="name", resources=ONE_CORE)
        found = rows_by(dataset, "name")
        assert sorted(found) == sorted(names) and "bytes" not in found["0.jpg"]


def test_a_job_of_a_folder_goes_on(connected, few, nameless, tmp_path):
    given = {"job": tmp_path / "job", "resources": ONE_CORE, "part_images": 8}
    predict(few, nameless, **given).take(1)
    lost = sorted((tmp_path / "job").glob("*-*.parquet"))[-1]
    lost.unlink()
    kept = {part.name: part.stat().st_mtime_ns for part in (tmp_path / "job").glob("*-*.parquet")}
    found = rows_by(predict(few, nameless, **given), "path")
    assert sorted(found) == sorted(str(few / f"{i}.jpg") for i in range(40)) and lost.exists()
    assert kept.items() <= {part.name: part.stat().st_mtime_ns for part in (tmp_path / "job").glob("*")}.items()


def test_a_key_that_is_there_twice(connected, few, nameless, tmp_path):
    dataset = ray.data.from_items([{"path": str(few / "0.jpg")}] * 2)
    with pytest.raises(Exception, match="has a value twice"):
        predict(dataset, nameless, job=tmp_path / "job", resources=ONE_CORE).take_all()


def test_columns_that_do_not_fit(connected, nameless):
    with pytest.raises(ValueError, match="a column of images is to be named; the dataset has a"):
        predict(ray.data.from_items([{"a": 1}]), nameless)
    with pytest.raises(ValueError, match="results have columns of the same names as the dataset: drop width"):
        predict(ray.data.from_items([{"path": "a", "width": 1}]), nameless)


def test_rows_that_two_parts_have(tmp_path):
    for name, keys in (("a", ["x", "y"]), ("b", ["y", "z"]), ("c", ["z"])):
        pq.write_table(pa.table({"path": keys}), tmp_path / f"{name}.parquet")
    files, digests = forget_duplicates(str(tmp_path), "path")
    assert sorted(sum((pq.read_table(file)["path"].to_pylist() for file in files), [])) == ["x", "y", "z"]
    assert len(digests) == 3 and not (tmp_path / "c.parquet").exists()


def test_a_job_folder_that_is_not_shared(nameless, tmp_path):
    with (
        Job.open(str(tmp_path / "a"), Manifest("", 1, "", {})),
        Job.open(str(tmp_path / "b"), Manifest("", 1, "", {})) as b,
    ):
        for folder in (tmp_path / "a", tmp_path / "none"):
            with pytest.raises(FileNotFoundError, match="it must be on storage that all of them share"):
                PartPredictor(None, "", str(folder), b.identity, False)


# ----------------------------------------------------------------------------------------------------------------------
# Serving


def test_a_rolling_update_loses_no_request(cluster, connected, few, nameless):
    cluster.add_node(num_cpus=3, object_store_memory=100 << 20)
    serve.start(http_options={"host": "127.0.0.1", "port": 8147})
    settings = {"models": {"nameless": str(nameless)}, "surge": 100, "options": {"confidence": 0.25}}
    serve.run(application(settings), name="yolo")
    body = (few / "0.jpg").read_bytes()
    answers, stop = [], threading.Event()

    def answer_of():
        try:
            with urllib.request.urlopen("http://127.0.0.1:8147/predict/nameless", body, timeout=120) as answer:
                return answer.status, answer.read().count(b'"score"')
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read()!r}", 0
        except OSError as error:
            return repr(error), 0

    def ask():
        while not stop.is_set():
            answers.append(answer_of())

    until = time.monotonic() + 120
    while answer_of() != (200, 2) and time.monotonic() < until:  # proxies learn of an application some time later
        time.sleep(0.1)
    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        # Of the two objects the second one scores 0.8: the answers tell which replica gave them.
        serve.run(application({**settings, "options": {"confidence": 0.85}}), name="yolo")
        until = time.monotonic() + 120
        while (200, 1) not in answers[-8:] and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        stop.set()
        for client in clients:
            client.join()
        serve.shutdown()
    assert {status for status, _ in answers} == {200}
    assert {count for _, count in answers} == {1, 2} and answers[-1] == (200, 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "models: names and files of models are needed"),
        ({"models": {"a/b": "a.onnx"}}, "a model's name must have"),
        ({"models": {"a": "a.onnx"}, "model": 1}, "there is no setting 'model'"),
        ({"models": {"a": "a.onnx"}, "options": {"conf": 1}}, "InferOption has no 'conf'"),
        ({"models": {"a": "a.onnx"}, "replicas": [3, 2]}, "replicas: a number, or the least and the most"),
    ],
)
def test_settings_that_make_no_sense(settings, words):
    with pytest.raises(ValueError, match=words):
        application(settings)


def guides_configurations():
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)]


def test_serve_run_of_the_guides_configuration(cluster, few, nameless, tmp_path):
    """With a model that is here, and as many cores and replicas as there are."""
    cluster.add_node(num_cpus=3, object_store_memory=100 << 20)
    [block] = guides_configurations()
    block["http_options"]["port"] = 8148
    block["applications"][0]["args"].update(models={"nameless": str(nameless)}, cpus=1, replicas=[1, 2])
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(block))
    command = [sys.executable, "-m", "ray.serve.scripts", "run", "config.yaml", "--address", cluster.address]
    with open(tmp_path / "said", "w") as said:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=said, stderr=said)
    body = (few / "0.jpg").read_bytes()

    def answer_of(path, data=None):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:8148{path}", data, timeout=60) as answer:
                return answer.status, answer.read()
        except OSError as error:
            return repr(error), b""

    try:
        until = time.monotonic() + 300
        while answer_of("/v2/health/ready")[0] != 200 and time.monotonic() < until and process.poll() is None:
            time.sleep(0.5)
        for _ in range(20):
            status, found = answer_of("/predict/nameless", body)
            assert status == 200 and found.count(b'"score"') == 2, (status, (tmp_path / "said").read_text())
        assert "404" in answer_of("/predict/other", body)[0] and "400" in answer_of("/predict/nameless", b"no image")[0]
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=120)
        finally:
            process.kill()
    assert answer_of("/v2/health/ready")[0] != 200


def test_the_guides_configuration():
    blocks = guides_configurations()
    assert blocks
    for block in blocks:
        for one in ServeDeploySchema(**block).applications:
            assert one.import_path == "tensorrt_yolo.ray.serve:application"
            assert Settings.of(one.args).models
            application(one.args)
