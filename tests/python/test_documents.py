"""The code in the documents is code: C++ compiles, Python's names exist, and every option of a command does.

test_guides.py and test_tutorial.py run what can be run. Environment: TRTYOLO_APP, the program (default: that of the
release build).
"""

import ast
import builtins
import contextlib
import importlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from documents import APP, PAGES, ROOT, blocks, inline_commands

from tensorrt_yolo.program import main

ALL = [block for page in PAGES for block in blocks(page)]

# Blocks that say that they cannot be run; see each one's reason. More of them would be a pity.
MOST_NOT_RUN = 20

# Programs of others: of these lines nothing but the shell's grammar is checked.
OTHERS = set(
    "apt-get cc cd cmake ctest curl docker export git grpcurl kill ln mkdir ncu pip podman python3 ray".split()
)
OTHERS |= set("serve source ssh sudo trtexec wait yolo".split())
# Of examples/, the tutorial and GoogleTest, whose programs have no options of ours.
OTHERS |= set("build/bin/gpu_test c clones/build/clones detect encoded multi_thread pool video".split())


def of(language):
    found = [block for block in ALL if block.language == language]
    return pytest.mark.parametrize("block", found, ids=map(str, found))


def test_every_block_has_a_language():
    # Go and Rust are those of the examples of bindings/, which have tests of their own.
    known = {"c", "cmake", "cpp", "go", "json", "python", "rust", "sh", "text", "yaml", "{toctree}"}
    assert [f"{block}: {block.language}" for block in ALL if block.language not in known] == []


def test_what_is_not_run_is_little_and_says_why():
    marked = [block for block in ALL if block.not_run]
    shown = "".join(f"\n  {block}: {block.not_run}" for block in marked)
    assert len(marked) <= MOST_NOT_RUN, f"{len(marked)} blocks are not run:{shown}"
    assert all(len(block.not_run) > 5 for block in marked), shown


# C and C++


def unit(pages, language):
    """One source file of all their blocks: those of a page in one function, each in a scope within that of the last."""
    includes, text = [], []
    for page in pages:
        depth = 0
        for i, block in enumerate(blocks(page, language)):
            lines = (block.given + "\n" + block.text).split("\n")
            includes += [line for line in lines if line.startswith("#include")]
            line = [f'#line {block.line - block.given.count(chr(10))} "{page}"']  # of what is given
            body = line + ["" if one.startswith("#include") else one for one in lines]
            name = re.sub(r"\W", "_", f"{page}_{i}")
            if re.search(r"\bint main\(", block.text):
                function = "\n".join(body).replace("int main(", f"int main_{name}(")
                text += ["}" * depth, function if language == "c" else f"namespace {name} {{\n{function}\n}}"]
                depth = 0
            else:
                text += ["{" if depth else f"void run_{name}(void) {{", *body]
                depth += 1
        text.append("}" * depth)
    return "\n".join([*dict.fromkeys(includes), *text])


@pytest.mark.parametrize(("language", "compiler", "standard"), [("c", "cc", "c11"), ("cpp", "c++", "c++17")])
def test_compiles(language, compiler, standard, tmp_path):
    pages = [page for page in PAGES if blocks(page, language)]
    if not pages and language == "c":
        pytest.skip("no page has C")
    if not (shutil.which(compiler) and shutil.which("pkg-config")):
        pytest.skip("there is no compiler, or no pkg-config, here")
    flags = subprocess.run(["pkg-config", "--cflags", "opencv4"], capture_output=True, text=True, check=True).stdout
    source = tmp_path / f"documents.{language}"
    source.write_text(unit(pages, language), encoding="utf-8")
    include = [f"-I{ROOT / 'include'}", *flags.replace("-I", "-isystem ").split()]
    command = [compiler, f"-std={standard}", "-fsyntax-only", *include, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@of("cmake")
def test_cmake(block, tmp_path):
    file = tmp_path / "block.cmake"
    file.write_text(f"if(FALSE)\n{block.text}endif()\n", encoding="utf-8")
    done = subprocess.run(["cmake", "-P", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = "".join((ROOT / "cmake" / name).read_text() for name in ("trtyoloConfig.cmake.in", "TrtyoloInstall.cmake"))
    for target in re.findall(r"trtyolo::(\w+)", block.text):
        assert target in ours


# Python


def attributes_of_ours(tree):
    """(module, name) of what is imported from our package, and of what is asked of it by `ty.NAME`."""
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {one.asname or one.name: one.name for one in node.names if one.name.startswith("tensorrt_yolo")}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("tensorrt_yolo"):
            yield from ((node.module, one.name) for one in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            yield aliases[node.value.id], node.attr


def names(tree):
    """The names that are bound anywhere in a tree, and those that are used."""
    bound, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(one.asname or one.name).split(".")[0] for one in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound, used


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python(page):
    known = set(dir(builtins)) | {"tensorrt_yolo"}
    for block in blocks(page, "python"):
        tree = ast.parse(block.given + "\n" + block.text, filename=str(block))
        compile(tree, str(block), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        bound, used = names(tree)
        known |= bound
        assert used <= known, f"{block}: unknown names {sorted(used - known)}"
        for module, name in attributes_of_ours(tree):
            if module.startswith("tensorrt_yolo.ray") and not importlib.util.find_spec("ray"):
                continue  # which has an environment of its own; test_ray.py runs these
            assert hasattr(importlib.import_module(module), name), f"{block}: there is no {module}.{name}"


# Shells


@pytest.fixture(scope="module")
def options():
    """options(program, command): the options that a program's --help names."""
    known = {}

    def ask(*command):
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def help_of(program, command):
        if program == "tensorrt_yolo" or command == "quantize":  # which trtyolo has from there
            with contextlib.redirect_stdout(io.StringIO()) as text, pytest.raises(SystemExit) as end:
                main([command, "--help"] if command else ["--help"])
            assert end.value.code == 0, f"python -m tensorrt_yolo has no command {command}"
            return text.getvalue()
        if program.endswith(".py"):
            return ask(sys.executable, program, "--help")
        if program in ("trtyolo", "trtyolo-bench"):
            return ask(str(ROOT / os.path.dirname(APP) / program), *([command] if command else []), "--help")
        return ask(program, "--help")

    def options(program, command=""):
        if (program, command) not in known:
            text = help_of(program, command)
            if command:
                listed = help_of(program, "")
                assert re.search(rf"(?m)^ +{re.escape(command)}(\s|$)", listed), f"{program} has no command {command}"
            known[program, command] = {"--help", *re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text)}
        return known[program, command]

    return options


def commands(text):
    """The commands of a script, each as its words."""
    words = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    words.commenters = ""
    command = []
    for word in words:
        if set(word) <= set(";&|()"):
            yield command
            command = []
        else:
            command.append(word)
    yield command


def without_comments(text):
    return "".join(re.sub(r"(^|\s)#\s.*", "", line) + "\n" for line in text.split("\n"))


def program_of(words):
    """A command's program, the command of it, and the other words; of a program of others, None."""
    while words and re.match(r"\w+=|\$$|if$|while$|for$|do$|done$", words[0]):
        words = words[1:]
    if not words or words[0] in OTHERS:
        return None
    name, rest = words[0], words[1:]
    if name == "python" and rest[:2] == ["-m", "tensorrt_yolo"]:
        name, rest = "tensorrt_yolo", rest[2:]
    elif name == "python" and rest and rest[0].endswith(".py"):
        name, rest = rest[0], rest[1:]
    elif name == "python" and (rest[:2] == ["-m", "json.tool"] or rest[:1] == ["-c"]):
        return None
    if (short := name.split("/")[-1]) in ("trtyolo", "trtyolo-bench"):
        name = short
    command = rest.pop(0) if name in ("trtyolo", "tensorrt_yolo") and rest and not rest[0].startswith("-") else ""
    return name, command, rest


def check_command(block, options, words):
    found = program_of(words)
    if found is None:
        return
    name, command, rest = found
    if name in ("trtyolo", "trtyolo-bench") and not os.path.exists(APP):
        return
    assert name in ("trtyolo", "trtyolo-bench", "tensorrt_yolo") or (ROOT / name).is_file(), f"{block}: what is {name}?"
    if "--" in rest:
        rest = rest[: rest.index("--")]
    # A folder's path or a number is no option.
    used = {word.split("=")[0] for word in rest if re.match(r"--?[a-zA-Z]", word)}
    if not used and not command:
        return
    unknown = used - options(name, command)
    assert not unknown, f"{block}: {name} {command} has no {' '.join(sorted(unknown))}"


def test_the_program_is_there():
    if not os.path.exists(APP):
        pytest.skip(f"{APP} was not built: the options of its commands are not checked")


@of("sh")
def test_sh(block, options):
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    assert done.returncode == 0, f"{block}: {done.stderr}"
    for words in commands(without_comments(block.text)):
        check_command(block, options, words)


@pytest.mark.parametrize("page", [page for page in PAGES if any(inline_commands(page))])
def test_commands_in_the_text(page, options):
    for block in inline_commands(page):
        for words in commands(block.text):
            check_command(block, options, words)


# Data


@of("json")
def test_json(block):
    json.loads(block.text)


@of("yaml")
def test_yaml(block):
    assert yaml.safe_load(block.text)
