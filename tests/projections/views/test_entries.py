"""The entries view filters by the instant at which a fact happened, as the domain defines it."""

from datetime import timedelta

from projections.query.reader import AsOf, Reader
from projections.views.entries import VIEW, EntryFilter, page
from projections.views.registry import ALL
from tests.ledger.packs.test_history import played
from tests.projections.views.compliance.test_view import NOTICE, folded

INSTANT = timedelta(microseconds=1)


async def test_the_database_places_each_entry_where_the_domain_does(database: str) -> None:
    await folded(database, of=VIEW)
    stated = [entry for entry in played()[0].history if entry.fact.stated_day is not None]
    assert len(stated) > 40
    last = AsOf(len(played()[0].history))
    async with Reader(database, ALL) as reader, reader.at(NOTICE, as_of=last, views=["entries"]) as reading:
        for entry in stated[::4]:
            at = entry.occurred_at
            exact = EntryFilter(positions=(entry.position,), occurred_from=at, occurred_until=at + INSTANT)
            assert [row.position for row in await page(reading, filter=exact)] == [entry.position], entry.fact
