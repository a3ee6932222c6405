"""What Doxygen reads in place of a header: header_filter.py FILE. Lines keep their numbers.

The comment that a header opens with documents the file, and what a comment sets in stays as it is. Copying, moving and
what is protected is left out. What is declared, or thrown, together gets the one comment each, and so do overloads.
"""

import re
import sys

COPY_OR_MOVE = re.compile(r"^ *(?:(\w+)\((?:const )?\1 ?&&?|(\w+)& operator=\((?:const )?\2 ?&&?).*;$")
TOGETHER = re.compile(r"^( *[\w:<>]+) (\w+(?: = [^,;]+)?(?:, \w+(?: = [^,;]+)?)+); *///< ?(.*)$")
THROWS = re.compile(r"^( *///) @throws (\w+(?:, \w+)+) +(.*)$")
FUNCTION = re.compile(r"^ *(?!//).*?(\w+|operator\W+)\(.*[;{}]$")
SET_IN = re.compile(r"^ *///   +[^ -]")


def opening(lines):
    """Markdown: a paragraph that is set in, and is no list, is code."""
    code = first = True
    for line in lines:
        text = line[2:]
        if first:
            code = text.startswith("   ") and not text.lstrip().startswith("-")
        first = not text.strip()
        yield "///" + ("    " if code else "") + text


def set_in(lines):
    """Marks what is set in, but for what goes on after a list's item or a @throws."""
    code = False
    for line, following in zip(lines, [*lines[1:], ""]):
        here, there = (SET_IN.match(one) is not None for one in (line, following))
        if code and not there:
            code, line = False, line + " @endcode"
        elif there and not here and re.match(r"^ */// ?[^-@ ]", line):
            code, line = True, line + " @code{.unparsed}"
        yield line


def interface(lines):
    comment, last, said = [], "", ""  # the comment that is being read; the last function, and what was said of it
    for line in lines:
        if COPY_OR_MOVE.match(line):
            line = ""
        elif line.strip() == "protected:":
            line = " private:"
        elif match := TOGETHER.match(line):
            line = " ".join(f"{match[1]} {name};/**< {match[3]} */" for name in match[2].split(", "))
        elif match := THROWS.match(line):
            line = match[1] + "".join(f" @throws {name} {match[3]}" for name in match[2].split(", "))
        text = line.strip()
        if text.startswith("///"):
            comment.append(text[3:])
        elif match := FUNCTION.match(line):
            if comment or match[1] != last:
                said = " ".join(comment)
            elif said and "///<" not in line:
                line = f"/** {said} */ {line}"
            comment, last = [], match[1]
        elif not text.startswith("//"):
            comment, last = [], ""
        yield line


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.read().splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("//"))
    print("/// @file", *opening(lines[:end]), sep="\n")
    print(*interface(set_in(lines[end + 1 :])), sep="\n")  # without #pragma once


main()
