"""Fills the figures in the documents from docs/figures/*.json; `scripts/figures --help` says how."""

import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "figures"
REGION = re.compile(r"(<!-- figures: (\S+)\n(.*?)\n-->\n).*?\n?(<!-- end -->)", re.DOTALL)
INLINE = re.compile(r"(?:[0-9][0-9.,]*|(`)[^`\n]+`)(<!--=(\S+?)(?::(\S+))?-->)")
FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")
STEP = re.compile(r"\[([^]]*)\]|([^.\[]+)\.?")


def value(path, results):
    """What a path names, e.g. "cpu-yolo11n.rows[kind=clones,n=8].p50_ms": [...] takes the one row with these values."""
    found, where = results, ""
    for choice, key in STEP.findall(path):
        if choice:
            wanted = dict(pair.split("=", 1) for pair in choice.split(","))
            found = [row for row in found if all(str(row.get(name)) == text for name, text in wanted.items())]
            if len(found) != 1:
                raise ValueError(f"'{path}': {len(found)} elements of '{where}' have [{choice}], 1 was expected")
            found = found[0]
        else:
            if not isinstance(found, dict) or key not in found:
                raise ValueError(f"'{path}': there is no '{key}' in {f'{where!r}' if where else 'docs/figures/'}")
            found = found[key]
            where = f"{where}.{key}" if where else key
    return found


def filled(template, name, results):
    """The lines of a template with their fields filled."""
    lines = []
    for line in template.split("\n"):
        scope = name
        if line.startswith("@"):
            scope, line = line[1:].split(" ", 1)
        lines.append(FIELD.sub(lambda field: format(value(f"{scope}.{field[1]}", results), field[2] or ""), line))
    return "\n".join(lines)


def fill(document, results):
    text = document.read_text(encoding="utf-8")
    name = document.relative_to(ROOT)
    if text.count("<!-- figures:") != len(REGION.findall(text)) or text.count("<!--=") != len(INLINE.findall(text)):
        raise ValueError(f"'{name}': a region of figures is not complete, or no figure stands before a <!--=PATH-->")

    def figure(match):
        quote = match[1] or ""
        return quote + format(value(match[3], results), match[4] or "") + quote + match[2]

    try:
        new = REGION.sub(lambda region: region[1] + filled(region[3], region[2], results) + "\n" + region[4], text)
        new = INLINE.sub(figure, new)
    except (TypeError, ValueError) as error:
        raise ValueError(f"'{name}': {error}") from None
    return text, new


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return {"cpu": names[0] if names else "unknown processor", "cores": len(os.sched_getaffinity(0))}


def record(name, command):
    """Runs the command and keeps what it prints: JSON as it is, other text as "output"."""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"the command ended with status {done.returncode}: {command}")
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = {"output": done.stdout.strip()}
    result = {"command": command, "date": datetime.date.today().isoformat(), "machine": machine(), **found}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--record", nargs=2, metavar=("NAME", "COMMAND"))
    arguments = parser.parse_args()
    stale = []
    try:
        if arguments.record:
            record(*arguments.record)
        results = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(RESULTS.glob("*.json"))}
        for document in sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")}):
            old, new = fill(document, results)
            if old != new and arguments.check:
                stale.append(str(document.relative_to(ROOT)))
            elif old != new:
                document.write_text(new, encoding="utf-8")
    except ValueError as error:
        sys.exit(f"figures: {error}")
    if stale:
        sys.exit(f"figures: not those of docs/figures/: {', '.join(stale)}. Run scripts/figures")


if __name__ == "__main__":
    main()
