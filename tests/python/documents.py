"""The code in the documents: the blocks of a page, in its order, and what they are given.

How a page says what a block is (CONTRIBUTING.md tells writers the same):

    ```cpp, ```c, ```python, ```sh, ```cmake, ```json, ```yaml    code; a block that is set in by four spaces is `sh`
    ```text, or no language                              no code: a drawing, or what a command printed
    <!-- not run: REASON -->     before a block: it is compiled, but cannot be run here
    <!-- given: CODE -->         before a block: what its page takes for granted, and the reader is not shown
    <!-- prints -->              before a block of text: what the one before it prints (test_tutorial.py)
    <!-- prints, numbers vary -->
"""

import os
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

from conftest import DATA
from markdown_it import MarkdownIt

ROOT = pathlib.Path(__file__).parents[2]
APP = os.environ.get("TRTYOLO_APP", str(ROOT / "build" / "bin" / "trtyolo"))
PAGES = sorted(
    file.relative_to(ROOT).as_posix()
    for pattern in ("README*.md", "CONTRIBUTING.md", "docs/**/*.md", "bench/*.md", "examples/**/*.md")
    for file in ROOT.glob(pattern)
)

# The files that pages take for granted, beside data/: names that readers know, of networks that the repository has, and
# of a short video.
FILES = {
    "bus.jpg": DATA / "people" / "frames" / "0600.jpg",
    "street.mp4": ROOT / "tests" / "app" / "inputs" / "vfr.mp4",
    "yolo11n.onnx": DATA / "people" / "people.onnx",
    "yolo11n-seg.onnx": DATA / "shapes" / "segment.onnx",
    "yolo11n-pose.onnx": DATA / "shapes" / "pose.onnx",
}


class Block(NamedTuple):
    page: str
    line: int
    language: str
    text: str
    given: str  # code that stands before it, unseen
    not_run: str  # why it is not run
    prints: str  # what is said of it as the output of the block before it

    def __str__(self):
        return f"{self.page}:{self.line}"


def _parsed(page):
    return MarkdownIt("commonmark").parse((ROOT / page).read_text(encoding="utf-8"))


def blocks(page, language=None):
    """The blocks of a page, or those of one language."""
    found, comments = [], ""
    for token in _parsed(page):
        if token.type == "html_block":
            comments += token.content
            continue
        if token.type in ("fence", "code_block"):
            words = token.info.split()
            name = "sh" if token.type == "code_block" else words[0] if words else "text"
            said = [
                "\n".join(re.findall(pattern, comments, re.DOTALL))
                for pattern in (r"<!-- given: *(.*?)\s*-->", r"<!-- not run: (.*?) -->", r"<!-- (prints.*?) -->")
            ]
            found.append(Block(page, token.map[0] + 1, name, token.content, *said))
        comments = ""
    return [block for block in found if language in (None, block.language)]


def inline_commands(page):
    """What stands as `code` in the text and is a command of this project's, with options."""
    ours = re.compile(r"(trtyolo|python -m tensorrt_yolo|scripts/\w+) .*-")
    for token in _parsed(page):
        for child in token.children or []:
            if child.type == "code_inline" and ours.match(child.content):
                yield Block(page, token.map[0] + 1, "sh", child.content + "\n", "", "", "")


def lay_out(folder):
    """Puts what the pages take for granted into a folder."""
    (folder / "data").symlink_to(DATA)
    for name, file in FILES.items():
        (folder / name).symlink_to(file)


def run_python(page, folder):
    """Runs the Python blocks of a page one after the other in one process, in `folder`; gives what they print."""
    lay_out(folder)
    script = folder / "guide.py"
    lines = []
    for block in blocks(page, "python"):
        if not block.not_run:
            lines += [block.given, f"# {block}", block.text]
    script.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout
