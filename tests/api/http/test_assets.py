"""Test the browser's files: they match the locked manifest, and an error names the missing ones."""

import json
from pathlib import Path

import pytest

from api.http import assets
from ledger.domain.errors import LedgerError


def test_each_package_of_the_manifest_is_installed_at_its_version() -> None:
    wanted = json.loads((assets.MANIFEST / "package.json").read_text(encoding="utf-8"))["dependencies"]
    found = {name: json.loads((assets.package(name) / "package.json").read_bytes())["version"] for name in wanted}
    assert found == wanted


def test_what_is_not_installed_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "PLACE", tmp_path)
    with pytest.raises(LedgerError, match=r"govuk-frontend are not installed; run python -m api\.http\.assets"):
        assets.package("govuk-frontend")
