"""Runs in a bare system, for scripts/wheel-test: installs a wheel of dist/, uses it as the guide, uninstalls it."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile

WORK, VENV = pathlib.Path("/work"), pathlib.Path("/venv")
PYTHON = VENV / "bin" / "python"
NOT_THERE = {"/proc", "/sys", "/dev", "/work", "/venv", "/tmp"}  # mounted, copied in, or for this
PEOPLE = "data/people/people.onnx"
FIRST = """
from tensorrt_yolo.infer import DetectModel
found = DetectModel("data/people/people.onnx").predict("data/people/frames/0600.jpg")
assert len(found) == 6, found
"""
ALIAS = """
import sys
import tensorrt_yolo, trtyolo, trtyolo.infer
assert trtyolo is tensorrt_yolo and trtyolo.infer is tensorrt_yolo.infer and trtyolo.__version__ == sys.argv[1]
assert "tensorrt" in trtyolo.backends(), trtyolo.backends()
"""


def run(*command, **options):
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=WORK, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))[:300]}\n{done.stdout}\n{done.stderr}\nended with {done.returncode}")
    return done.stdout, time.monotonic() - start


def pip(*arguments):
    return run(PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", *arguments)


def files():
    """All files of the system, but for those of the environment and of what is only mounted or copied in."""
    found = set()
    for folder, below, names in os.walk("/"):
        below[:] = [name for name in below if os.path.join(folder, name) not in NOT_THERE]
        found.update(os.path.join(folder, name) for name in names)
    return found


def tell(what, seconds):
    print(f"  {what:44} {seconds:6.1f} s", flush=True)


def main():
    before = files()
    run(sys.executable, "-m", "venv", "--clear", VENV)
    print(f"  Python {platform.python_version()}, {' '.join(platform.libc_ver())}", flush=True)

    # The wheel that suits this Python; its requirements are downloads that are not the wheel's doing.
    shutil.rmtree("/tmp/chosen", ignore_errors=True)
    pip("download", "--quiet", "--no-deps", "--no-index", "-f", "dist", "-d", "/tmp/chosen", "trtyolo")
    (wheel,) = pathlib.Path("/tmp/chosen").glob("*.whl")
    print(f"  {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    needs = re.findall(r"^Requires-Dist: (?!.*extra ==)(.*)$", metadata(wheel), re.MULTILINE)
    _, seconds = pip("install", "--quiet", *needs)
    tell("install OpenVINO, NumPy, tqdm", seconds)
    _, install = pip("install", "--quiet", wheel)
    tell("install the wheel", install)
    _, seconds = pip("install", "--quiet", f"{wheel}[images,supervision]")
    tell("install OpenCV, Pillow, supervision", seconds)
    _, first = run(PYTHON, "-c", FIRST)
    tell("first prediction, with start and loading", first)
    if install + first > 60:
        sys.exit(f"installing and predicting took {install + first:.0f} s, expected less than 60")

    run(PYTHON, "-c", ALIAS, wheel.name.split("-")[1])
    for module in ("trtyolo", "tensorrt_yolo"):
        run(PYTHON, "-m", module, "predict", PEOPLE, "data/people/frames/0600.jpg", "--save", "/tmp/out")
    text = (WORK / "docs/guide/python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^(<!-- not run: [^\n]*-->\n)?```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks = [block for not_run, block in blocks if not not_run]
    script = WORK / "tutorial.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    out, seconds = run(PYTHON, script)
    if "people in the last one" not in out:
        sys.exit(f"the guide's Python did not come to its end: {out}")
    tell(f"docs/guide/python.md, {len(blocks)} blocks", seconds)
    for mode in ("threads", "processes"):
        command = ["examples/multi_thread_process.py", PEOPLE, "data/people/frames", "--workers", "2"]
        _, seconds = run(PYTHON, *command, "--mode", mode, "--json", f"/tmp/{mode}.json")
        tell(f"examples/multi_thread_process.py, {mode}", seconds)
    if pathlib.Path("/tmp/threads.json").read_text() != pathlib.Path("/tmp/processes.json").read_text():
        sys.exit("threads and processes give different results")

    pip("uninstall", "--quiet", "--yes", "trtyolo")
    left = [path for path in VENV.rglob("*") if re.search(r"trtyolo|tensorrt_yolo", str(path))]
    left += sorted(path for path in files() - before)
    if left:
        sys.exit(f"uninstalling leaves {left}")
    print("  uninstalling leaves nothing", flush=True)


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


if __name__ == "__main__":
    main()
