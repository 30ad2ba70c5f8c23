"""The log as others verify it: Go's packages for transparency logs, and the Python package proofbundle.

Neither shares anything with this project. What they are given is what the log answers over HTTP, and nothing else.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from proofbundle import verify_consistency, verify_inclusion
from proofbundle.checkpoint import verify_checkpoint
from proofbundle.tlogproof import verify_tlog_proof

from ledger.proof import keys
from ledger.proof.checkpoint import VerifierKey
from tests.api.service import NDJSON, NOTICE, Service, progress

pytestmark = pytest.mark.database
PROGRAM = Path(__file__).parent / "tlog" / "verify.go"
GO_PACKAGES = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev is."""
LOG = f"/ledgers/{NOTICE}"
SIZE = 700
PROVED = (1, 2, 256, 257, 513, 700)
EARLIER = (1, 7, 256, 512, 513, 699, 700)
TILES = ("0/000", "0/001", "0/002.p/188", "1/000.p/2", "entries/000", "entries/001", "entries/002.p/188")


@pytest.fixture(scope="module")
def fetched(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the log's answers, named by their addresses, and the verifier keys."""
    folder = tmp_path_factory.mktemp("log")
    with service.client("officer") as client:
        lines = [json.dumps(progress()) for _ in range(SIZE - service.position())]
        client.post(service.entries, content="\n".join(lines), headers={"Content-Type": NDJSON})
        keep(folder / "checkpoint", client.get(f"{LOG}/checkpoint"))
        for position in PROVED:
            keep(folder / "proof" / str(position), client.get(f"{LOG}/proof/{position}"))
        keep(folder / "proof" / "300", client.get(f"{LOG}/proof/300", params={"size": 400}))
        for size in EARLIER:
            keep(folder / "consistency" / str(size), client.get(f"{LOG}/consistency", params={"from": size}))
        for tile in TILES:
            keep(folder / "tile" / tile, client.get(f"{LOG}/tile/{tile}"))
    key = keys.read(service.data / keys.KEY_FILE).public
    of_log = VerifierKey(f"localhost/ledgers/{NOTICE}", key.public_key)
    (folder / "keys").write_text(f"{key}\n{of_log}\n", encoding="utf-8")
    return folder


def keep(path: Path, answer: httpx.Response) -> None:
    """Write a good answer to a file."""
    assert answer.status_code == 200, answer.text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer.content)


def entries(fetched: Path) -> list[bytes]:
    """Return the entries of the bundles."""
    bodies = []
    for tile in TILES[4:]:
        bundle = (fetched / "tile" / tile).read_bytes()
        while bundle:
            end = 2 + int.from_bytes(bundle[:2], "big")
            bodies.append(bundle[2:end])
            bundle = bundle[end:]
    return bodies


@pytest.mark.parametrize("line", [0, 1], ids=["the key's name", "the log's name"])
def test_proofbundle_verifies_checkpoint_and_proofs(fetched: Path, line: int) -> None:
    key = (fetched / "keys").read_text().splitlines()[line]
    note = (fetched / "checkpoint").read_text()
    checked = verify_checkpoint(note, key)
    assert (checked["ok"], checked["tree_size"]) == (True, SIZE)
    bodies = entries(fetched)
    for position in (*PROVED, 300):
        text = (fetched / "proof" / str(position)).read_text()
        result = verify_tlog_proof(text, bodies[position - 1], key, expected_origin=checked["origin"])
        assert (result["ok"], result["index"]) == (True, position - 1)
        assert not verify_tlog_proof(text, bodies[position - 1] + b" ", key)["ok"]


def test_proofbundle_verifies_consistency(fetched: Path) -> None:
    for size in EARLIER:
        answer = json.loads((fetched / "consistency" / str(size)).read_text())
        path = [base64.b64decode(each) for each in answer["consistency"]]
        roots = [base64.b64decode(answer[name]) for name in ("fromRoot", "toRoot")]
        assert verify_consistency(size, SIZE, path, *roots)
        assert not verify_consistency(size, SIZE, path, roots[1], bytes(32))
    assert not verify_inclusion(entries(fetched)[0], 0, SIZE, [], bytes(32))


def test_the_program_of_the_page_on_proofs_does_what_it_says(fetched: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "proofs.md").read_text(encoding="utf-8")
    [program] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "entry").write_bytes(entries(fetched)[256])
    (tmp_path / "other").write_bytes(entries(fetched)[255])
    key = (fetched / "keys").read_text().splitlines()[0]
    for entry, line in (("entry", f"entry 257 of {SIZE}\n"), ("other", "The proof is wrong.\n")):
        words = [str(fetched / "proof" / "257"), str(tmp_path / entry), key, f"localhost/ledgers/{NOTICE}"]
        ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
        assert (ran.stdout, ran.returncode) == (line, int(entry == "other")), ran.stderr


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the compiled Go program."""
    go = shutil.which("go")
    if go is None or not (GO_PACKAGES / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("Go's verifier is not on this machine: apt-get install golang-go golang-golang-x-mod-dev")
    place = tmp_path_factory.mktemp("go")
    environment = {
        "GO111MODULE": "off",
        "GOPATH": str(GO_PACKAGES),
        "GOCACHE": str(place / "cache"),
        "GOFLAGS": "",
    }
    command = [go, "build", "-o", str(place / "verify"), str(PROGRAM)]
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=280, cwd=place)
    return place / "verify"


def verified(program: Path, folder: Path, key: int = 0) -> str:
    """Return the program's output for a folder."""
    text = (folder / "keys").read_text().splitlines()[key]
    return subprocess.run([program, text, folder], capture_output=True, text=True, check=False).stdout


@pytest.mark.long
def test_go_verifies_checkpoint_tiles_entries_proofs_and_consistency(program: Path, fetched: Path) -> None:
    line = f"{SIZE} entries, {len(PROVED) + 1} proofs, {len(EARLIER)} consistencies\n"
    assert [verified(program, fetched, key) for key in (0, 1)] == [line, line]


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["checkpoint", "tile/0/000", "tile/1/000.p/2", "tile/entries/002.p/188", "proof/257", "consistency/513"],
)
def test_go_refuses_what_was_changed(program: Path, fetched: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(fetched, tmp_path / "log")
    data = bytearray((copy / name).read_bytes())
    at = data.index(b"consistency") + 20 if name.startswith("consistency") else len(data) // 3
    data[at] = ord("A") if data[at] != ord("A") else ord("B")
    (copy / name).write_bytes(data)
    assert verified(program, copy) == ""
