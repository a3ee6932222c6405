"""A bill of materials of a release, as CycloneDX: python sbom.py VERSION COMPONENTS.json OUT.json

Components that are compiled in or carried along come from the list, with versions as they were built with ("@NAME" by
pkg-config or the compiler, "=NAME" by the requirement files); requirements from pyproject.toml; files from dist/.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = pathlib.Path(__file__).parents[2]


def asked(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def version_of(text):
    kind, name = text[0], text[1:]
    if kind == "=":
        for file in sorted((ROOT / "scripts").glob("requirements*.txt")):
            found = re.search(rf"^{re.escape(name)}==([^; \n]+)", file.read_text(), re.MULTILINE)
            if found:
                return found[1]
        sys.exit(f"sbom: no requirement file pins {name}")
    if name == "g++":
        return asked("g++", "-dumpfullversion")
    if name == "ffmpeg":
        (source,) = (ROOT / ".deps" / "ffmpeg").glob("ffmpeg_*.orig.tar.xz")
        return source.name.split("_")[1].removesuffix(".orig.tar.xz")
    names = {"hwy": "libhwy"}
    return asked("pkg-config", "--modversion", names.get(name, name))


def component(name, version, licence, **more):
    made = Component(name=name, version=version, type=ComponentType.LIBRARY, bom_ref=name, **more)
    made.licenses = [LicenseFactory().make_from_string(licence)]
    return made


def main(version, listed, out):
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"trtyolo-{version}-{time.isoformat()}"))
    bom.metadata.timestamp = time
    bom.metadata.component = component("trtyolo", version, "Apache-2.0")
    parts = []
    for entry in json.loads(pathlib.Path(listed).read_text())["compiled in"]:
        site = ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(entry["site"]))
        part = component(entry["name"], version_of(entry["version"]), entry["licence"], external_references=[site])
        part.properties = [Property(name="trtyolo:in", value=entry["in"])]
        parts.append(part)
    for text in re.findall(r"^dependencies = \[(.*)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0].split(
        ","
    ):
        name, _, exact = text.strip(' "').partition("==")
        url = PackageURL("pypi", None, name, exact or None)
        parts.append(Component(name=name, version=exact or None, purl=url, bom_ref=name, scope=ComponentScope.REQUIRED))
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(bom.metadata.component, parts)
    for file in sorted((ROOT / "dist").iterdir()):
        if file.suffix in (".whl", ".deb", ".gz"):
            digest = HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(file.read_bytes()).hexdigest())
            bom.components.add(
                Component(name=file.name, version=version, type=ComponentType.FILE, bom_ref=file.name, hashes=[digest])
            )
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"sbom: {wrong}")
    pathlib.Path(out).write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
