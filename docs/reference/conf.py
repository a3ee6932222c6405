"""Settings of Sphinx for scripts/docs, and the pages of the reference: one for each header, Python module and program.

Environment: TRTYOLO_APP, the program trtyolo.
"""

import ast
import contextlib
import importlib.util
import inspect
import io
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import types
from unittest import mock
from xml.etree import ElementTree

from sphinx.util import logging

ROOT = pathlib.Path(__file__).parents[2]
XML = ROOT / "out" / "docs" / "xml"
PUBLIC = ROOT / "python" / "tensorrt_yolo" / "infer.py"
STUBS = ROOT / "python" / "tensorrt_yolo" / "_core.pyi"

project = "trtyolo"
version = re.search(r"project\(trtyolo VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
extensions = ["breathe", "myst_parser", "sphinx.ext.autodoc"]
root_doc = "index"
include_patterns = [
    *("index.md", "*.md", "cli/*", "cpp/*", "python_api/*", "docs/*.md", "docs/guide/*.md"),
    *("bench/*.md", "bindings/*/*.md", "data/README.md", "examples/*.md", "examples/*/*.md", "tests/*/*.md"),
]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_js_files = ["search.js"]
html_title = f"trtyolo {version}"
html_favicon = str(ROOT / "python" / "tensorrt_yolo" / "serving" / "page" / "icon.svg")
html_copy_source = False
html_show_copyright = False
pygments_style = "friendly"
highlight_language = "none"

# Markdown: headings are linked to as on GitHub.
myst_heading_anchors = 3

breathe_projects = {"trtyolo": str(XML)}
breathe_default_project = "trtyolo"
breathe_default_members = ("members",)
breathe_show_include = False
breathe_domain_by_extension = {"h": "c"}
default_role = "code"

autoclass_content = "both"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"

# Of the standard libraries and of others' packages: there is no inventory of them here.
nitpick_ignore_regex = [("cpp:.*", "(std|cv)(::.*)?|trtyolo"), ("py:.*", r"(?!tensorrt_yolo\.).*")]
nitpick_ignore_regex += [("c:identifier", r"u?int\d+_t|size_t")]
# What is no public name: what stands behind an interface, and type variables.
nitpick_ignore_regex += [("cpp:.*", "Impl|PoolRequest"), ("py:.*", r"tensorrt_yolo\.(_core\..*|\w+\.[A-Z])")]


def load_package(folder):
    """tensorrt_yolo from its sources, with the stubs in place of the extension module: nothing has to be compiled."""
    file = folder / "_core.py"
    text = STUBS.read_text(encoding="utf-8")
    file.write_text(text.replace("\nfrom ", "\nfrom __future__ import annotations\n\nfrom ", 1), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("tensorrt_yolo._core", file)
    core = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(core)
    core.version = lambda: f"trtyolo {version}"
    core.backends = dict
    openvino = types.ModuleType("tensorrt_yolo._openvino")
    openvino.open_library = lambda: None
    sys.modules |= {module.__name__: module for module in (core, openvino)}
    sys.path.insert(0, str(STUBS.parents[1]))
    package = importlib.import_module("tensorrt_yolo")
    package._core, package._openvino = core, openvino
    return package


def titled(title, *directives):
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *directives]) + "\n"


def header_page(header, xml):
    """What a header says of itself, and its items in the order in which they stand there."""
    name = header.find("location").get("file")
    in_c = name.endswith(".h")
    # What is in no namespace, as all that is C, stands in the header's own record.
    found = [*xml, *header.iter("memberdef")]
    types = {
        one.findtext("name") or one.findtext("compoundname") for one in found if one.get("kind") in ("enum", "struct")
    }
    items = {}
    for item in found:
        kind, where = item.get("kind"), item.find("location")
        if where.get("file") != name or kind == "file":
            continue
        if kind in ("class", "struct"):
            directive = f".. doxygen{kind}:: {item.findtext('compoundname')}\n   :members:"
        elif kind == "typedef" and item.findtext("name") in types:
            continue  # "typedef enum a {} a"
        else:
            arguments = item.findtext("argsstring") if kind == "function" and not in_c else ""
            directive = f".. doxygen{kind}:: {item.findtext('qualifiedname') or item.findtext('name')}{arguments}"
        items[int(where.get("line"))] = directive
    label = f".. _{header.get('id')}:\n\n"
    text = f".. doxygenfile:: {header.findtext('compoundname')}\n   :sections: briefdescription detaileddescription"
    highlight = f".. highlight:: {'c' if in_c else 'cpp'}"
    return label + titled(name, highlight, text, *(items[line] for line in sorted(items)))


def module_page(package, module, names):
    """The public items of a module, under the names by which they are imported."""
    about = inspect.getdoc(sys.modules[module]).split("\n")
    plain_text(None, "module", module, None, None, about)
    directives = ["\n".join(about), ".. currentmodule:: tensorrt_yolo"]
    for name in names:
        item = getattr(package, name)
        kind = "class" if inspect.isclass(item) else "function" if callable(item) else "data"
        where = f"{module}.{name}\n   :no-value:" if kind == "data" else name
        directives.append(f".. auto{kind}:: {where}")
    return titled(module, *directives)


def wrapped(line):
    """A line of help at 100 columns, if it is about an option: what goes on stands below where its text begins."""
    begin = re.match(r" +(?:\S.*?  +)?(?=\S)", line)
    if not begin or len(line) <= 100:
        return line
    return textwrap.fill(line, 100, subsequent_indent=" " * len(begin[0]), break_long_words=False)


def help_page(title, about, commands, ask):
    """What a program and each of its commands print when they are asked for help: ask(*arguments)."""
    parts = [f"What ``{title}`` and each of its commands say when they are asked by ``--help``.\n{about}"]
    for command in ("", *commands):
        if command:
            parts.append(f"{command}\n{'-' * len(command)}")
        text = "\n".join(map(wrapped, ask(*command.split(), "--help").rstrip().split("\n")))
        parts.append(".. code-block:: text\n\n" + textwrap.indent(text, "   "))
    return titled(title, *parts)


def write_programs(folder):
    """The pages of the programs, from the programs."""

    def ask(*arguments):
        command = [os.environ["TRTYOLO_APP"], *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout

    def ask_python(*arguments):
        program = importlib.import_module("tensorrt_yolo.program")
        with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.suppress(SystemExit):
            with mock.patch.object(sys, "argv", ["__main__.py"]), mock.patch.dict(os.environ, COLUMNS="100"):
                program.main(arguments)
        return text.getvalue()

    # `trtyolo quantize` starts that of the Python package.
    listed = re.search(r"\nSubcommands:\n((?:  .*\n)+)", ask("--help"))[1]
    names = [name for name in re.findall(r"^  ([a-z]\S*)", listed, re.MULTILINE) if name != "quantize"]
    text = help_page("trtyolo", "Its ``quantize`` is that of the :doc:`Python package <python>`.", names, ask)
    folder.joinpath("trtyolo.rst").write_text(text, encoding="utf-8")
    names = re.findall(r"^    ([a-z]\S*)", ask_python("--help"), re.MULTILINE)
    text = help_page("python -m tensorrt_yolo", "The program ``tensorrt_yolo`` is the same.", names, ask_python)
    folder.joinpath("python.rst").write_text(text, encoding="utf-8")


def write_pages(app):
    source = pathlib.Path(app.srcdir)
    cli, cpp, python = folders = source / "cli", source / "cpp", source / "python_api"
    for folder in folders:
        folder.mkdir()
    xml = []
    for file in XML.glob("*.xml"):
        for compound in ElementTree.parse(file).iter("compounddef"):
            name = compound.findtext("compoundname")
            if name == "trtyolo":
                xml += compound.iter("memberdef")
            elif compound.get("kind") == "file" or re.fullmatch(r"trtyolo(::|_)\w+", name):
                xml.append(compound)
    for header in xml:
        if header.get("kind") == "file":
            page = cpp / (header.findtext("compoundname").replace(".hpp", "").replace(".h", "_c") + ".rst")
            page.write_text(header_page(header, xml), encoding="utf-8")

    package = load_package(source)
    for node in ast.parse(PUBLIC.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names]
            page = python / f"{node.module.rpartition('.')[2]}.rst"
            page.write_text(module_page(package, node.module, names), encoding="utf-8")
    write_programs(cli)


def show_reasons(app, page, source):
    """Says under a block that no test runs it, where its page says so (tests/python/documents.py)."""
    block = r"((?P<fence>```+).*?\n(?P=fence)\n|(?:    .*\n|\n(?=    ))+)"
    pattern = re.compile(rf"<!-- not run: (.*?) -->\n\n?{block}", re.DOTALL)
    words = r"测试不运行：\1。" if page.endswith("zh-CN") else r"Not run by the tests: \1."
    source[0] = pattern.sub(rf"\2\n*{words}*\n", source[0])


def link_folders(app, page, source):
    """A link to a folder is one to its README, as on GitHub, or none."""

    def link(match):
        readme = match[2] + "README.md"
        return f"[{match[1]}]({readme})" if (app.env.doc2path(page).parent / readme).exists() else match[1]

    source[0] = re.sub(r"\[([^]]+)\]\(([\w./-]+/)\)", link, source[0])


def plain_text(app, what, name, item, options, lines):
    """Docstrings are plain text: code is set in, and arguments stand in lists, "name: text" or "name   text"."""
    try:
        arguments = inspect.signature(item).parameters
    except (TypeError, ValueError):
        arguments = {}
    written = []
    for paragraph in "\n".join(lines).split("\n\n"):
        own = paragraph.split("\n")
        if all(line.startswith("    ") for line in own):
            written += [".. code-block:: python", "", *own, ""]
            continue
        # What would be markup, outside of `code`.
        parts = re.split("(`[^`]*`)", paragraph)
        parts[::2] = (re.sub(r"([\\*_|])", r"\\\1", part) for part in parts[::2])
        parts[1::2] = (f"`{part}`" for part in parts[1::2])
        for line in "".join(parts).split("\n"):
            begin = re.match(r"([\w\\]+)(?:: |  +)(\S.*)", line)
            if begin and begin[1].replace("\\", "") in arguments:
                written.append(f":param {begin[1]}: {begin[2]}")
            elif written and written[-1].startswith((":param", "    ")):
                written.append("    " + line.strip())
            else:
                written.append(line)
        written.append("")
    lines[:] = written


def complain(app, what, name, item, skipped, options):
    if skipped and not name.startswith("_"):
        logging.getLogger(__name__).warning("undocumented: %s", getattr(item, "__qualname__", name))


def setup(app):
    app.connect("builder-inited", write_pages)
    app.connect("source-read", link_folders)
    app.connect("source-read", show_reasons)
    app.connect("autodoc-process-docstring", plain_text)
    app.connect("autodoc-skip-member", complain)
