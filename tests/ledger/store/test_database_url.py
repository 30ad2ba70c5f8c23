"""Test the check of a database's URL: what psycopg cannot use is named, and a password is never repeated."""

import pytest

from ledger.store.database_url import check_url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("secret", "it cannot be read"),
        ("mysql://u:secret@db/ledger", "it cannot be read"),
        ("postgresql://u:secret%of@db/ledger", "it cannot be read"),
        ("postgresql://u:p?secret/x@db/ledger", "it cannot be read"),
        ("postgresql://u:\udcffsecret@db/ledger", "it cannot be read"),
        ("postgresql://u:secret/x@db/ledger", "its port is not a number"),
        ("postgresql://u:secret@one:1,two:x/ledger", "its port is not a number"),
        ("postgresql://u:p@secret@db/ledger", "its host has an @"),
        ("postgresql://u:12/secret@db/ledger", "its database's name has an @"),
        ("postgresql://u:secret@db/ledger?connect_timeout=soon", "its connect_timeout is not a number"),
        ("host=db password=secret connect_timeout=soon", "its connect_timeout is not a number"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=rf"^{fault}.*; enter an address such as postgresql://") as caught:
        check_url(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40%2F%25@db/ledger",
        "postgres:///ledger?host=/tmp/a@b&port=5433&connect_timeout=5",
        "postgresql://u:p@one,two:5433,[::1]/ledger?target_session_attrs=read-write",
        "postgresql://u:p@%40abstract/a%40b",
        "host=/run/postgresql dbname=ledger",
    ],
)
def test_a_url_that_psycopg_can_use_is_accepted(url: str) -> None:
    check_url(url)
