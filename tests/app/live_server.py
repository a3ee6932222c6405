"""Cameras for tests: servers on this machine."""

import contextlib
import http.server
import threading
import time

from program import DATA

FRAMES = sorted((DATA / "people" / "frames").glob("*.jpg"))


class LiveServer(http.server.ThreadingHTTPServer):
    """A camera that serves its pictures one after the other (MJPEG over HTTP), as many to a connection as `portions`
    has next. Then it is silent for `silence` seconds, and closes the connection; without a portion it refuses to
    serve."""

    daemon_threads = True

    def __init__(self, portions, rate=50, silence=0):
        super().__init__(("127.0.0.1", 0), LiveHandler)
        self.portions, self.pause, self.refused, self.served = list(portions), 1 / rate, 0, 0
        self.silence = silence
        self.url = f"http://127.0.0.1:{self.server_address[1]}/camera"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *exception):
        self.shutdown()
        super().__exit__(*exception)


class LiveHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if not self.server.portions:
            self.server.refused += 1
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            for _ in range(self.server.portions.pop(0)):
                picture = FRAMES[self.server.served % len(FRAMES)].read_bytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
                self.server.served += 1
                time.sleep(self.server.pause)
            time.sleep(self.server.silence)

    def log_message(self, *_):
        pass
