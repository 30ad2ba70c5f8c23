"""Forms by which people record facts, made from the facts' own declarations.

`fields` says what is asked, `reading` makes what was typed into a fact's data and `filling` the reverse, `showing`
puts it on a page. Pure but for `choices`, which asks the schema. May import `ledger` and `projections`.
"""
