"""Forms for recording facts, generated from the facts' own declarations.

`fields` describes the inputs and `controls` lays them out on a page. `parse` turns inputs into a fact's data, and
`prefill` does the reverse. Only `choices` queries the schema. Imports `ledger` and `projections`, and nothing of
`api.pages`.
"""
