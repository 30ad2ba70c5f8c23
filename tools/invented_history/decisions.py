"""Decisions of the board by meeting number: title, outcome, rationale and the things concerned."""

DECISIONS: dict[int, tuple[tuple[str, str, str, list[str]], ...]] = {
    1: (
        (
            "Adopt the plan of July",
            "The plan of July is the board's plan until the cabinet's comes.",
            "Waiting for the cabinet would cost two months.",
            ["O1", "O2"],
        ),
    ),
    2: (
        (
            "Move two posts into the duty team",
            "Two posts move from assessment to duty by October.",
            "Children wait there longest, and the figures of July show it.",
            ["O1", "A1"],
        ),
    ),
    3: (
        (
            "Ask for outside eyes on audits",
            "A neighbouring council checks a third of all audits from January.",
            "Our own grades are kinder than the inspectors'.",
            ["O9", "RC1"],
        ),
    ),
    4: (
        (
            "Ask the partners for named leads",
            "Police and health each name a lead for strategy meetings by the end of November.",
            "Meetings without them cannot decide; the first review says the same.",
            ["O3"],
        ),
    ),
    5: (
        (
            "Read the plan against the self-assessment each quarter",
            "Every third meeting begins with the self-assessment.",
            "The plan drifted from it once already.",
            ["O2"],
        ),
    ),
    6: (
        (
            "Keep the two posts in the duty team",
            "The posts stay until June 2023.",
            "Visits come in time since they moved; December's fall is the holidays'.",
            ["O1", "D2"],
        ),
    ),
    7: (
        (
            "Pay for a second trainer",
            "A second trainer teaches what a good visit is.",
            "One trainer fell ill, and the action is late.",
            ["O1", "A3"],
        ),
    ),
    8: (
        (
            "Ask health for a deputy",
            "Health names a deputy for its lead by the end of March.",
            "One person cannot come to every meeting.",
            ["O3"],
        ),
    ),
    9: (
        (
            "Offer permanent posts to agency staff",
            "Every agency worker of six months is offered a post.",
            "It is cheaper after four months, and children keep their worker.",
            ["O5", "A10"],
        ),
    ),
    11: (
        (
            "Let early help have one owner",
            "The director owns early help; its date moves to September.",
            "Four organisations shared it, and nobody answered for it.",
            ["O7", "RC3"],
        ),
    ),
    12: (
        (
            "Report plainly that the date is missed",
            "The report to ministers says that four actions miss 30 June.",
            "The notice asks for delivery by then; a justified later date is approved for three.",
            ["O5", "O7"],
        ),
    ),
    13: (
        (
            "Make a second offer to second-year staff",
            "Workers in their second year get a retention payment.",
            "Most who leave do so then.",
            ["O5"],
        ),
        (
            "Open the hubs without the front door",
            "The two hubs open in September as they are.",
            "Families gain more from two open doors than from one planned one.",
            ["O7", "A16"],
        ),
    ),
    14: (
        (
            "Answer children in writing",
            "A page of answers goes to every child in care each quarter.",
            "They asked what came of their views, and we had nothing to show.",
            ["O10", "RC4"],
        ),
    ),
    15: (
        (
            "Tell ministers of the caseloads",
            "The chair writes to the Department about caseloads.",
            "They rose again in summer, and the plan has no answer yet.",
            ["O5"],
        ),
    ),
    16: (
        (
            "Ask the chief executives to decide on one front door",
            "They decide by the end of January, or the board asks ministers to.",
            "It has been a plan for a year, and was not told to the board as slow.",
            ["O7"],
        ),
    ),
    17: (
        (
            "Prepare for what the inspection may bring",
            "Officers list the work that has to go on after the notice.",
            "The inspectors' letter speaks of children who still wait.",
            ["O1", "O5"],
        ),
    ),
}
