"""The service, as the program `serve` in a process of its own or inside of this one, and a client for it."""

import asyncio
import http.client
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib
from typing import NamedTuple

from conftest import SHAPES, model_file

from tensorrt_yolo.serving import Limits, Service
from tensorrt_yolo.serving.access import Access
from tensorrt_yolo.serving.server import Addresses, serve

JPEG = (SHAPES / "images" / "00001.jpg").read_bytes()  # with three objects


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The sentence of an error, which is all that there is."""
        assert self.headers["Content-Type"] == "application/json" and list(self.json) == ["error"]
        return self.json["error"]


class Program:
    """Serves until it is left; both ports are free ones."""

    def __init__(self, *arguments, host="127.0.0.1"):
        ports = [] if "--port" in arguments else ["--port", "0", "--grpc-port", "0"]
        command = [sys.executable, "-X", "faulthandler", "-m", "tensorrt_yolo", "serve", *map(str, arguments), *ports]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        self.host, self._errors = host, []
        self._reader = threading.Thread(target=lambda: self._errors.extend(self.process.stderr), daemon=True)
        self._reader.start()
        line = self.process.stdout.readline()
        found = re.match(r"serving .* at http://\S+?:(\d+)/(?:, gRPC at \S+:(\d+))?$", line)
        if not found:
            self.process.wait(timeout=60)
            raise AssertionError(f"no service: {line!r}, {self.errors()}")
        self.port = int(found[1])
        self.grpc_port = int(found[2]) if found[2] else None

    def errors(self):
        """What it has written to standard error, after its end."""
        self._reader.join(10)
        return "".join(self._errors)

    def connection(self, timeout=60):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def socket(self, timeout=30):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def ask(self, method, path, body=None, **headers):
        connection = self.connection()
        try:
            return ask(connection, method, path, body, **headers)
        finally:
            connection.close()

    def post(self, path, body=b"", **headers):
        return self.ask("POST", path, body, **headers)

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def stop(self, number=signal.SIGTERM):
        """Gives the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def ask(connection, method, path, body=None, **headers):
    """A request on a connection that is kept open; underscores in names of headers are hyphens."""
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def form(*parts):
    """A body of multipart/form-data, of (file name, bytes), and its Content-Type."""
    lines = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="pictures"; filename="%s"\r\n\r\n%s\r\n'
        % (name.encode(), data)
        for name, data in parts
    )
    return lines + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def png(width, height):
    """The beginning of a PNG file that says to be of this size, with next to no pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def metric(program, name, **headers):
    """A line of /metrics, as a number."""
    for line in program.get("/metrics", **headers).body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


DETECT = model_file("detect")


class Inside:
    """The same in a thread of this process, with limits that the program has no options for."""

    host = "127.0.0.1"
    ask, post, get = Program.ask, Program.post, Program.get
    connection, socket = Program.connection, Program.socket

    def __init__(self, files, limits=Limits(), access=Access(), drain_seconds=5.0, **options):
        self.service = Service(files, **options)
        self._arguments = limits, access, drain_seconds
        self._started, self.port, self.grpc_port = threading.Event(), None, None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)

    def pool(self, name):
        return self.service.models.find(name).pool

    def stop(self):
        """Begins the end."""
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()

        def started(port, grpc_port):
            self.port, self.grpc_port = port, grpc_port
            self._started.set()

        limits, access, drain_seconds = self._arguments
        addresses = Addresses(self.host, 0, 0)
        how = {"stop": self._stop, "drain_seconds": drain_seconds, "started": started}
        await serve(self.service, addresses, limits, access, **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._thread.is_alive():
            self.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.service.close()
