"""Check that every command block of every document runs in a test, or is listed here with its reason."""

from tests.journeys import documents, test_extending, test_following, test_operating, test_readme

NOT_RUN = {
    "README.md: improvement-ledger 1": "make demo and make test run in .ci/run; a test cannot start its own run",
    "docs/citus.md: Distribute the ledger 1": "it needs a cluster; tests/citus runs the command on one",
    "docs/extending.md: Extend the ledger with the eventsourcing library 1": "it names the embedded database",
    "docs/following.md: At the council 2": "a line for pg_hba.conf",
    "docs/high-availability.md: etcd 1": "settings; tests/journeys/patroni.py starts one etcd with the like",
    "docs/high-availability.md: The service 1": "settings; tests/journeys/test_high_availability.py has them",
    "docs/high-availability.md: A Department that follows 1": "tests/journeys/test_followed_failover.py runs it",
    "docs/operating.md: Standbys and failover 1": "settings; tests/projections/query/test_standbys.py has them",
    "docs/proofs.md: With Go 1": "it installs system packages; tests/conformance/test_tlog.py runs the program",
}
"""Block → the reason why no test runs it as written."""


def test_every_command_block_runs_or_has_a_reason_not_to() -> None:
    written = [name for page in documents.pages() for name, _ in documents.blocks(page)]
    tests = (test_readme, test_operating, test_following, test_extending)
    accounted = [*(name for test in tests for name in test.BLOCKS), *NOT_RUN]
    assert sorted(written) == sorted(accounted)
