"""The Python code of each page runs, block after block, in a folder with the files that pages take for granted."""

import re

import pytest
from conftest import needs_videos
from documents import PAGES, blocks, run_python

# What pages print, where they print something to be looked at. The tutorial has a test of its own.
PRINTS = {
    "README.md": r"person 0\.\d+",
    "docs/guide/crops.md": r"\bis an? \w+\b",
    "docs/guide/first_model.md": r"segment \['circle'",
    "docs/guide/python.md": r"people in the last one",
    "docs/guide/small_objects.md": r"(?m)^\d+ objects in \d+ slices and the image as a whole$",
    "docs/guide/tracking.md": r"^\d+ people, the longest seen for \d+ frames\n\d+ in, \d+ out, \d+ inside at last$",
    "docs/migration.md": r"DetResult\(num=6",
}


def runs(page):
    """But for the tutorial, and translations, whose code is that of the English page."""
    if page == "docs/tutorial.md" or page.endswith(".zh-CN.md"):
        return False
    return any(not block.not_run for block in blocks(page, "python"))


def marked(page):
    videos = any("VideoReader" in block.text for block in blocks(page, "python"))
    return pytest.param(page, marks=needs_videos if videos else [])


@pytest.mark.parametrize("page", [marked(page) for page in PAGES if runs(page)])
def test_runs(page, tmp_path):
    printed = run_python(page, tmp_path)
    assert re.search(PRINTS.get(page, ""), printed), printed


def test_no_page_is_forgotten():
    assert set(PRINTS) <= {page for page in PAGES if runs(page)}


def code(page):
    """The code of a page and what it prints, without comments, which are in the page's language."""
    for block in blocks(page):
        if block.language in ("text", "{toctree}") and not block.prints:
            continue
        lines = (re.sub(r"(^|\s+)(//|#) .*", "", line).rstrip() for line in block.text.split("\n"))
        yield block.language, "\n".join(line for line in lines if line)


@pytest.mark.parametrize("page", [page for page in PAGES if page.endswith(".zh-CN.md")])
def test_translations_have_the_same_code(page):
    assert list(code(page)) == list(code(page.replace(".zh-CN", "")))
