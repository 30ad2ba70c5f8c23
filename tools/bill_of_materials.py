"""Make the CycloneDX 1.6 bill of materials of the wheel, from its version and the two committed locks.

The components are the Python packages of `requirements.txt` and the npm packages of the browser's files. The text
depends on the version and the locks alone, so a build can be reproduced. A Python package that only the build
needs has the scope `excluded`. Imports the standard library only.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)[^#]*((?:\n    #.*)+)", re.MULTILINE)
_DEPENDENT = re.compile(r"#(?: via)? +(\S+(?: \S+)?)$", re.MULTILINE)
_NPM_LOCK = "api/http/assets/package-lock.json"
_NODE_MODULES = "node_modules/"
NAME = "improvement-ledger"


def bill(root: Path, version: str) -> str:
    """Return the bill of materials of the checkout at `root`, as JSON."""
    components = [*_python(root / "requirements.txt"), *_npm(root / _NPM_LOCK)]
    main = _component("application", NAME, version, f"pkg:pypi/{NAME}@{version}")
    content = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": sorted(components, key=lambda component: str(component["purl"])),
    }
    return json.dumps(content, indent=1) + "\n"


def _component(kind: str, name: str, version: str, purl: str) -> dict[str, Any]:
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _python(lock: Path) -> Iterator[dict[str, Any]]:
    """Yield the packages of a Python lock. The lock names the dependents of each package."""
    packages = _LOCKED.findall(lock.read_text("utf-8"))
    dependents = {name: set(_DEPENDENT.findall(comment)) for name, _, comment in packages}
    needed = {f"{NAME} (pyproject.toml)"}
    while more := {name for name, by in dependents.items() if by & needed} - needed:
        needed |= more
    for name, version, _ in packages:
        scope = {} if name in needed else {"scope": "excluded"}
        yield _component("library", name, version, f"pkg:pypi/{name}@{version}") | scope


def _npm(lock: Path) -> Iterator[dict[str, Any]]:
    """Yield the packages of an npm lock, except those for development, each with the digest of its archive."""
    for place, package in json.loads(lock.read_text("utf-8"))["packages"].items():
        if not place or package.get("dev"):
            continue
        name, version = place.rpartition(_NODE_MODULES)[2], package["version"]
        component = _component("library", name, version, f"pkg:npm/{name.replace('@', '%40')}@{version}")
        algorithm, _, digest = package["integrity"].partition("-")
        hashes = [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": b64decode(digest).hex()}]
        yield {
            **component,
            "hashes": hashes,
            "licenses": [{"license": {"name": package.get("license", "unknown")}}],
        }
