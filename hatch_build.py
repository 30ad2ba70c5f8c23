"""Add two things to the wheel when it is built: the browser's files, and the bill of materials.

`tools/bill_of_materials.py` writes the bill. `api/http/assets/browser_files.json` lists the browser's files, which
come from the npm packages of the committed lock.
"""

import importlib.util
import json
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = "api/http/assets"


def _module(path: Path) -> ModuleType:
    """Return a module of the checkout, loaded by its path, because a build has not installed the packages."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None and specification.loader is not None  # noqa: S101, PT018 - true of a file
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class WheelHook(BuildHookInterface[Any]):
    """Build hook that completes the wheel; it does nothing for an editable installation."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install the npm packages into a temporary folder, and include their files and the bill."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        self._place = tempfile.TemporaryDirectory(prefix="improvement-ledger-")
        place = Path(self._place.name)
        if not _module(root / ASSETS / "npm.py").install(place):
            raise RuntimeError("the wheel was not built, because it would lack the browser's files")
        packages = json.loads((root / ASSETS / "browser_files.json").read_text("utf-8"))
        for name, files in packages.items():
            for file in files:
                source = place / "node_modules" / name / file
                build_data["force_include"][str(source)] = f"{ASSETS}/installed/{name}/{file}"
        bill = place / "improvement-ledger.cdx.json"
        text = _module(root / "tools" / "bill_of_materials.py").bill(root, self.metadata.version)
        bill.write_text(text, "utf-8")
        build_data["sbom_files"].append(str(bill))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder with the npm packages and the bill."""
        del version, build_data, artifact_path
        if hasattr(self, "_place"):
            self._place.cleanup()
