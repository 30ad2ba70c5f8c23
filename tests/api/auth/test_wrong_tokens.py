"""Test the limit for wrong tokens: by address, in bounded memory, and without harm to right tokens."""

import httpx
import pytest

from api.auth.wrong_tokens import AT_ONCE, WrongTokens
from ledger.domain.errors import Busy
from tests.api.service import Service

HASH, OTHER = b"1" * 32, b"2" * 32


class Clock:
    """Monotonic seconds that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wrong_tokens(clock: Clock) -> WrongTokens:
    return WrongTokens(clock)


def sent(wrong_tokens: WrongTokens, address: str, count: int) -> int:
    """Send wrong tokens until the address is refused; return their number."""
    for number in range(count):
        try:
            wrong_tokens.check(address, HASH)
        except Busy:
            return number
        wrong_tokens.add_wrong(address)
    return count


def test_an_address_may_send_some_at_once_and_then_one_a_second(wrong_tokens: WrongTokens, clock: Clock) -> None:
    assert sent(wrong_tokens, "192.0.2.1", 1_000) == AT_ONCE
    assert sent(wrong_tokens, "192.0.2.2", 5) == 5
    clock.now += 1
    assert sent(wrong_tokens, "192.0.2.1", 1_000) == 1
    clock.now += 2 * AT_ONCE
    assert sent(wrong_tokens, "192.0.2.1", 1_000) == AT_ONCE


def test_a_token_that_was_right_once_is_examined_all_the_same(wrong_tokens: WrongTokens) -> None:
    wrong_tokens.add_right(OTHER)
    sent(wrong_tokens, "192.0.2.1", 1_000)
    wrong_tokens.check("192.0.2.1", OTHER)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "192.0.2.1", False),
    ],
)
def test_one_subscriber_of_ipv6_has_one_account(
    wrong_tokens: WrongTokens, one: str, other: str, *, is_same: bool
) -> None:
    sent(wrong_tokens, one, 1_000)
    assert sent(wrong_tokens, other, 3) == (0 if is_same else 3)


def test_memory_is_bounded(wrong_tokens: WrongTokens) -> None:
    for number in range(10_500):
        wrong_tokens.add_wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        wrong_tokens.add_right(number.to_bytes(32))
    assert (len(wrong_tokens._free_at), len(wrong_tokens._recognised)) == (10_000, 10_000)


@pytest.mark.database
@pytest.mark.parametrize("form", ["ledger_" + "A" * 37, "eyJhbGciOiJSUzI1NiJ9.e30.", "x"])
def test_wrong_tokens_at_full_speed_are_answered_429(service: Service, form: str) -> None:
    def get(client: httpx.Client, token: str, address: str = f"192.0.2.{len(form)}") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
        return client.get(service.entries, headers=headers)

    right = service.notice.tokens["officer"]
    with service.client() as client:
        assert get(client, right).status_code == 200
        answers = [get(client, f"{form}{number:06}") for number in range(2 * AT_ONCE)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:AT_ONCE] == [401] * AT_ONCE
        assert statuses.count(429) >= AT_ONCE // 2
        refused = answers[statuses.index(429)]
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("BUSY", "1")
        assert get(client, right).status_code == 200
        assert get(client, f"{form}000000", "198.51.100.1").status_code == 401
