"""POST /predict: what models find, in the JSON of the programs, with thresholds, and every error by its name."""

import json

import cv2
import numpy as np
import pytest
from conftest import TASKS, model_file, references
from serving_program import DETECT, JPEG, Program, form, png
from test_maps import MODELS

import tensorrt_yolo as ty
from tensorrt_yolo.serving.selection import Thresholds, selection_of

SEMANTIC, DEPTH = MODELS / "semantic.onnx", MODELS / "depth.onnx"


@pytest.fixture(scope="module")
def program():
    models = [*(model_file(task) for task in TASKS), SEMANTIC, DEPTH]
    with Program(*models, f"{DETECT}=other", "--max-body", "1", "--max-pixels", "50") as program:
        yield program
        assert program.stop() == 0


def first(answer):
    assert answer.status == 200, answer.body
    (image,) = answer.json["images"]
    return image


def models_of_all_tasks():
    return {**{task: model_file(task) for task in TASKS}, "semantic": SEMANTIC, "depth": DEPTH}


@pytest.mark.parametrize("task", models_of_all_tasks())
def test_gives_what_the_model_gives(program, task):
    file = references(task)[0][0] if task in TASKS else references("detect")[0][0]
    answer = program.post(f"/predict/{task}", file.read_bytes())
    with ty.Model(models_of_all_tasks()[task]) as model:
        expected = model.predict(file)
        assert answer.json["names"] == {str(index): name for index, name in model.info().names.items()}
    width, height = expected.image_size
    head = {"source": "image", "frame": 0, "width": width, "height": height}
    assert first(answer) == head | expected.to_dict()
    assert (answer.json["model"], answer.json["task"]) == (task, task)
    assert answer.headers["Content-Type"] == "application/json"


def test_forms(program):
    expected = first(program.post("/predict/detect", JPEG))
    body, kind = form(("a.jpg", JPEG), ('x"y', b"no picture"), ("böse.png", png(60000, 60000)), ("b.jpg", JPEG))
    answer = program.post("/predict/detect", body, Content_Type=kind)
    found = answer.json["images"]
    assert answer.status == 200 and len(found) == 4
    assert found[0] == expected | {"source": "a.jpg"} and found[3] == expected | {"source": "b.jpg"}
    assert found[1]["status"] == 400 and "not an image" in found[1]["error"]
    assert found[2]["source"] == "böse.png" and "60000 x 60000 pixels" in found[2]["error"]
    one = program.post("/predict/detect", form(("a.jpg", b"x"))[0], Content_Type=kind)
    assert one.status == 400 and "not an image" in one.error


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", "image/jpeg", 400, "The body is empty"),
        (b"{}", "application/json", 415, "found JSON"),
        (b"hello", "text/plain", 400, "not an image"),
        (JPEG[: len(JPEG) // 2], "image/jpeg", 400, "cannot be decoded"),
        (png(60000, 60000), "image/png", 400, "an image of 60000 x 60000 pixels takes 10800 MB"),
        (png(10000, 6000), "image/png", 400, "and an image may take 150 MB"),
        (bytes((1 << 20) + 1), "image/jpeg", 413, "A body may have 1048576 bytes (1 MiB)"),
        (b"--edge--\r\n", "multipart/form-data; boundary=edge", 400, "The form has no pictures"),
        (form(("a", b"x"))[0][:-9], "multipart/form-data; boundary=edge", 400, "cut off"),
        (b"nonsense", "multipart/form-data; boundary=edge", 400, "The form cannot be read"),
        (b"--edge", "multipart/form-data", 400, "must name its boundary"),
        (form(*[("a", b"x")] * 65)[0], "multipart/form-data; boundary=edge", 413, "A request may have 64 pictures"),
        (form(("a" * 20000, b"x"))[0], "multipart/form-data; boundary=edge", 400, "header size exceeded"),
    ],
)
def test_wrong_bodies(program, body, kind, status, words):
    answer = program.post("/predict/detect", body, Content_Type=kind)
    assert answer.status == status and words in answer.error
    assert first(program.post("/predict/detect", JPEG))["objects"]  # it goes on


def test_a_body_that_does_not_tell_its_size(program):
    parts = [JPEG[:1000], JPEG[1000:]]
    assert first(program.post("/predict/detect", iter(parts)))["objects"]
    with program.socket() as raw:
        raw.sendall(b"POST /predict/detect HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.sendall(b"40000\r\n" + bytes(0x40000) + b"\r\n" + b"c0001\r\n" + bytes(0xC0001) + b"\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_compressed_bodies_are_refused(program):
    answer = program.post("/predict/detect", b"x", Content_Encoding="gzip")
    assert answer.status == 415 and "'gzip'" in answer.error


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "/predict/none", 404, "There is no model 'none' here; there are 'classify'"),
        ("POST", "/predict/..%2Fdetect", 404, "There is nothing at"),
        ("POST", "/predict/%00", 404, "There is no model"),
        ("POST", "/predict/" + "x" * 5000, 404, "There is no model"),
        ("GET", "/predict/detect", 405, "Method Not Allowed"),
        ("GET", "/nothing", 404, "There is nothing at GET /nothing."),
        ("GET", "/page/%2e%2e/server.py", 404, "There is nothing at"),
        ("GET", "/predict/", 404, "There is nothing at"),
    ],
)
def test_wrong_addresses(program, method, path, status, words):
    answer = program.ask(method, path)
    assert answer.status == status and words in answer.error


def test_thresholds(program):
    everything = first(program.post("/predict/detect", JPEG))["objects"]
    scores = [one["score"] for one in everything]
    assert len(everything) == 3 and len(set(scores)) == 3
    name, index = everything[1]["name"], everything[1]["class"]

    def objects(query):
        return first(program.post(f"/predict/detect?{query}", JPEG))["objects"]

    assert objects(f"conf={scores[1]}") == everything[:1]  # more than that
    assert objects("max_det=2") == everything[:2]
    assert objects(f"classes={index}") == objects(f"classes={name.upper()}") == [everything[1]]
    assert objects(f"classes={index},{everything[0]['name']}&max_det=1") == everything[:1]
    assert objects("iou=0.7&conf=0.25&max_det=300&deadline=20") == everything
    assert [thing["class"] for thing in first(program.post("/predict/classify?topk=2", JPEG))["top"]] != []
    assert len(first(program.post("/predict/classify?topk=2", JPEG))["top"]) == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("detect?conf=0.1", "conf must be at least 0.25"),
        ("detect?conf=2", "conf must be a number from 0 to 1, found '2'"),
        ("detect?conf=nan", "conf must be a number"),
        ("detect?iou=0.5", "iou is 0.7 for all requests to this model"),
        ("detect?max_det=0", "max_det must be a number from 1 to 300"),
        ("detect?max_det=1.5", "max_det must be a whole number"),
        ("detect?max_det=301", "max_det must be a number from 1 to 300"),
        ("detect?classes=cirle", "no class of the model is called 'cirle'; did you mean 'circle'?"),
        ("detect?classes=99", "the model has no class 99; it has 6"),
        ("detect?classes=" + "1," * 4000, "classes may have 4096 characters"),
        ("detect?threshold=1", "'threshold' is no parameter of a model of the task detect"),
        ("detect?topk=1", "'topk' is no parameter"),
        ("detect?deadline=soon", "deadline must be a number of at least 0"),
        ("classify?conf=0.5", "it takes topk and deadline"),
        ("depth?classes=1", "it takes deadline only"),
    ],
)
def test_wrong_parameters(program, path, words):
    answer = program.post(f"/predict/{path}", JPEG)
    assert answer.status == 400 and words in answer.error


def test_classes_of_pixels(program):
    stripes = np.zeros((64, 128, 3), np.uint8)
    stripes[:, :64, 2] = stripes[:, 64:, 0] = 250
    data = cv2.imencode(".png", stripes)[1].tobytes()
    everything = first(program.post("/predict/semantic", data))["semantic"]["classes"]
    some = first(program.post("/predict/semantic?classes=red", data))["semantic"]["classes"]
    assert list(everything) == ["0", "2"] and some == {"0": everything["0"]}


def test_models_are_told(program):
    models = {model["name"]: model for model in program.get("/predict").json["models"]}
    assert set(models) == {*models_of_all_tasks(), "other"}
    expected = {"conf": 0.25, "iou": 0.7, "max_det": 300, "deadline": 30}
    assert models["other"]["task"] == "detect" and models["other"]["parameters"] == expected
    assert models["classify"]["parameters"] == {"topk": 5, "deadline": 30}


def test_openapi_and_docs(program):
    document = program.get("/openapi.json").json
    docs = program.get("/docs")
    assert docs.status == 200 and "default-src 'none'" in docs.headers["Content-Security-Policy"]
    assert document["openapi"].startswith("3.1") and document["info"]["version"] == ty.__version__
    for path, methods in document["paths"].items():
        assert f"{path}</code>" in docs.body.decode()
        for method in methods:  # each is there
            address = path.replace("{name}", "detect").replace("{version}", "1")
            assert program.ask(method.upper(), address, b"").status != 404, path
    references_of = json.dumps(document).split('"$ref": "#/')[1:]
    for reference in references_of:
        found = document
        for key in reference.partition('"')[0].split("/"):
            found = found[key]


@pytest.mark.parametrize("task", ["detect", "obb", "segment", "pose"])
def test_thresholds_are_exact(task):
    """What a request's thresholds leave is what the model finds with them, to the bit."""
    option = ty.InferOption(confidence=0.05)
    with ty.Model(model_file(task), option) as model:
        info = model.info()
        for file, _ in references(task)[:3]:
            everything = model.predict(file)
            for given in (
                {"conf": 0.5},
                {"classes": [0, 2]},
                {"max_det": 1},
                {"conf": 0.3, "classes": "0", "max_det": 2},
            ):
                if len(info.names) < 3 and "classes" in given:
                    continue
                clone = model.clone()
                clone.set_confidence(given.get("conf", 0.05)).set_max_detections(given.get("max_det", 300))
                clone.set_classes([int(one) for one in given.get("classes", [])])
                expected = clone.predict(file)
                found = selection_of(given, Thresholds.of(option), info).of(everything)
                assert found.to_json() == expected.to_json()


def test_agnostic_models_let_no_classes_be_chosen():
    option = ty.InferOption(agnostic=True)
    with ty.Model(DETECT, option) as model, pytest.raises(Exception, match="runs with --agnostic"):
        selection_of({"classes": "0"}, Thresholds.of(option), model.info())
