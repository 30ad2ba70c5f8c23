"""Types of fields that rows of several views have."""

from typing import Annotated

from msgspec import Meta

from projections.engine.meaning import ID

NamedEvidence = Annotated[list[str], ID, Meta(description="Ids of the evidence named with it.")]
RecordedPosition = Annotated[int, Meta(description="Position of the entry that recorded it.")]
BoardName = Annotated[str | None, ID, Meta(description="Id of the board; null: the improvement board.")]
