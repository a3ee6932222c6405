"""What the tests of the view share: the program with a view, and a browser's side of HTTP."""

import http.client
import json
import queue
import re
import signal
import subprocess
import threading
import time
import urllib.parse

from program import APP


class View:
    """`trtyolo predict ARGUMENT... --view ADDRESS` until the end of a `with`."""

    def __init__(self, *arguments, address="0"):
        command = [APP, "predict", *map(str, arguments), "--view", address]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.messages = []
        urls = queue.Queue()
        self._listener = threading.Thread(target=self._listen, args=(urls,), daemon=True)
        self._listener.start()
        self.url = urls.get(timeout=60)
        if self.url is None:
            raise AssertionError("".join(self.messages))
        parts = urllib.parse.urlsplit(self.url)
        self.port, self.token = parts.port, parts.query.removeprefix("token=")

    def _listen(self, urls):
        for line in self.process.stderr:
            self.messages.append(line)
            if found := re.match(r"view: (\S+)", line):
                urls.put(found[1])
        urls.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.interrupt()
        self.process.stderr.close()

    def interrupt(self):
        """Ends it as Ctrl-C does; gives the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self, seconds=60):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._listener.join(10)
        return status

    def ask(self, path, method="GET", **headers):
        """The answer, with its body as `.body`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {self.token}"} | headers)
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        finally:
            connection.close()

    def snapshot(self, source=0, seconds=60):
        """The answer with the picture of a source, of which there is none yet while all processors are busy."""
        end = time.monotonic() + seconds
        while (answer := self.ask(f"/snapshot/{source}")).status == 503 and time.monotonic() < end:
            time.sleep(0.1)
        return answer

    def status(self):
        return json.loads(self.ask("/sources").body)

    def sources(self):
        return self.status()["sources"]

    def wait(self, condition, seconds=60):
        """Until it holds of the sources, which are then given."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sources = self.sources()
            if condition(sources):
                return sources
            time.sleep(0.05)
        raise AssertionError(f"{sources}\n{''.join(self.messages)}")

    def parts(self, path):
        """Headers and bodies of what comes without an end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            boundary = re.search("boundary=(.+)", answer.headers["Content-Type"])[1]
            assert [answer.readline(), answer.readline()] == [b"\r\n", f"--{boundary}\r\n".encode()]
            while True:
                headers = http.client.parse_headers(answer)
                body = answer.read(int(headers["Content-Length"]))
                assert [answer.readline(), answer.readline()] == [b"\r\n", f"--{boundary}\r\n".encode()]
                yield headers, body
        finally:
            connection.close()
