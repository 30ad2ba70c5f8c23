"""Test the browser's files: they match the locked manifest, and an error names the missing ones."""

import json
import shutil
from pathlib import Path

import pytest

from api.http import assets
from api.http.assets import npm
from api.http.server import serve
from api.settings import Settings
from ledger.domain.errors import LedgerError


def test_each_package_of_the_browsers_files_is_installed_at_its_version() -> None:
    manifest = json.loads((assets.MANIFEST / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for name in assets.BROWSER_FILES:
        installed = json.loads((assets.package(name) / "package.json").read_bytes())
        assert (name, installed["version"]) == (name, manifest[name])


def test_a_server_without_a_browsers_file_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assets.check_installed()
    monkeypatch.setattr(assets, "PLACE", tmp_path)
    fix = r"govuk-frontend are not installed; run python -m api\.http\.assets"
    for start in (assets.check_installed, lambda: serve(Settings(data=tmp_path))):
        with pytest.raises(LedgerError, match=fix):
            start()


def test_an_installation_that_was_interrupted_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    for name in npm.FILES:
        shutil.copyfile(npm.MANIFEST / name, tmp_path / name)
    (tmp_path / "node_modules" / "lit").mkdir(parents=True)
    assert not npm.is_installed(tmp_path)
    assert npm.is_installed(assets.PLACE)
