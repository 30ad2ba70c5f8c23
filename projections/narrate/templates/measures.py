"""How the facts of `ledger.domain.areas.measures` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.measures import (
    MeasureBaselineReset,
    MeasureDefined,
    MeasureReadingReported,
    MeasureReadingRestated,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    MeasureDefined: SentenceTemplate(
        "Measure {measure} was defined: {title} ({unit}, {direction})[, with the target {target}][ and "
        "the baseline {baseline}][, per {per}][, as a part of {part_of}]",
        (("measure {measure}", "target", "{target}"),),
    ),
    MeasureReadingReported: SentenceTemplate(
        "Measure {measure} stood at {numerator}[ of {denominator}] for {period.first} to {period.last}, "
        "by {system} as drawn on {extracted_at}",
        (("measure {measure} for {period.first} to {period.last}", "reading", "{numerator}[ of {denominator}]"),),
    ),
    MeasureReadingRestated: SentenceTemplate(
        "Measure {measure} was restated: it stood at {numerator}[ of {denominator}] for {period.first} to "
        "{period.last}, by {system} as drawn on {extracted_at}. Why: {reason}",
        (("measure {measure} for {period.first} to {period.last}", "reading", "{numerator}[ of {denominator}]"),),
    ),
    MeasureBaselineReset: SentenceTemplate(
        "The limits of measure {measure} are computed anew from {first}[, from the baseline {baseline}]: {reason}",
        (("measure {measure}", "limits since", "{first}"),),
        decision=True,
    ),
}
