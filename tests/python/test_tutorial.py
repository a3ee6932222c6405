"""docs/guide/python.md: every block of the tutorial runs, one after the other."""

import pathlib
import re
import subprocess
import sys

from conftest import DATA, needs_videos

TUTORIAL = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "python.md"


@needs_videos
def test_the_tutorial_runs(tmp_path):
    (tmp_path / "data").symlink_to(DATA)
    blocks = re.findall(r"^```python\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 8
    script = tmp_path / "tutorial.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "people in the last one" in done.stdout
    assert (tmp_path / "found.jpg").stat().st_size > 10_000
