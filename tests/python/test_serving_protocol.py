"""The Open Inference Protocol by HTTP and gRPC: every call, by the clients of Triton, and by requests made by hand."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from conftest import TASKS, model_file, references
from serving_program import DETECT, JPEG, Program
from test_maps import MODELS
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc
from tritonclient.utils import InferenceServerException

import tensorrt_yolo as ty
from tensorrt_yolo.serving import messages

SERVING = pathlib.Path(messages.__file__).parent
FILES = {task: model_file(task) for task in TASKS} | {name: MODELS / f"{name}.onnx" for name in ("semantic", "depth")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(DETECT, folder / "late.onnx")
    (folder / "broken.onnx").write_bytes(b"no model")
    (folder / "not a name.onnx").write_bytes(b"")
    (folder / "notes.txt").write_text("no model either")
    return folder


@pytest.fixture(scope="module")
def program(folder):
    with Program(*FILES.values(), "--folder", folder) as program:
        yield program
        assert program.stop() == 0


@pytest.fixture(params=[tritonclient.http, tritonclient.grpc], ids=["http", "grpc"])
def triton(request):
    return request.param


@pytest.fixture
def client(triton, program):
    port = program.grpc_port if triton is tritonclient.grpc else program.port
    client = triton.InferenceServerClient(f"127.0.0.1:{port}")
    yield client
    client.close()


def pictures(triton, *data, name="image", datatype="BYTES", shape=None):
    given = triton.InferInput(name, shape or [len(data)], datatype)
    return [given.set_data_from_numpy(np.array(data, dtype=object).reshape(shape or [-1]))]


def refused(client, model="detect", inputs=None, **arguments):
    """Status and sentence."""
    with pytest.raises(InferenceServerException) as raised:
        client.infer(model, inputs, **arguments)
    return str(raised.value.status()), raised.value.message()


BAD, MISSING = ("400", "StatusCode.INVALID_ARGUMENT"), ("404", "StatusCode.NOT_FOUND")


# --- the compiled description


def test_the_compiled_description_is_that_of_the_text(tmp_path):
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", SERVING, f"--descriptor_set_out={tmp_path / 'now'}"]
    subprocess.run([*command, "open_inference.proto"], check=True)
    assert (tmp_path / "now").read_bytes() == (SERVING / "open_inference.binpb").read_bytes()


def fields(described):
    """Everything that counts on the wire, also of the messages in it."""
    found = {}
    for field in described.fields:
        inner = fields(field.message_type) if field.message_type else None
        oneof = field.containing_oneof.name if field.containing_oneof else None
        found[field.number] = (field.name, field.type, field.is_repeated, oneof, inner)
    return found


def test_messages_are_those_of_other_implementations():
    theirs = pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    assert theirs.full_name == messages.SERVICE
    names = [method.name for method in messages.methods()]
    assert len(names) == 9
    for method in messages.methods():
        their = theirs.methods_by_name[method.name]
        for ours, other in ((method.request, their.input_type), (method.response, their.output_type)):
            assert ours.DESCRIPTOR.full_name == other.full_name
            assert fields(ours.DESCRIPTOR) == fields(other)


# --- the server and its models


def test_server(client, triton):
    assert client.is_server_live() and client.is_server_ready()
    metadata = client.get_server_metadata(**({"as_json": True} if triton is tritonclient.grpc else {}))
    assert metadata == {
        "name": "trtyolo",
        "version": ty.__version__,
        "extensions": ["binary_tensor_data", "model_repository"],
    }


def test_models(client, triton):
    assert client.is_model_ready("detect") and client.is_model_ready("detect", "1")
    assert not client.is_model_ready("detect", "2") and not client.is_model_ready("none")
    as_json = {"as_json": True} if triton is tritonclient.grpc else {}
    metadata = client.get_model_metadata("pose", "1", **as_json)
    assert (metadata["name"], metadata["versions"], metadata["platform"]) == ("pose", ["1"], "trtyolo_openvino")
    assert [(one["name"], one["datatype"], [int(size) for size in one["shape"]]) for one in metadata["inputs"]] == [
        ("image", "BYTES", [-1])
    ]
    outputs = {one["name"]: (one["datatype"], [int(size) for size in one["shape"]]) for one in metadata["outputs"]}
    points = ty.inspect(FILES["pose"]).keypoints
    assert outputs["keypoints"] == ("FP32", [-1, points, 3]) and outputs["sizes"] == ("INT32", [-1, 2])
    for name, version in (("none", ""), ("detect", "2")):
        with pytest.raises(InferenceServerException) as raised:
            client.get_model_metadata(name, version)
        assert str(raised.value.status()) in MISSING


@pytest.mark.parametrize("task", FILES)
def test_outputs_are_what_the_model_finds(client, triton, task):
    files = [file for file, _ in references(task if task in TASKS else "detect")[:2]]
    answer = client.infer(task, pictures(triton, *(file.read_bytes() for file in files)), request_id="mine")
    with ty.Model(FILES[task]) as model:
        results = model.predict(files)
    head = answer.get_response() if triton is tritonclient.http else answer.get_response(as_json=True)
    assert (head["model_name"], head["model_version"], head["id"]) == (task, "1", "mine")
    names = [one["name"] for one in head["outputs"]]
    found = {name: answer.as_numpy(name) for name in names}
    assert found["sizes"].tolist() == [list(result.orig_shape) for result in results]
    assert found["counts"].tolist() == [len(result) for result in results]
    expected = {
        "classes": lambda result: result.classes,
        "scores": lambda result: result.scores,
        "boxes": lambda result: result.boxes.xyxy(),
        "rotated_boxes": lambda result: result.rotated_boxes.xywhr(),
        "corners": lambda result: result.rotated_boxes.xyxyxyxy(),
        "keypoints": lambda result: result.keypoints.view(np.ndarray),
        "depth": lambda result: result.depth.reshape(-1),
    }
    for name in set(names) & set(expected):
        assert np.array_equal(found[name], np.concatenate([expected[name](one) for one in results]))
    if task != "depth":
        objects = [thing for result in results for thing in result]
        assert [name.decode() for name in found["names"]] == [thing.name for thing in objects]
    if "masks" in names:
        dictionaries = [result.to_dict() for result in results]
        masks = [one["mask"] for found in dictionaries for one in found.get("objects", ())]
        for one in (found["semantic"] for found in dictionaries if "semantic" in found):
            masks += [{"size": one["size"], "counts": counts} for counts in one["classes"].values()]
        assert [json.loads(mask) for mask in found["masks"]] == masks
    assert {"depth": 3, "classify": 5, "semantic": 6, "detect": 6, "obb": 7, "segment": 7, "pose": 7}[task] == len(
        names
    )


def test_outputs_by_name_and_parameters(client, triton):
    wanted = [triton.InferRequestedOutput(name) for name in ("scores", "counts")]
    everything = client.infer("detect", pictures(triton, JPEG)).as_numpy("scores")
    given = {"conf": float(everything[1]), "deadline": 20}
    answer = client.infer("detect", pictures(triton, JPEG), outputs=wanted, parameters=given, timeout=20_000_000)
    assert answer.as_numpy("scores").tolist() == everything[:1].tolist() and answer.as_numpy("counts").tolist() == [1]
    assert answer.as_numpy("boxes") is None
    answer = client.infer("detect", pictures(triton, JPEG, JPEG, shape=[2, 1]), parameters={"max_det": 2})
    assert answer.as_numpy("boxes").shape == (4, 4)


def test_wrong_inference(client, triton):
    good = pictures(triton, JPEG)
    output = [triton.InferRequestedOutput("box")]
    for arguments, statuses, words in (
        ({"model": "none"}, MISSING, "There is no model 'none' here"),
        ({"model_version": "7"}, MISSING, "has the version 1 only"),
        ({"inputs": pictures(triton, JPEG, name="images")}, BAD, "The one input is 'image'"),
        ({"inputs": good * 2}, BAD, "One input was expected"),
        ({"inputs": pictures(triton, *[b"x"] * 65)}, BAD, "from 1 to 64 pictures"),
        ({"inputs": pictures(triton, JPEG, b"no picture")}, BAD, "not an image"),
        ({"outputs": output}, BAD, "The model has no output 'box'"),
        ({"parameters": {"conf": 0.01}}, BAD, "conf must be at least 0.25"),
        ({"parameters": {"gamma": 1}}, BAD, "'gamma' is no parameter"),
        ({"priority": 2}, BAD, "'priority' is no parameter"),
        ({"parameters": {"deadline": 0}}, ("504", "StatusCode.DEADLINE_EXCEEDED"), "The deadline passed"),
        ({"timeout": 1}, ("504", "StatusCode.DEADLINE_EXCEEDED"), "The deadline passed"),
    ):
        status, sentence = refused(client, **{"inputs": good, **arguments})
        assert status in statuses and words in sentence, (arguments, status, sentence)
    assert client.infer("detect", good).as_numpy("counts").tolist() == [3]


# --- the repository


def states(client, triton):
    index = client.get_model_repository_index()
    if triton is tritonclient.grpc:
        return {one.name: one.state for one in index.models}
    return {one["name"]: one["state"] for one in index}


def test_repository(client, triton):
    assert states(client, triton) == {name: "READY" for name in FILES} | {
        "late": "UNAVAILABLE",
        "broken": "UNAVAILABLE",
    }
    assert not client.is_model_ready("late")
    client.load_model("late")
    assert client.is_model_ready("late") and states(client, triton)["late"] == "READY"
    client.load_model("late")  # anew
    assert client.infer("late", pictures(triton, JPEG)).as_numpy("counts").tolist() == [3]
    client.unload_model("late")
    assert not client.is_model_ready("late") and states(client, triton)["late"] == "UNAVAILABLE"
    assert refused(client, "late", pictures(triton, JPEG))[0] in MISSING


def test_wrong_repository_calls(client):
    forbidden = ("403", "StatusCode.PERMISSION_DENIED")
    for call, statuses, words in (
        (lambda: client.load_model("detect"), forbidden, "was given at the start"),
        (lambda: client.unload_model("detect"), forbidden, "was given at the start"),
        (lambda: client.load_model("none"), MISSING, "The folder has no model 'none'"),
        (lambda: client.load_model("not a name"), MISSING, "The folder has no model"),
        (lambda: client.load_model("../late"), MISSING, ""),
        (lambda: client.load_model("broken"), BAD, "cannot be loaded"),
        (lambda: client.unload_model("late"), BAD, "is not loaded"),
        (lambda: client.load_model("late", config="{}"), BAD, "the parameter 'config' is refused"),
        (lambda: client.load_model("late", config="{}", files={"file:1/model.onnx": b"x"}), BAD, "is refused"),
    ):
        with pytest.raises(InferenceServerException) as raised:
            call()
        assert str(raised.value.status()) in statuses and words in raised.value.message()


def test_no_folder_no_repository():
    with Program(DETECT, "--no-grpc") as program:
        assert program.grpc_port is None
        for path in ("load", "unload"):
            answer = program.post(f"/v2/repository/models/late/{path}")
            assert answer.status == 403 and "without a folder" in answer.error
        assert [one["name"] for one in program.post("/v2/repository/index").json] == ["detect"]


# --- by hand


def post(program, body, path="/v2/models/detect/infer", **headers):
    return program.post(path, body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)


def request(**others):
    picture = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(JPEG).decode()]}
    return {"inputs": [picture | others.pop("input", {})], **others}


def test_json(program):
    answer = post(program, request(id="7", outputs=[{"name": "names"}, {"name": "boxes"}]))
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    names, boxes = answer.json["outputs"]
    assert answer.json["id"] == "7" and names["datatype"] == "BYTES" and names["shape"] == [3]
    assert names["data"] == ["triangle", "circle", "cross"]
    assert boxes["shape"] == [3, 4] and len(boxes["data"]) == 12
    versioned = post(program, request(), "/v2/models/detect/versions/1/infer").json["outputs"]
    assert next(one for one in versioned if one["name"] == "boxes") == boxes
    # Data as its shape is.
    text = request()["inputs"][0]["data"][0]
    for data in ([text, text], [[text], [text]]):
        nested = post(program, request(input={"shape": [2, 1], "data": data}, outputs=[{"name": "counts"}]))
        assert nested.json["outputs"][0]["data"] == [3, 3]
    # An output in binary beside others in JSON.
    mixed = post(program, request(outputs=[{"name": "names"}, {"name": "boxes", "parameters": {"binary_data": True}}]))
    size = int(mixed.headers["Inference-Header-Content-Length"])
    head = json.loads(mixed.body[:size])
    assert head["outputs"][1]["parameters"] == {"binary_data_size": 48} and len(mixed.body) == size + 48
    assert np.allclose(np.frombuffer(mixed.body[size:], "<f4"), boxes["data"])


def test_health_by_hand(program):
    assert program.get("/v2/health/live").json == {"live": True}
    assert program.get("/v2/health/ready").json == {"ready": True}
    assert program.get("/v2/models/detect/versions/1/ready").json == {"name": "detect", "ready": True}
    assert program.get("/v2/models/none/ready").status == 404
    only = program.post("/v2/repository/index", b'{"ready": true}').json
    assert {one["state"] for one in only} == {"READY"} and len(only) == len(FILES)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The body is no JSON"),
        (b"[" * 100_000, "The body is no JSON"),
        (b"[]", "A JSON object was expected"),
        (b"\xff{}", "The body is no JSON"),
        ({}, "'inputs' must be a list"),
        ({"inputs": []}, "One input was expected"),
        ({"inputs": ["image"]}, "'inputs' must be a list of objects"),
        (request(input={"shape": "1"}), "shape must be a list"),
        (request(input={"shape": [2]}), "a list of 2 elements"),
        (request(input={"shape": [-1]}), "from 1 to 64 pictures"),
        (request(input={"shape": []}), "from 1 to 64 pictures"),
        (request(input={"shape": [2**70]}), "from 1 to 64 pictures"),
        (request(input={"datatype": "UINT8"}), "of BYTES"),
        (request(input={"data": ["not base64!"]}), "must be text in base64"),
        (request(input={"data": [7]}), "must be text in base64"),
        (request(input={"data": None}), "a list of 1 elements"),
        (request(input={"parameters": 7}), "'parameters' must be an object"),
        (request(input={"parameters": {"binary_data_size": 9}}), "binary_data_size must be the 0 bytes"),
        (request(parameters={"conf": "high"}), "conf must be a number"),
        (request(parameters={"conf": True}), "conf must be a number"),
        (request(parameters={"classes": [{}]}), "no class of the model"),
        (request(outputs="all"), "'outputs' must be a list"),
        (request(outputs=[{"name": "scores", "parameters": {"classification": 3}}]), "'classification'"),
    ],
)
def test_wrong_json(program, body, words):
    answer = post(program, body)
    assert answer.status == 400 and words in answer.error


def test_wrong_binary(program):
    def binary(raw, **others):
        described = {"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(raw)}}
        head = json.dumps({"inputs": [described | others]}).encode()
        return post(program, head + raw, Inference_Header_Content_Length=str(len(head)))

    element = len(JPEG).to_bytes(4, "little") + JPEG
    assert binary(element).status == 200
    for raw in (b"", b"\1", element[:-1], element + b"x", element * 2, b"\xff\xff\xff\xff" + JPEG):
        assert "not 1 elements of BYTES" in binary(raw).error
    assert "binary_data_size must be" in binary(element, parameters={"binary_data_size": 5}).error
    for length in ("-1", "9" * 30, "10", "one"):
        answer = post(program, request() if length == "10" else b"{}", Inference_Header_Content_Length=length)
        assert answer.status == 400


def test_grpc_by_hand(program):
    with grpc.insecure_channel(f"127.0.0.1:{program.grpc_port}") as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        given = pb.ModelInferRequest.InferInputTensor(name="image", datatype="BYTES", shape=[1])
        given.contents.bytes_contents.append(JPEG)  # not raw
        answer = stub.ModelInfer(pb.ModelInferRequest(model_name="detect", inputs=[given]))
        assert [one.name for one in answer.outputs] == ["sizes", "counts", "classes", "names", "scores", "boxes"]
        assert len(answer.raw_output_contents) == 6 and answer.raw_output_contents[1] == b"\3\0\0\0"
        for wrong in (
            pb.ModelInferRequest(model_name="detect", inputs=[given], raw_input_contents=[b"", b""]),
            pb.ModelInferRequest(model_name="detect", inputs=[given], raw_input_contents=[b"abc"]),
            pb.ModelInferRequest(model_name="detect"),
            pb.ModelInferRequest(
                model_name="detect", inputs=[pb.ModelInferRequest.InferInputTensor(name="image", datatype="BYTES")]
            ),
        ):
            with pytest.raises(grpc.RpcError) as raised:
                stub.ModelInfer(wrong)
            assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.RpcError) as raised:
            stub.RepositoryIndex(pb.RepositoryIndexRequest(repository_name="other"))
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND
        with pytest.raises(grpc.RpcError) as raised:  # of Triton only
            stub.ModelConfig(pb.ModelConfigRequest(name="detect"))
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
        with pytest.raises(grpc.RpcError) as raised:
            stub.ModelInfer(pb.ModelInferRequest(model_name="detect", raw_input_contents=[bytes(33 << 20)]))
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


# ----------------------------------------------------------------------------------------------------------------------
# grpcurl: go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.1

GRPCURL = os.environ.get("GRPCURL") or shutil.which("grpcurl")


def grpcurl(program, call, request, *more):
    """Gives the exit status, and the answer or the error's text. The command is the guide's."""
    command = [GRPCURL, "-plaintext", "-import-path", str(SERVING), "-proto", "open_inference.proto", *more, "-d", "@"]
    address = f"127.0.0.1:{program.grpc_port}"
    done = subprocess.run(
        [*command, address, f"inference.GRPCInferenceService/{call}"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else done.stderr


@pytest.mark.skipif(not GRPCURL, reason="grpcurl is not installed")
def test_by_grpcurl(program):
    status, described = grpcurl(program, "ModelMetadata", {"name": "detect"})
    assert status == 0 and [one["name"] for one in described["inputs"]] == ["image"]
    text = base64.b64encode(JPEG).decode()
    image = {"name": "image", "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": [text]}}
    status, answer = grpcurl(program, "ModelInfer", {"model_name": "detect", "inputs": [image]})
    assert status == 0
    names = [one["name"] for one in answer["outputs"]]
    raw = dict(zip(names, map(base64.b64decode, answer["rawOutputContents"])))
    with ty.Pool(DETECT) as pool:
        expected = pool.predict(JPEG)
    assert np.array_equal(np.frombuffer(raw["boxes"], np.float32).reshape(-1, 4), expected.boxes.xyxy())
    assert np.array_equal(np.frombuffer(raw["scores"], np.float32), expected.scores)
    status, error = grpcurl(program, "ModelMetadata", {"name": "none"})
    assert status != 0 and "NotFound" in error and "There is no model 'none' here" in error
