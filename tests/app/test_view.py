"""`trtyolo predict --view`: what it answers, whom it lets in, and what it does with those who read nothing."""

import json
import socket
import time
import unittest

from live_server import FRAMES, LiveServer
from program import DATA, QUICK, AppTest, run
from view_client import View

PEOPLE = DATA / "people" / "people.onnx"
ENDLESS = [10**6]
JPEG = b"\xff\xd8\xff"


def live(sources):
    return all(source["state"] == "live" and source["rate"] > 0 for source in sources)


class Answers(AppTest):
    def test_one_stream(self):
        with LiveServer(ENDLESS, rate=20) as camera, View(PEOPLE, camera.url, "--track", *counts()) as view:
            first = view.wait(live)[0]
            self.assertEqual(first["source"], camera.url)
            self.assertEqual((first["width"], first["height"]), (768, 576))
            later = view.wait(lambda sources: sources[0]["frames"] > first["frames"] + 5 and sources[0]["objects"])[0]
            self.assertGreater(later["objects"]["0"], 0)
            self.assertEqual(later["tracks"]["now"], later["objects"]["0"])
            self.assertGreaterEqual(later["tracks"]["total"], later["tracks"]["now"])
            self.assertEqual(later["lines"].keys() | later["zones"].keys(), {"door", "shop"})
            status = view.status()
            self.assertEqual(
                (status["model"], status["task"], status["names"]["0"]), ("people.onnx", "detect", "person")
            )

            page = view.ask("/")
            self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
            self.assertNotIn(b"NONCE", page.body)
            snapshot = view.snapshot()
            self.assertEqual((snapshot.status, snapshot.headers["Content-Type"]), (200, "image/jpeg"))
            self.assertTrue(snapshot.body.startswith(JPEG))
            view.wait(lambda _: view.ask("/snapshot/0").body != snapshot.body)

            pictures = view.parts("/stream/0")
            bodies = {body for _, (headers, body) in zip(range(4), pictures)}
            self.assertEqual(len(bodies), 4)
            self.assertTrue(all(body.startswith(JPEG) for body in bodies))
            kinds = [headers["Content-Type"] for _, (headers, _) in zip(range(40), view.parts("/live?sources=0"))]
            self.assertEqual(set(kinds), {"application/json", "image/jpeg"})
            self.assertEqual(kinds[0], "application/json")
            reports = [json.loads(body) for _, (_, body) in zip(range(2), view.parts("/live"))]  # of pictures none
            self.assertLess(reports[0]["sources"][0]["frames"], reports[1]["sources"][0]["frames"])
            begin = time.monotonic()
            next(pictures)
            self.assertEqual(view.interrupt(), 130)  # with one who looks
            self.assertLess(time.monotonic() - begin, 20)

    def test_what_there_is_not(self):
        with LiveServer(ENDLESS, rate=20) as camera, View(*QUICK, camera.url) as view:
            for path, status, words in (
                ("/nothing", 404, b"There are"),
                ("/stream/1", 404, b"0 to 0"),
                ("/snapshot/-1", 404, b"0 to 0"),
                ("/snapshot/", 404, b"0 to 0"),
                ("/live?sources=0,x", 400, b"numbers"),
                ("/live?sources=7", 400, b"numbers"),
            ):
                answer = view.ask(path)
                self.assertEqual(answer.status, status, path)
                self.assertIn(words, answer.body)
            self.assertEqual(view.ask("/", method="POST").status, 405)
            head = view.ask("/", method="HEAD")
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertGreater(int(head.headers["Content-Length"]), 1000)
            for text in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: " + b"x" * 20000 + b"\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", view.port)) as connection:
                    connection.sendall(text)
                    self.assertIn(b" 400 ", connection.recv(1000))
            self.assertEqual(view.ask("/").status, 200)

    def test_annotated_frames(self):
        clip, out = self.clip("clip.avi", FRAMES), self.folder / "out"
        with LiveServer(ENDLESS, rate=20) as camera, View(PEOPLE, clip, camera.url, "--save", out) as view:
            view.wait(lambda sources: sources[0]["state"] == "ended" and sources[1]["frames"] > 2)
            for i in range(2):
                self.assertTrue(view.snapshot(i).body.startswith(JPEG))
            self.assertEqual(view.interrupt(), 130, view.messages)
        self.assertEqual(len(list(out.glob("*.mp4"))), 2)

    def test_end_while_somebody_looks(self):
        clips = [self.clip(f"{i}.avi", FRAMES * 5) for i in range(3)]
        with View(*QUICK, *clips, "--together") as view:
            half_open = socket.create_connection(("127.0.0.1", view.port))
            watching = view.parts("/live?sources=0,1,2")
            _, report = next(watching)
            self.assertEqual([source["source"] for source in json.loads(report)["sources"]], list(map(str, clips)))
            self.assertEqual(view.end(120), 0, view.messages)
            half_open.close()
            watching.close()

    def test_pictures_one_after_the_other(self):
        clip = self.clip("clip.avi", FRAMES * 10)
        with View(PEOPLE, *FRAMES[:3], clip, "--clones", "1") as view:
            self.assertEqual(view.sources()[0]["source"], str(FRAMES[0]))
            sources = view.wait(lambda sources: sources[0]["source"] == str(clip))
            self.assertEqual(len(sources), 1)
            self.assertEqual(view.end(120), 0, view.messages)


def counts():
    return "--line", "door=400,560,400,40", "--zone", "shop=100,80;420,80;420,560;100,560"


class Sources(AppTest):
    def states(self, view, wanted):
        """Those of the first source, as they come, until they are the wanted ones."""
        seen = []
        end = time.monotonic() + 60
        while seen != wanted:
            self.assertLess(time.monotonic(), end, seen)
            state = view.sources()[0]["state"]
            if seen[-1:] != [state]:
                seen.append(state)
            self.assertEqual(seen, wanted[: len(seen)])
            time.sleep(0.02)

    def test_one_that_dies_and_returns(self):
        others = [LiveServer(ENDLESS, rate=5) for _ in range(8)]
        with LiveServer([30, 30], rate=20) as camera:
            urls = [server.url for server in (camera, *others)]
            with View(*QUICK, *urls, "--give-up", "4", "--late", "wait") as view:
                view.wait(lambda sources: sources[0]["state"] == "live")
                self.states(view, ["live", "reconnecting", "live", "reconnecting", "ended"])
                first, *rest = view.wait(lambda sources: live(sources[1:]))
                self.assertIn("given up", first["error"])
                self.assertEqual(first["frames"], 60)
                self.assertTrue(view.ask("/snapshot/0").body.startswith(JPEG))  # the last one
                self.assertEqual(len(rest), 8)
        for server in others:
            server.__exit__()

    def test_one_alone(self):
        with LiveServer([20, 10**6], rate=20, silence=5) as camera, View(*QUICK, camera.url, "--give-up", "20") as view:
            view.wait(lambda sources: sources[0]["state"] == "live")
            self.states(view, ["live", "stalled", "reconnecting", "live"])


class Access(AppTest):
    def test_a_token_for_other_machines(self):
        with LiveServer(ENDLESS, rate=20) as camera, View(*QUICK, camera.url, address="0.0.0.0:0") as view:
            self.assertRegex(view.token, "^[0-9a-f]{32}$")
            for path in (
                "/",
                "/sources",
                "/live",
                "/stream/0",
                "/snapshot/0",
                f"/?token={view.token[:-1]}",
                "/?token=",
            ):
                refused = view.ask(path, Authorization="")
                self.assertEqual(refused.status, 401, path)
                self.assertIn(b"token", refused.body)
            self.assertEqual(view.ask("/sources", Authorization=f"Bearer {view.token}x").status, 401)
            self.assertEqual(view.ask("/sources").status, 200)
            self.assertEqual(view.ask(f"/sources?token={view.token}", Authorization="").status, 200)
            entered = view.ask(f"/?token={view.token}", Authorization="")
            self.assertEqual((entered.status, entered.headers["Location"]), (303, "./"))
            cookie, *attributes = entered.headers["Set-Cookie"].split("; ")
            self.assertEqual(attributes, ["HttpOnly", "SameSite=Lax"])
            self.assertEqual(view.ask("/", Authorization="", Cookie=f"a=b; {cookie}").status, 200)
            self.assertEqual(view.ask("/", Authorization="", Cookie=f"{cookie}x").status, 401)

    def test_a_token_of_ones_own(self):
        with LiveServer(ENDLESS, rate=20) as camera:
            with View(*QUICK, camera.url, "--view-token", "my-own.token") as view:
                self.assertEqual(view.token, "my-own.token")
                self.assertEqual(view.ask("/").status, 200)
                self.assertEqual(view.ask("/", Authorization="").status, 401)

    def test_no_other_names_for_loopback(self):
        with LiveServer(ENDLESS, rate=20) as camera, View(*QUICK, camera.url) as view:
            self.assertEqual(view.token, "")
            for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("evil.example", 403), ("", 403)):
                self.assertEqual(view.ask("/sources", Host=host).status, status, host)

    def test_options(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for arguments, status, words in (
                (["--view", "http"], 2, "a port from 0 to 65535 was expected, found 'http'"),
                (["--view", "65536"], 2, "found '65536'"),
                (["--view", "127.0.0.1:x"], 2, "was expected behind the host, found 'x'"),
                (["--view", ":80"], 2, "a host was expected"),
                (["--view", "::1:8080"], 2, "stands in brackets"),
                (["--view", "8080", "--view-token", "short"], 2, "8 to 256"),
                (["--view", "8080", "--view-token", "with a space"], 2, "a-z"),
                (["--view-token", "long-enough"], 2, "needs --view"),
                (["--view", "0", "--quiet"], 2, "with --quiet"),
                (["--view", "0.0.0.0:8081", "--quiet"], 2, "--view-token"),
                (["--view", str(port)], 1, f"--view {port}: port {port} is in use"),
                (["--view", "192.0.2.1:8080"], 1, "'192.0.2.1' is no address of this machine"),
                (["--view", "no.such.host.invalid:8080"], 1, "is no address of this machine"),
            ):
                done = run("predict", *QUICK, FRAMES[0], *arguments)
                self.assertEqual(done.returncode, status, (arguments, done.stderr))
                self.assertIn(words, done.stderr)

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6")
        with LiveServer(ENDLESS, rate=20) as camera, View(*QUICK, camera.url, address="[::1]:0") as view:
            self.assertEqual(view.url, f"http://[::1]:{view.port}/")
            with socket.create_connection(("::1", view.port)) as connection:
                connection.sendall(f"GET /sources HTTP/1.1\r\nHost: [::1]:{view.port}\r\n\r\n".encode())
                self.assertIn(b" 200 ", connection.recv(1000))


class Slow(AppTest):
    def test_those_who_read_nothing(self):
        """Half-open connections and viewers that take nothing hold up neither others nor the model."""
        with LiveServer(ENDLESS, rate=50) as camera, View(PEOPLE, camera.url) as view:
            view.wait(live)
            idle = [socket.create_connection(("127.0.0.1", view.port)) for _ in range(20)]
            for connection in idle[10:]:
                connection.sendall(b"GET /stream/0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            view.snapshot()
            before = view.sources()[0]["frames"]
            for _ in range(20):
                begin = time.monotonic()
                self.assertTrue(view.ask("/snapshot/0").body.startswith(JPEG))
                self.assertLess(time.monotonic() - begin, 5)
            self.assertGreater(view.sources()[0]["frames"], before)
            time.sleep(11)
            for connection in idle[:10]:  # closed, as they asked for nothing
                connection.settimeout(5)
                self.assertEqual(connection.recv(1), b"")
            for connection in idle:
                connection.close()

    def test_too_many(self):
        with LiveServer(ENDLESS, rate=20) as camera, View(*QUICK, camera.url) as view:
            watching = [view.parts("/live") for _ in range(64)]
            for one in watching:
                next(one)
            refused = view.ask("/live")
            self.assertEqual((refused.status, refused.body.split()[:2]), (503, [b"As", b"many"]))
            self.assertEqual(view.ask("/sources").status, 200)
            watching.pop().close()
            end = time.monotonic() + 10
            while view.ask("/stream/0", method="HEAD").status != 200 and time.monotonic() < end:
                time.sleep(0.1)
            next(view.parts("/live"))


if __name__ == "__main__":
    unittest.main()
