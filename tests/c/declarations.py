"""The declarations of trtyolo.h elsewhere: declarations.py [--write] [LIBRARY]

Compares those of the Rust crate, bindings/rust/src/sys.rs, with the header, and the functions that LIBRARY exports;
--write makes the former anew.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
HEADER = ROOT / "include" / "trtyolo.h"
RUST = ROOT / "bindings" / "rust" / "src" / "sys.rs"

OPENING = """\
//! include/trtyolo.h, item by item, made by tests/c/declarations.py --write. See the header for what they mean.
#![allow(non_camel_case_types, missing_docs)]

use std::ffi::{c_char, c_int, c_void};

/// The version of the interface that this file is of.
"""
TYPES = {
    **{"int": "c_int", "size_t": "usize", "float": "f32", "double": "f64", "void": "c_void", "char": "c_char"},
    **{f"uint{bits}_t": f"u{bits}" for bits in (8, 16, 32, 64)},
}


def rust_type(text):
    """A type of C, which is read from its end."""
    text = text.strip()
    pointer = re.fullmatch(r"(.*?)\s*\*\s*(?:const)?", text)
    if not pointer:
        return TYPES.get(text, text)
    to = pointer[1].strip()
    if to.endswith("* const"):
        return "*const " + rust_type(to[: -len(" const")])
    if to.startswith("const ") and "*" not in to:
        return "*const " + rust_type(to[len("const ") :])
    return "*mut " + rust_type(to)


def named(text):
    """The name and the type in "const char* file", "uint64_t reserved[4]"."""
    kind, name, count = re.fullmatch(r"(.*?)(\w+)(?:\[(\d+)\])?", " ".join(text.split())).groups()
    return name, f"[{rust_type(kind)}; {count}]" if count else rust_type(kind)


def parameters(text):
    if text.strip() == "void":
        return ""
    return ", ".join(": ".join(named(one)) for one in text.split(","))


def function(result, text):
    return f"({parameters(text)})" + ("" if result.strip() == "void" else f" -> {rust_type(result)}")


def rust_of(header):
    """What declares the same in Rust."""
    version = re.search(r"#define TRTYOLO_C_VERSION (\d+)", header)[1]
    header = re.sub(r"//[^\n]*", "", header)
    text = [OPENING, f"pub const TRTYOLO_C_VERSION: c_int = {version};\n"]
    for name, values in re.findall(r"typedef enum (\w+) \{(.*?)\} \1;", header, re.DOTALL):
        text.append(f"\npub type {name} = c_int;\n")
        text += (f"pub const {one}: {name} = {value};\n" for one, value in re.findall(r"(\w+) = (\d+)", values))
    for name in re.findall(r"typedef struct (\w+) \1;", header):
        text.append(f"\n#[repr(C)]\npub struct {name} {{\n    _opaque: [u8; 0],\n}}\n")
    for name, given in re.findall(r"typedef void \(\*(\w+)\)\((.*?)\);", header, re.DOTALL):
        text.append(f'\npub type {name} = Option<unsafe extern "C" fn{function("void", given)}>;\n')
    for name, members in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", header, re.DOTALL):
        fields = (f"    pub {': '.join(named(one))},\n" for one in members.split(";") if one.strip())
        text.append(f"\n#[repr(C)]\n#[derive(Clone, Copy, Debug)]\npub struct {name} {{\n{''.join(fields)}}}\n")
    text.append('\nextern "C" {\n')
    for result, name, given in functions(header):
        text.append(f"    pub fn {name}{function(result, given)};\n")
    return "".join([*text, "}\n"])


def functions(header):
    return re.findall(r"TRTYOLO_API ([^;()]*?)(\w+)\(([^;]*?)\);", header, re.DOTALL)


def tokens(text):
    """Without what a formatter changes."""
    return re.findall(r"\w+|\S", re.sub(r",(\s*[)\]}>])", r"\1", text))


def main(arguments):
    header = HEADER.read_text(encoding="utf-8")
    if "--write" in arguments:
        RUST.write_text(rust_of(header), encoding="utf-8")
        subprocess.run(["rustfmt", str(RUST)], check=True)
    expected, found = tokens(rust_of(header)), tokens(RUST.read_text(encoding="utf-8"))
    if expected != found:
        at = next(
            (i for i, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]), min(len(expected), len(found))
        )
        print(f"{RUST} is not what {HEADER} declares; run {pathlib.Path(__file__).name} --write")
        print(f"expected: ... {' '.join(expected[max(at - 10, 0) : at + 10])} ...")
        print(f"found:    ... {' '.join(found[max(at - 10, 0) : at + 10])} ...")
        return 1
    declared = {name for _, name, _ in functions(re.sub(r"//[^\n]*", "", header))}
    for library in (one for one in arguments if one != "--write"):
        listed = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True)
        exported = set(re.findall(r" T (trtyolo_\w+)", listed.stdout))
        if exported != declared:
            print(f"{library} lacks {sorted(declared - exported)}, and has {sorted(exported - declared)} beside them")
            return 1
    print(f"{len(declared)} functions")
    return 0


sys.exit(main(sys.argv[1:]))
