"""The C++ sources that a build compiles, one on a line: compiled_sources.py COMPILE_COMMANDS FOLDER..."""

import json
import os
import sys

commands, *folders = sys.argv[1:]
with open(commands, encoding="utf-8") as file:
    sources = {os.path.relpath(entry["file"]) for entry in json.load(file)}
for source in sorted(sources):
    if source.endswith(".cpp") and source.split(os.sep)[0] in folders:
        print(source)
