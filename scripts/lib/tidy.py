"""Runs clang-tidy on the sources that a build compiles: tidy.py [--deep] BUILD FOLDER... [-- FILE...]

Those below the FOLDERs are checked, or only the FILEs among them; what the build compiles as one unit, as one, and what
it compiles several times, once.
A unit without complaints is not checked again until one of its sources or headers, the settings or the flags change.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

# How many states the analyzer visits in a function; 225,000 is its own limit. It takes most of the time.
DEEP = "--deep" in sys.argv
SETTINGS = ["-Xclang", "-analyzer-config", "-Xclang", f"max-nodes={75_000 if DEEP else 10_000}"]
TOOL = str(pathlib.Path(".venv/bin/clang-tidy").absolute())
NOISE = re.compile(r"[0-9]+ warnings? .*generated|Suppressed [0-9]|Use -header-filter")


def units(build, folders, files):
    """Path, flags and working folder of each unit, or of a source that is compiled by itself."""
    seen = set()  # tests compile some of the program's sources again
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["file"])
        sources = [path]
        if path.parent.name == "Unity":
            sources = re.findall(r'^#include "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        sources = {os.path.relpath(source) for source in sources if str(source).endswith(".cpp")}
        sources = {source for source in sources if source.split(os.sep)[0] in folders}
        if sources <= seen or (files and sources.isdisjoint(files)):
            continue
        seen |= sources
        if path.parent.name == "Unity":
            # The analyzer looks into the sources that a file includes only where the file has such a name.
            name = "_".join(path.relative_to(build).with_suffix(".cpp").parts)
            text = path.read_text(encoding="utf-8")
            path = build / "tidy" / f"UnifiedSource_{name}"
            quiet = "(bugprone-suspicious-include)\n"
            path.write_text(f"// NOLINTBEGIN{quiet}{text}// NOLINTEND{quiet}", encoding="utf-8")
        command = shlex.split(entry["command"])
        first = next(i for i, word in enumerate(command) if word.startswith("-"))
        yield path, command[first : command.index("-o")], entry["directory"]


def complaints(unit, passed, tool):
    """What clang-tidy says of a unit; nothing if it has passed as it is."""
    path, flags, folder = unit
    source = subprocess.run(["c++", "-E", "-C", *flags, path], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    stamp = passed / hashlib.sha256(repr((tool, flags, SETTINGS)).encode() + source).hexdigest()
    if stamp.exists():
        return ""
    command = [TOOL, "--quiet", path, "--", *flags, *SETTINGS]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        stamp.touch()
        return ""
    words = "".join(line for line in done.stderr.splitlines(True) if not NOISE.match(line))
    return done.stdout + words or f"{path}: clang-tidy ended with {done.returncode}\n"


def main():
    words = [word for word in sys.argv[1:] if word != "--deep"]
    dashes = words.index("--") if "--" in words else len(words)
    folders, files = words[1:dashes], words[dashes + 1 :]
    build = pathlib.Path(words[0]).resolve()
    passed = build / "tidy" / "passed"
    passed.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TOOL, "--version"], stdout=subprocess.PIPE, check=True).stdout
    tool = version, pathlib.Path(".clang-tidy").read_bytes()
    failed = False
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for found in pool.map(lambda unit: complaints(unit, passed, tool), units(build, folders, files)):
            failed = failed or found != ""
            print(found, end="", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
