"""Settings of Sphinx for scripts/docs, and the pages of the reference, one for each header and each Python module."""

import ast
import importlib.util
import inspect
import pathlib
import re
import sys
import types
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
    *("index.md", "*.md", "cpp/*", "python_api/*", "docs/*.md", "docs/guide/*.md"),
    *("bench/*.md", "data/README.md", "examples/*.md", "examples/*/*.md", "tests/*/*.md"),
]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["style.css"]
html_title = f"trtyolo {version}"
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
default_role = "code"

autoclass_content = "both"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"

# Of the standard libraries and of others' packages: there is no inventory of them here.
nitpick_ignore_regex = [("cpp:.*", "(std|cv)(::.*)?|trtyolo"), ("py:.*", r"(?!tensorrt_yolo\.).*")]
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
    items = {}
    for item in xml:
        kind, where = item.get("kind"), item.find("location")
        if where.get("file") != name or kind == "file":
            continue
        if kind in ("class", "struct"):
            directive = f".. doxygen{kind}:: {item.findtext('compoundname')}\n   :members:"
        else:
            arguments = item.findtext("argsstring") if kind == "function" else ""
            directive = f".. doxygen{kind}:: {item.findtext('qualifiedname')}{arguments}"
        items[int(where.get("line"))] = directive
    label = f".. _{header.get('id')}:\n\n"
    text = f".. doxygenfile:: {header.findtext('compoundname')}\n   :sections: briefdescription detaileddescription"
    return label + titled(name, ".. highlight:: cpp", text, *(items[line] for line in sorted(items)))


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


def write_pages(app):
    source = pathlib.Path(app.srcdir)
    cpp, python = source / "cpp", source / "python_api"
    cpp.mkdir()
    python.mkdir()
    xml = []
    for file in XML.glob("*.xml"):
        for compound in ElementTree.parse(file).iter("compounddef"):
            name = compound.findtext("compoundname")
            if name == "trtyolo":
                xml += compound.iter("memberdef")
            elif compound.get("kind") == "file" or re.fullmatch(r"trtyolo::\w+", name):
                xml.append(compound)
    for header in xml:
        if header.get("kind") == "file":
            page = cpp / header.findtext("compoundname").replace(".hpp", ".rst")
            page.write_text(header_page(header, xml), encoding="utf-8")

    package = load_package(source)
    for node in ast.parse(PUBLIC.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names = [name.name for name in node.names]
            page = python / f"{node.module.rpartition('.')[2]}.rst"
            page.write_text(module_page(package, node.module, names), encoding="utf-8")


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
    app.connect("autodoc-process-docstring", plain_text)
    app.connect("autodoc-skip-member", complain)
