"""Checks the pages that Sphinx wrote: check_site.py FOLDER.

Links within the site lead to files and anchors that are there; links to elsewhere have the form of one; and no page
loads anything of another host. Sphinx checks references; this checks what came out, raw HTML and style sheets too.
"""

import html.parser
import pathlib
import re
import sys
import urllib.parse

# Which attribute of which element is loaded with a page, without a click.
LOADED = {
    "audio": "src", "embed": "src", "iframe": "src", "img": "src", "input": "src", "link": "href", "object": "data",
    "script": "src", "source": "src", "track": "src", "video": "src",
}  # fmt: skip


class Page(html.parser.HTMLParser):
    """The anchors of a page, its links, and what it loads."""

    def __init__(self, file):
        super().__init__()
        self.anchors, self.links, self.loads = set(), [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if LOADED.get(tag) in given:
            self.loads.append(given[LOADED[tag]])
        self.loads += re.findall(r"url\(['\"]?([^'\")]+)", given.get("style", ""))
        self.loads += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]


def complaint_about(file, link, pages, loaded):
    """What is wrong with a link of a page, or None."""
    url = urllib.parse.urlsplit(link)
    if loaded and (url.netloc or url.scheme not in ("", "data")):
        return "is loaded from another host"
    if url.scheme not in ("", "data") or url.netloc:
        web = url.scheme in ("http", "https") and "." in url.netloc
        return None if web or (url.scheme == "mailto" and "@" in url.path) else "is no URL"
    if url.scheme == "data":
        return None
    target = file.parent / urllib.parse.unquote(url.path) if url.path else file
    target = target.resolve()
    if target.is_dir():
        return "is a folder"
    if not target.is_file():
        return "leads to no file"
    if url.fragment and target in pages and urllib.parse.unquote(url.fragment) not in pages[target].anchors:
        return "leads to no anchor"
    return None


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    pages = {file: Page(file) for file in sorted(root.rglob("*.html"))}
    found, count = [], 0
    for file, page in pages.items():
        for loaded, links in ((False, page.links), (True, page.loads)):
            for link in links:
                count += 1
                if why := complaint_about(file, link, pages, loaded):
                    found.append(f"{file.relative_to(root)}: {link} {why}")
    for sheet in root.rglob("*.css"):
        for link in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", sheet.read_text(encoding="utf-8")):
            if why := complaint_about(sheet, "".join(link), {}, True):
                found.append(f"{sheet.relative_to(root)}: {''.join(link)} {why}")
    print(*found, sep="\n", end="\n" if found else "")
    if not pages or count < len(pages):
        found.append("there are no pages")
    print(f"{len(pages)} pages, {count} links, {len(found)} of them dead or from elsewhere", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
