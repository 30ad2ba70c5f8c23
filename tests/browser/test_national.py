"""A Department's official in a browser, over two councils whose ledgers the Department follows."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from ledger.append.clock import now
from ledger.append.writer import Writer
from ledger.follow import source, subscription
from ledger.follow.registry import Source
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.api import issuer as issuers
from tests.api.issuer import AUDIENCE
from tests.api.service import Notice, Service, run
from tests.browser.people import look
from tests.ledger.follow.pairs import PASSWORD, Pair, erase, pair, servers
from tests.ledger.history import ALICE, NOTICE, OPERATOR, SETTING_SIZE, begin, progress, submit

pytestmark = [pytest.mark.database, pytest.mark.long, pytest.mark.timeout(300)]
OFFICIAL = "ann"
COUNCILS = {"tameside": [NOTICE, "tameside-2023"], "stockport": ["stockport-2024"]}
"""Notices of each council."""
SIZE = re.compile(r"(\S+) has (\d+) entries, the latest recorded")
TEXT = "Mrs Moss came to nine meetings."
ERASED_AT = SETTING_SIZE + 3
"""Position of the first entry with this text; the official and their role are before it."""


class National:
    """The councils' databases, and the Department's service, which follows them."""

    def __init__(self, councils: dict[str, Pair], service: Service) -> None:
        self.councils, self.service = councils, service

    def sizes(self) -> dict[str, int]:
        """Return the number of entries of each notice, from the councils themselves."""
        sizes: dict[str, int] = {}
        for council in self.councils.values():
            with psycopg.connect(council.source) as connection:
                sizes |= dict(connection.execute("SELECT notice, size FROM ledger.heads").fetchall())
        return sizes

    async def shown(self) -> None:
        """Wait until the Department's views have every entry of the councils."""
        for council in self.councils.values():
            for notice in COUNCILS[council.described.name]:
                await council.arrived(notice)
        async with Reader(self.service.database, ALL) as reader:
            for notice, size in self.sizes().items():
                async with reader.at(notice, at_least=size, wait=60.0):
                    pass


async def populate(council: Pair, name: str) -> None:
    """Record a council's notices, each with another number of entries, and follow them."""
    council.described = Source(name, f"https://ledger.{name}.example", str(council.signer.public), left=False)
    facts = {
        "ActorRegistered": {"actor": OFFICIAL, "kind": "PERSON"},
        "RoleGranted": {"actor": OFFICIAL, "role": "DEPARTMENT_OFFICIAL"},
    }
    async with Writer(council.source) as writer:
        for visits, notice in enumerate(COUNCILS[name], 1):
            await begin(writer, notice)
            for fact, data in facts.items():
                await writer.append(notice, submit(fact, data, "operator"), OPERATOR)
            for _ in range(visits):
                await writer.append(notice, progress(text=TEXT), ALICE)
    await source.publish(council.source, council.follower, PASSWORD)
    await subscription.subscribe(council.copy, council.source_login, council.described, lambda _: None)


@pytest.fixture(scope="module")
def national() -> Iterator[National]:
    with servers() as running, pair(running) as first, pair(running) as second, issuers.running() as issuer:
        second.copy = first.copy
        councils = dict(zip(COUNCILS, (first, second), strict=True))
        for name, council in councils.items():
            run(populate(council, name))
        at = {"oidc_client_id": "pages", "oidc_client_secret": "hush"}
        with Service(
            first.copy, Notice("", {}), now, oidc_issuer=issuer.url, oidc_audience=AUDIENCE, **at
        ) as service:
            yield National(councils, service)
        run(subscription.unsubscribe(second.copy, "stockport"))


@pytest.fixture
def page(national: National, chromium: Browser) -> Iterator[Page]:
    """Yield the official's browser on the list of notices, signed in at the issuer."""
    run(national.shown())
    context = chromium.new_context(base_url=national.service.url, viewport={"width": 1_280, "height": 900})
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with your organisation").click()
    page.locator("input[name=sub]").fill(OFFICIAL)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Notices")
    yield page
    context.close()


def test_the_list_has_each_councils_notices_with_the_sizes_of_the_sources(
    national: National, page: Page, axe: str
) -> None:
    for width in (1_280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        look(page, axe)
    listed = {}
    for card in page.locator("section.card").all():
        [(notice, size)] = SIZE.findall(card.inner_text())
        listed[notice] = int(size)
        expect(card.get_by_role("link").first).to_have_attribute("href", f"/notices/{notice}")
        expect(card).to_contain_text("Your roles: department official.")
    assert listed == national.sizes()
    assert len(listed) == sum(map(len, COUNCILS.values()))


@pytest.mark.parametrize(("council", "notices"), COUNCILS.items())
def test_a_copy_says_where_to_record_before_a_form_is_filled_in(
    page: Page, axe: str, council: str, notices: list[str]
) -> None:
    for address in ("record", "record/ConcernRaised"):
        page.goto(f"/notices/{notices[0]}/{address}")
        expect(page.get_by_role("heading", level=1)).to_have_text("This is a read-only copy")
        expect(page.get_by_role("main")).to_contain_text(
            f"copy of {notices[0]}; record at https://ledger.{council}.example"
        )
        look(page, axe)


def test_an_erasure_at_the_council_takes_the_text_from_the_page(national: National, page: Page, axe: str) -> None:
    address, main = f"/notices/{NOTICE}/plan/O1", page.get_by_role("main")
    page.goto(address)
    expect(main).to_contain_text(TEXT)
    run(erase(national.councils["tameside"].source, ERASED_AT))
    run(national.shown())
    page.goto(address)
    expect(main).not_to_contain_text(TEXT)
    expect(main).to_contain_text("Erased under a recorded decision")
    look(page, axe)
