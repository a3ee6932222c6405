"""What the service holds out against: too much, too slow, too many, without a token; and how it ends."""

import concurrent.futures
import json
import pathlib
import resource
import signal
import socket
import time

import cv2
import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from conftest import run_python, slow
from serving_program import DETECT, JPEG, Inside, Program, ask, form, metric, png
from test_maps import MODELS

import tensorrt_yolo as ty
from tensorrt_yolo.program import main
from tensorrt_yolo.serving import Limits
from tensorrt_yolo.serving.access import Access

SLOW = Limits(header_seconds=2, body_seconds=2, idle_seconds=2)
PATH = "/predict/detect"
DEPTH, INFER = MODELS / "depth.onnx", "/v2/models/depth/infer"


def eventually(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def rest(raw):
    """All that comes until the other side closes; b"" if it breaks the connection off."""
    found = b""
    try:
        while part := raw.recv(1 << 16):
            found += part
    except ConnectionError:
        pass
    return found


def until(raw, end):
    """What comes, up to these bytes."""
    found = b""
    while not found.endswith(end):
        part = raw.recv(4096)
        assert part, found
        found += part
    return found


# --- who may ask


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("s3cret\nnot this\n")
    with Program(DETECT, "--host", "0.0.0.0", "--token-file", file) as program:
        yield program


def test_token(guarded):
    good = {"Authorization": "Bearer s3cret"}
    assert guarded.post(PATH, JPEG, **good).status == 200
    assert guarded.post(PATH, JPEG, Authorization="bearer  s3cret ").status == 200
    for wrong in ({}, {"Authorization": "Bearer s3cr"}, {"Authorization": "Basic czNjcmV0"}, {"Authorization": ""}):
        for method, path in (("POST", PATH), ("GET", "/metrics"), ("GET", "/predict"), ("GET", "/v2"), ("GET", "/no")):
            answer = guarded.ask(method, path, JPEG, **wrong)
            assert answer.status == 401 and "needs a token" in answer.error
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for path in ("/", "/page/page.js", "/docs", "/openapi.json", "/v2/health/live", "/v2/health/ready"):
        assert guarded.get(path).status == 200
    assert metric(guarded, 'trtyolo_service_requests_total{door="http",status="401"}', **good) == 20


def test_token_by_grpc(guarded):
    client = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{guarded.grpc_port}")
    given = tritonclient.grpc.InferInput("image", [1], "BYTES")
    given.set_data_from_numpy(np.array([JPEG], dtype=object))
    assert client.is_server_live() and client.is_server_ready()
    for headers in (None, {"authorization": "Bearer wrong"}):
        for call in (lambda h: client.infer("detect", [given], headers=h), lambda h: client.get_server_metadata(h)):
            with pytest.raises(tritonclient.grpc.InferenceServerException) as raised:
                call(headers)
            assert raised.value.status() == "StatusCode.UNAUTHENTICATED"
    client.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]"}, 200),
        ({"Host": "127.0.0.5"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "["}, 403),
        ({"Host": "localhost", "Origin": "http://localhost"}, 200),
        ({"Host": "localhost", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:2"}, 403),
        ({"Host": "localhost", "Origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites(open_service, headers, status):
    assert open_service.get("/predict", **headers).status == status


@pytest.fixture(scope="module")
def open_service():
    with Inside({"detect": DETECT}, SLOW, Access(only_loopback=True)) as service:
        yield service


def test_no_way_in_by_mistake(tmp_path, capsys):
    def run(*arguments):
        try:
            status = main(["serve", "--quiet", *map(str, arguments)])
        except SystemExit as error:  # of argparse
            status = error.code
        return status, capsys.readouterr().err

    (tmp_path / "token").write_text("\n")
    (tmp_path / "signs").write_text("s3crét\n")
    for arguments, status, words in (
        ((DETECT, "--host", "0.0.0.0"), 2, "give a --token-file, or say --no-token"),
        ((DETECT, "--host", "::"), 2, "can be reached from other machines"),
        ((), 2, "serve needs a model or a --folder"),
        ((DETECT, "--token-file", tmp_path / "token"), 1, "its first line is empty"),
        ((DETECT, "--token-file", tmp_path / "none"), 1, "No such file"),
        ((DETECT, "--token-file", tmp_path / "signs"), 1, "must have ASCII's letters, digits and signs only"),
        ((DETECT, DETECT), 1, "two models are called 'detect'"),
        ((f"{DETECT}=a/b",), 1, "a model's name must have"),
        (("none.onnx",), 1, "none.onnx"),
        (("--folder", tmp_path / "none"), 1, "folder"),
        ((DETECT, "--deadline", "-1"), 2, "seconds, a number above 0"),
    ):
        found, said = run(*arguments)
        assert found == status and words in said
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = run(DETECT, "--port", port)
        assert status == 1 and f"port {port}: Address already in use" in said
        status, said = run(DETECT, "--port", 0, "--grpc-port", port)
        assert status == 1 and "gRPC cannot listen there" in said


def test_the_extra_is_named():
    missing = "import sys; sys.modules['starlette'] = None; "
    done = run_python(missing + "from tensorrt_yolo.program import main; sys.exit(main(['serve', 'x']))")
    assert done.returncode == 1 and "pip install 'trtyolo[serve]'" in done.stderr


# --- too many


def test_a_full_queue():
    with Program(DETECT, "--queue", "1", "--contexts", "1", "--no-grpc") as program:
        with concurrent.futures.ThreadPoolExecutor(24) as threads:
            answers = list(threads.map(lambda _: program.post(PATH, JPEG), range(48)))
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {200, 503} and statuses.count(200) >= 2
        for answer in answers:
            if answer.status == 503:
                assert answer.headers["Retry-After"] == "1" and "queue of this model is full" in answer.error
        assert metric(program, 'trtyolo_pool_rejected_total{pool="detect"}') == statuses.count(503)
        body, kind = form(*[(f"{i}.jpg", JPEG) for i in range(8)])
        images = program.post(PATH, body, Content_Type=kind).json["images"]
        assert [image["source"] for image in images] == [f"{i}.jpg" for i in range(8)]
        assert all(len(image["objects"]) == 3 for image in images)  # they wait for each other


def test_deadlines(open_service):
    before = open_service.pool("detect").metrics().expired
    answer = open_service.post(PATH + "?deadline=0", JPEG)
    assert answer.status == 504 and "The deadline passed" in answer.error
    assert open_service.pool("detect").metrics().expired == before + 1


def test_memory_of_bodies():
    with Inside({"detect": DETECT}, memory_bytes=100_000) as service, service.socket() as holding:
        head = b"POST /predict/detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"
        holding.sendall(head + bytes(90_000))
        eventually(lambda: service.post(PATH, bytes(50_000)).status == 503)
        answer = service.post(PATH, bytes(50_000))
        assert "as many bytes of requests as it may" in answer.error and answer.headers["Retry-After"] == "1"
        holding.close()
        eventually(lambda: service.post(PATH, bytes(50_000)).status == 400)  # no image
        assert service.post(PATH, JPEG).status == 200


def test_connections():
    with Inside({"detect": DETECT}, Limits(connections=3)) as service:
        kept = [service.connection() for _ in range(3)]
        for connection in kept:
            assert ask(connection, "GET", "/v2/health/live").status == 200
        answer = service.get("/v2/health/live")
        assert answer.status == 503 and "as many connections as it may" in answer.error
        kept.pop().close()
        eventually(lambda: service.get("/v2/health/live").status == 200)
        for connection in kept:
            assert ask(connection, "POST", PATH, JPEG).status == 200
            connection.close()


def test_a_thousand_half_open_connections(open_service_with_time):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the process may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    service, opened = open_service_with_time, []
    try:
        for i in range(1000):
            opened.append(service.socket())
            opened[-1].sendall((b"", b"POST /predict/detect HTTP/1.1\r\nHost: lo", b"\r\n", b"G")[i % 4])
        for _ in range(5):
            assert service.post(PATH, JPEG).status == 200
    finally:
        for one in opened:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def open_service_with_time():
    with Inside({"detect": DETECT}) as service:
        yield service


# --- too slow, or no HTTP


LARGE = cv2.imencode(".png", np.zeros((2500, 2500, 3), np.uint8))[1].tobytes()  # 25 MB of distances


def large_map():
    """A request for them, its body and headers."""
    binary = len(LARGE).to_bytes(4, "little") + LARGE
    described = {"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(binary)}}
    head = json.dumps({"inputs": [described], "parameters": {"binary_data_output": True}}).encode()
    return head + binary, {"Inference_Header_Content_Length": str(len(head))}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"GET /v2/health", b"408"),
        (b"POST /predict/detect HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"408"),
        (b"POST /predict/detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc", b"408"),
        (b"POST /predict/detect HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", b"408"),
    ],
)
def test_slow_clients(open_service, sent, words):
    with open_service.socket() as raw:
        raw.sendall(sent)
        found = rest(raw)
        assert found.startswith(b"HTTP/1.1 " + words) if words else not found
        if words:
            assert b'{"error":' in found


def test_slow_after_an_answer(open_service):
    for sent in (b"", b"\r\n", b"GET /v2/"):
        with open_service.socket() as raw:
            raw.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert until(raw, b"}").startswith(b"HTTP/1.1 200 ")
            raw.sendall(sent)
            assert rest(raw).startswith(b"HTTP/1.1 408 " if b"GET" in sent else b"")


def test_a_refused_body_may_end(open_service):
    """An answer before the body's end does not break the connection off, where it would be lost."""
    with open_service.socket() as raw:
        raw.sendall(b"POST /predict/none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        assert until(raw, b"}").startswith(b"HTTP/1.1 404 ")
        raw.sendall(bytes(1000) + b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert until(raw, b"}").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),  # TLS
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET /v2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70_000, b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Y: z\r\n" * 10_000, b"431"),
    ],
)
def test_no_http(open_service, sent, status):
    with open_service.socket() as raw:
        raw.sendall(sent)
        found = rest(raw)
        assert found.startswith(b"HTTP/1.1 " + status) and b'{"error":"' in found
    assert open_service.get("/v2/health/live").status == 200


def test_clients_that_do_not_read():
    """Their connections are broken off, and the answers that they do not take are let go."""
    with Inside({"depth": DEPTH}, Limits(body_seconds=0.5)) as service, service.socket() as raw:
        body, headers = large_map()
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        raw.sendall(f"POST {INFER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode())
        raw.sendall(body)
        assert raw.recv(12) == b"HTTP/1.1 200"
        assert service.service.memory.taken > 25_000_000
        eventually(lambda: service.service.memory.taken == 0)  # it is not read meanwhile
        assert len(rest(raw)) < 25_000_000


def test_memory_of_results():
    body, headers = large_map()
    with Inside({"depth": DEPTH, "detect": DETECT}, memory_bytes=20_000_000) as service:
        answer = service.post(INFER, body, **headers)
        assert answer.status == 503 and "as many bytes of requests as it may" in answer.error
        given = tritonclient.grpc.InferInput("image", [1], "BYTES")
        given.set_data_from_numpy(np.array([LARGE], dtype=object))
        client = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{service.grpc_port}")
        with pytest.raises(tritonclient.grpc.InferenceServerException, match="as many bytes of requests"):
            client.infer("depth", [given])
        client.close()
        eventually(lambda: service.service.memory.taken == 0)
        assert service.post(PATH, JPEG).status == 200


def test_clients_that_go_away():
    with Inside({"detect": DETECT}, contexts=1) as service:
        body, kind = form(*[("a.jpg", JPEG)] * 40)
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        with service.socket() as raw:
            raw.sendall(head.encode() + body)
            eventually(lambda: service.pool("detect").metrics().submitted == 40)
        eventually(lambda: service.pool("detect").metrics().waiting == 0)
        metrics = service.pool("detect").metrics()
        assert metrics.cancelled > 20 and metrics.finished + metrics.cancelled + metrics.running == 40
        given = tritonclient.grpc.InferInput("image", [40], "BYTES")
        given.set_data_from_numpy(np.array([JPEG] * 40, dtype=object))
        client = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{service.grpc_port}")
        call = client.async_infer("detect", [given], callback=lambda result, error: None)
        eventually(lambda: service.pool("detect").metrics().submitted == 80)
        call.cancel()
        eventually(lambda: service.pool("detect").metrics().waiting == 0)
        assert service.pool("detect").metrics().cancelled > metrics.cancelled + 20
        client.close()
        assert service.post(PATH, JPEG).status == 200


def test_what_fails_inside_is_logged_and_not_told(caplog):
    with Inside({"detect": DETECT}) as service:
        pool = service.pool("detect")

        def fail(*_, **__):
            raise ty.InferenceError("/secret/model.onnx: no memory")

        pool.submit = fail
        answer = service.post(PATH, JPEG)
        assert answer.status == 500 and "secret" not in answer.error and "log has the reason" in answer.error
        del pool.submit
        assert "/secret/model.onnx" in caplog.text and service.post(PATH, JPEG).status == 200


@slow
def test_memory_does_not_grow():
    """Whatever is asked, rightly or wrongly, by both doors."""
    wrong, kind = form(("a", b"x"), ("b", JPEG))
    requests = [
        lambda program: program.post(PATH, JPEG),
        lambda program: program.post(PATH + "?conf=0.5&classes=circle", wrong, Content_Type=kind),
        lambda program: program.post(PATH + "?deadline=0", JPEG),
        lambda program: program.post(PATH, png(60000, 60000)),
        lambda program: program.post("/v2/models/detect/infer", b"{}"),
        lambda program: program.post("/predict/none", bytes(1 << 20)),
        lambda program: program.get("/metrics"),
        lambda program: program.socket().close(),
    ]

    def resident(program):
        return int(pathlib.Path(f"/proc/{program.process.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    with Program(DETECT) as program:
        client = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{program.grpc_port}")
        given = tritonclient.grpc.InferInput("image", [1], "BYTES")
        given.set_data_from_numpy(np.array([JPEG], dtype=object))
        with concurrent.futures.ThreadPoolExecutor(8) as threads:

            def all_of_them(_):
                for request in requests:
                    request(program)
                client.infer("detect", [given])

            list(threads.map(all_of_them, range(150)))
            before = resident(program)
            list(threads.map(all_of_them, range(600)))
            assert resident(program) - before < 8 << 20
        client.close()


# --- the end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_without_losing_a_request(number):
    with Program(DETECT) as program:
        before, after = [], []

        def client(_):
            connection = program.connection()
            for _ in range(10_000):
                answer = ask(connection, "POST", PATH, JPEG)
                before.append(answer.status)
                if answer.headers["Connection"] == "close":  # what comes after is for another server
                    after.append(answer.status)
                    return
            raise AssertionError("it goes on and on")

        with concurrent.futures.ThreadPoolExecutor(12) as threads:
            running = [threads.submit(client, i) for i in range(12)]
            eventually(lambda: len(before) > 24)
            program.process.send_signal(number)
            for one in running:
                one.result(60)
        assert set(before) == {200} and len(after) == 12
        assert program.process.wait(60) == 0
        assert program.errors() == "ending: what has come is answered first\n"
        with pytest.raises(ConnectionError):
            program.get("/")


def test_ends_with_pictures_in_the_queue():
    """By gRPC, and by HTTP while it says that it is not ready any more."""
    with Inside({"detect": DETECT}, contexts=1, drain_seconds=60) as service:
        port = service.grpc_port
        client, found = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{port}"), []
        given = tritonclient.grpc.InferInput("image", [1], "BYTES")
        given.set_data_from_numpy(np.array([JPEG], dtype=object))
        for _ in range(30):
            client.async_infer("detect", [given], callback=lambda result, error: found.append((result, error)))
        eventually(lambda: service.pool("detect").metrics().submitted == 30)
        kept = service.connection()
        kept.connect()
        service.stop()
        eventually(lambda: not service.service.ready)
        answer = ask(kept, "GET", "/v2/health/ready")
        assert answer.status == 400 and answer.json == {"ready": False} and answer.headers["Connection"] == "close"
        eventually(lambda: len(found) == 30, 60)
        assert all(error is None and result.as_numpy("counts").tolist() == [3] for result, error in found)
        client.close()
        with pytest.raises(grpc.FutureTimeoutError):
            grpc.channel_ready_future(grpc.insecure_channel(f"127.0.0.1:{port}")).result(0.5)
