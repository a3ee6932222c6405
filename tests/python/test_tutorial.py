"""docs/tutorial.md from its first to its last line: what it runs, runs, and prints what it shows.

Its commands share a shell, its Python blocks an interpreter, and blocks of code that name a file are written to it.
Environment: TRTYOLO_APP, the program in the build that is installed (default: that of the release build).
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest
from conftest import needs_videos
from documents import APP, blocks, lay_out

TUTORIAL, CHINESE = "docs/tutorial.md", "docs/tutorial.zh-CN.md"

# Runs a block for each line, which is its text in JSON, and says when it is done.
INTERPRETER = """
import json, sys
names = {"__name__": "__main__"}
for line in sys.stdin:
    exec(compile(json.loads(line), "<tutorial>", "exec"), names)
    print("\\0", flush=True)
"""


class Session:
    """A process that runs one block after the other: run(text) gives what it printed."""

    def __init__(self, command, folder, wrap, seconds=600):
        self.process = subprocess.Popen(
            command, cwd=folder, text=True, env=os.environ | {"PATH": self.path(), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.wrap = wrap
        self.timer = threading.Timer(seconds, self.end)
        self.timer.start()

    @staticmethod
    def path():
        return os.pathsep.join([os.path.dirname(APP), os.path.dirname(sys.executable), os.environ["PATH"]])

    def run(self, text):
        self.process.stdin.write(self.wrap(text))
        self.process.stdin.flush()
        printed = ""
        for line in self.process.stdout:
            if line.endswith("\0\n"):
                return printed + line[:-2]
            printed += line
        raise AssertionError(f"this failed:\n{text}\nand printed:\n{printed}")

    def end(self):
        """With all that it started."""
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.timer.cancel()


NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


def alike(shown, printed, numbers_vary):
    """Whether a line says the same: words are equal, numbers nearly, since processors round differently."""
    numbers = [re.findall(NUMBER, line) for line in (shown, printed)]
    words = [re.sub(r"\s+", " ", re.sub(rf" *{NUMBER}", " #", line)).strip() for line in (shown, printed)]
    if words[0] != words[1]:
        return False
    if numbers_vary:
        return True
    return all(abs(float(a) - float(b)) <= tolerance(a) for a, b in zip(*numbers))


def tolerance(number):
    """Of scores and pixels little, of large counts 1 %, of small ones nothing."""
    value = abs(float(number))
    return max(0.02, 0.005 * value) if "." in number else 0.01 * value if value >= 100 else 0


def assert_prints(block, shown, printed):
    """Line by line; "..." stands for any lines."""
    lines = [line.rstrip() for line in printed.rstrip("\n").split("\n")]
    vary = "numbers vary" in block.prints
    at, free = 0, False
    for expected in shown.rstrip("\n").split("\n"):
        if expected == "...":
            free = True
            continue
        here = [i for i, line in enumerate(lines[at:], at) if alike(expected, line, vary)]
        assert here and (free or here[0] == at), f"{block} shows\n{expected}\nwhich is not so:\n{printed}"
        at, free = here[0] + 1, False
    assert free or at == len(lines), f"{block} does not show all of\n{printed}"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@needs_videos
def test_the_tutorial(tmp_path):
    if not os.path.exists(APP) or not shutil.which("curl"):
        pytest.skip(f"needs {APP}, which scripts/build makes, and curl")
    lay_out(tmp_path)
    (tmp_path / "build").symlink_to(pathlib.Path(APP).parents[1])
    port = free_port()
    shell = Session(["bash", "-e"], tmp_path, lambda text: text + "\nprintf '\\0\\n'\n")
    python = Session([sys.executable, "-c", INTERPRETER], tmp_path, lambda text: json.dumps(text) + "\n")
    checked, printed = 0, None
    try:
        for block in blocks(TUTORIAL):
            text = block.text.replace("8000", port)
            if block.language == "text" and block.prints:
                assert_prints(block, text, printed)
                checked += 1
            elif block.not_run:
                continue
            elif named := re.match(r"(?://|#) (\S+/\S+)\n", text):
                file = tmp_path / named[1]
                file.parent.mkdir(exist_ok=True)
                file.write_text(text, encoding="utf-8")
            else:
                printed = {"sh": shell, "python": python}[block.language].run(text)
    finally:
        shell.end()
        python.end()
    assert checked > 8
    assert (tmp_path / "out" / "0600.jpg").stat().st_size > 10_000
    assert (tmp_path / "out" / "street.mp4").stat().st_size > 100_000


def test_what_is_shown_is_compared():
    block = blocks(TUTORIAL)[0]._replace(prints="")
    assert_prints(block, "a 1 b\n...\nd\n", "a 1 b\nc\nd\n")
    assert_prints(block, "a 0.51, 1370 s\n", "a 0.50, 1371 s\n")
    different = [("a", "b"), ("a", "a\nb"), ("a\nb", "a"), ("a 6", "a 7"), ("a\n...\nc", "a\nb"), ("0.5", "0.6")]
    for shown, printed in different:
        with pytest.raises(AssertionError):
            assert_prints(block, shown, printed)
