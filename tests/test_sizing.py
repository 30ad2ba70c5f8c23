"""The page on hardware: its sums are right, and its figures promise no more than bench.json."""

import json
import re
from pathlib import Path

import pytest

from api.auth import identity
from ledger.evidence import service
from ledger.proof import checkpoint_signer
from projections.query import reader

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "sizing.md").read_text("utf-8")
BENCH = json.loads((ROOT / "bench.json").read_text("utf-8"))
TEN_YEARS = (3_500, 140_000, 700_000)
"""Entries in ten years of a council, a region and a Department."""
BUSY = 2.0
"""Factor between a run on a busy machine and one on a quiet machine."""


def test_the_connections_of_a_process_are_those_of_its_pools() -> None:
    page = " ".join((ROOT / "docs" / "operating.md").read_text("utf-8").split())
    [(most, pooled, single)] = re.findall(
        r"at most (\d+) when it is busy: (\d+) in its pools, and (\d+) for one", page
    )
    [(each, more, workers, hosts, total)] = re.findall(
        r"is (\d+) for each worker of each host, and (\d+) more "
        r".*: (\d+) workers on each of (\d+) hosts need (\d+)\.",
        page,
    )
    [on_standby] = re.findall(r"A standby of `LEDGER_READ_URL` needs (\d+) for each worker", page)
    pools = 2 * identity.CONNECTIONS + service.CONNECTIONS + checkpoint_signer.CONNECTIONS + reader.CONNECTIONS
    assert int(pooled) == pools
    assert int(most) == int(each) == pools + int(single)
    assert int(total) == int(each) * int(workers) * int(hosts) + int(more)
    assert int(on_standby) == reader.CONNECTIONS + 1


def figure(pattern: str) -> float:
    """Return the number that the page has at the place of the pattern's group."""
    (number,) = re.findall(pattern, PAGE)
    return float(number.replace(",", ""))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"narratives included \| ([\d,]+) ", "national.record_bytes_per_entry"),
        (r"\| views \| ([\d,]+) ", "national.views_bytes_per_entry"),
        (r"\| a backup \| ([\d,]+) ", "national.backup_bytes_per_entry"),
        (r"cluster takes ([\d,]+) bytes", "national.citus_record_bytes_per_entry"),
        (r"and ([\d,]+) for views, as each", "national.citus_views_bytes_per_entry"),
        (r"single entries a second of 64 clients \| ([\d.]+) \|", "national.citus_append_vs_plain"),
        (r"rebuild all views \| ([\d.]+) \|", "national.citus_rebuild_vs_plain"),
        (r"a page of 20 notices \| ([\d.]+) \|", "national.citus_page_vs_plain"),
    ],
)
def test_a_size_or_ratio_is_the_measured_one(pattern: str, name: str) -> None:
    assert figure(pattern) == pytest.approx(BENCH[name], rel=0.2)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"rebuild all views \| (\d+) s", "national.rebuild_s"),
        (r"back up the record \| (\d+) s", "national.backup_s"),
        (r"all their statuses \| (\d+) ms", "national.page_ms"),
        (r"in the copy after (\d+) ms", "scale.follow_lag_median_ms"),
        (r"99 of 100 after (\d+) ms", "scale.follow_lag_p99_ms"),
    ],
)
def test_a_time_is_no_promise_beyond_what_was_measured(pattern: str, name: str) -> None:
    assert figure(pattern) * BUSY > BENCH[name]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"records ([\d,]+) single entries", "national.append_per_s"),
        (r"A standby gives ([\d.]+) of", "scale.standby_vs_primary"),
    ],
)
def test_a_rate_is_no_promise_beyond_what_was_measured(pattern: str, name: str) -> None:
    assert figure(pattern) < BENCH[name] * BUSY


@pytest.mark.parametrize("row", ["the record, narratives included", "views", "a backup"])
def test_ten_years_are_the_bytes_of_their_entries(row: str) -> None:
    (cells,) = re.findall(
        rf"^\| {row} \| ([\d,]+) \| ([\d.]+) MB \| ([\d.]+) MB \| ([\d.]+) MB \|$", PAGE, re.MULTILINE
    )
    each, *sizes = (float(cell.replace(",", "")) for cell in cells)
    for entries, megabytes in zip(TEN_YEARS, sizes, strict=True):
        assert megabytes == pytest.approx(entries * each / 1e6, rel=0.05)


def test_a_year_is_that_of_the_benchmark() -> None:
    years = re.findall(r"^\| a [^|]+\| (\d+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    rows = [[int(cell.replace(",", "")) for cell in row] for row in years]
    assert rows == [[n, n * 350, n * 3_500, n * 70] for n in (1, 40, 200)]
    assert rows[-1][1] == BENCH["national.entries"]


def test_a_cluster_is_compared_with_one_server() -> None:
    parts = ("record", "views")
    sizes = [sum(BENCH[f"national.{side}{part}_bytes_per_entry"] for part in parts) for side in ("citus_", "")]
    assert figure(r"record and views together \| ([\d.]+) \|") == pytest.approx(sizes[0] / sizes[1], rel=0.2)
    assert figure(r"700,000 . ([\d,]+) =") == pytest.approx(sizes[0], rel=0.2)
    assert figure(r"700,000 . [\d,]+ = ([\d.]+) GB") == pytest.approx(TEN_YEARS[-1] * sizes[0] / 1e9, rel=0.2)
