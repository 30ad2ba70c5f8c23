"""An adviser's draft: private, kept as typed, issued once, then deleted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
from msgspec import structs

from api.report.draft import issue, new_draft, next_period, statements_of
from api.report.reader import issued, read
from api.schema_client import Operator
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.mutable.drafts import MOST, AreaDraft, Draft, Drafts, RequirementDraft
from projections.query.reader import Reader
from projections.views.registry import ALL
from schema.context import Context
from tests.api.service import NOTICE, Service, event, record

pytestmark = pytest.mark.database
ADVISER = Credential("adviser")
CLAUSE = {
    "number": "5b",
    "obligor": "COUNCIL",
    "modality": "MUST",
    "rule": "board-and-chair",
    "parameters": {},
    "text": "Keep a board",
}


class Desk:
    """An adviser's services."""

    def __init__(self, service: Service, writer: Writer, reader: Reader) -> None:
        self.drafts = Drafts(service.database)
        self.writer = writer
        self.context = Context(reader, writer.append, Operator(ADVISER), wait=30)

    async def begin(self) -> Draft:
        """Return a new draft, saved."""
        draft = await new_draft(self.context, NOTICE, date(2022, 7, 5), date(2022, 9, 30))
        await self.drafts.add(NOTICE, "adviser", draft)
        return draft

    async def write(self, draft: Draft) -> Draft:
        """Return the draft with all its statements, saved."""
        areas = tuple(structs.replace(each, judgement="CONCERN", text="Too late.") for each in draft.areas)
        changed = structs.replace(
            draft,
            areas=areas,
            requirements=(RequirementDraft(number="5b", text="It meets."),),
            other="Nothing else.",
        )
        assert await self.drafts.save(NOTICE, "adviser", changed)
        return changed

    async def issue(self, draft: Draft, by: Credential = ADVISER) -> Receipt:
        return await issue(self.writer, self.drafts, NOTICE, by, draft.draft)

    async def seen(self, receipt: Receipt) -> None:
        async with self.context.reader.at(NOTICE, at_least=receipt.position, wait=30):
            pass


@pytest.fixture(scope="module", autouse=True)
def clause(service: Service) -> None:
    asyncio.run(record(service.database, NOTICE, [event("notice.ClauseRegistered", CLAUSE, "operator")]))


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    async with Writer(service.database) as writer, Reader(service.database, ALL) as reader:
        async with reader.at(NOTICE, at_least=service.position(), wait=30):
            pass
        yield Desk(service, writer, reader)


async def test_it_begins_with_every_open_area_and_every_clause(desk: Desk) -> None:
    draft = await desk.begin()
    assert [area.area for area in draft.areas] == ["1a"]
    assert [requirement.number for requirement in draft.requirements] == ["5b"]
    (stored,) = [each for each in await desk.drafts.of(NOTICE, "adviser") if each.draft == draft.draft]
    assert structs.replace(stored, saved_at=None) == draft
    assert stored.saved_at is not None


async def test_it_is_its_advisers_alone(desk: Desk) -> None:
    draft = await desk.begin()
    assert await desk.drafts.of(NOTICE, "chair") == []
    assert await desk.drafts.get(NOTICE, "chair", draft.draft) is None
    assert not await desk.drafts.save(NOTICE, "chair", draft)
    assert not await desk.drafts.delete(NOTICE, "chair", draft.draft)
    with pytest.raises(Refused, match="you have no such draft"):
        await desk.issue(draft, Credential("chair"))
    assert await desk.drafts.delete(NOTICE, "adviser", draft.draft)
    assert not await desk.drafts.save(NOTICE, "adviser", draft)


async def test_what_is_missing_is_told_at_once_and_nothing_is_lost(desk: Desk) -> None:
    draft = await desk.begin()
    wrong = structs.replace(
        draft,
        areas=(*draft.areas, AreaDraft(area="1a", judgement="CONCERN"), AreaDraft(area="9z", text="?")),
        position=draft.position,
        report="no id",
    )
    assert await desk.drafts.save(NOTICE, "adviser", wrong)
    with pytest.raises(Refused) as caught:
        await desk.issue(wrong)
    assert {refusal.path for refusal in caught.value.refusals} == {
        "data.report", "data.perArea[0].judgement", "data.perArea[0].text", "data.perArea[1].text",
        "data.perArea[2].judgement",
    }  # fmt: skip
    stored = await desk.drafts.get(NOTICE, "adviser", draft.draft)
    assert stored is not None
    assert structs.replace(stored, saved_at=None) == wrong


async def test_the_rules_are_asked_though_a_text_is_missing(desk: Desk) -> None:
    draft = await desk.begin()
    wrong = structs.replace(
        draft,
        areas=(AreaDraft(area="1a", judgement="CONCERN"),),
        requirements=(RequirementDraft(number="99", text="Unknown."),),
        position=99_999,
    )
    assert await desk.drafts.save(NOTICE, "adviser", wrong)
    with pytest.raises(Refused) as caught:
        await desk.issue(wrong)
    messages = {refusal.path: refusal.message for refusal in caught.value.refusals}
    assert messages.keys() == {"data.perArea[0].text", "data.requirements[0].number", "data.position"}
    assert messages["data.requirements[0].number"] == "no clause 99 in this notice"


async def test_it_is_issued_once_and_goes(desk: Desk, service: Service) -> None:
    draft = await desk.write(await desk.begin())
    preview = await read(desk.context, NOTICE, statements_of(draft))
    before = service.position()
    first, second = await asyncio.gather(desk.issue(draft), desk.issue(draft))
    assert first.position == second.position == before + 1
    assert {first.duplicate, second.duplicate} == {False, True}
    assert await desk.drafts.get(NOTICE, "adviser", draft.draft) is None
    third = await desk.issue(draft)
    assert third == structs.replace(first, duplicate=True)
    assert service.position() == before + 1
    await desk.seen(first)
    report = await read(desk.context, NOTICE, await issued(desk.context, NOTICE, draft.report))
    assert (report.report, report.adviser, report.position) == (draft.report, "adviser", draft.position)
    assert report.issued_position == first.position
    frame = {"report": None, "adviser": None, "issued_at": None, "issued_position": None}
    assert structs.replace(report, **frame) == preview
    assert [(area.area, area.judgement, area.text) for area in report.areas] == [("1a", "CONCERN", "Too late.")]
    assert await next_period(desk.context, NOTICE) == (date(2022, 10, 1), date(2022, 12, 31))
    assert (await desk.begin()).report == "AR2"


async def test_there_is_an_end_to_drafts(desk: Desk) -> None:
    draft = await new_draft(desk.context, NOTICE, date(2022, 7, 5), date(2022, 9, 30))
    for number in range(MOST):
        await desk.drafts.add(NOTICE, "many", structs.replace(draft, draft=f"many-{number}"))
    with pytest.raises(Refused, match="issue or delete one first"):
        await desk.drafts.add(NOTICE, "many", draft)


async def test_an_area_open_at_the_end_of_the_period_is_spoken_of_though_it_ended_since(
    desk: Desk, service: Service
) -> None:
    closed = {"area": "1a", "closedOn": "2022-12-15", "reason": "Better."}
    await record(service.database, NOTICE, [event("notice.AreaClosed", closed, "operator")])
    async with desk.context.reader.at(NOTICE, at_least=service.position(), wait=30):
        pass
    ended = {}
    for first, last in ((7, 9), (10, 12)):
        draft = await new_draft(desk.context, NOTICE, date(2022, first, 1), date(2022, last, 28))
        ended[last] = [area.ended for area in draft.areas]
    assert ended == {9: [False], 12: [True]}
