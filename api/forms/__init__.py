"""Forms for recording facts, generated from the facts' own declarations.

`fields` describes the inputs and `controls` lays them out on a page. `parse` turns inputs into an event, and
`prefill` does the reverse. `choices` selects options from the schema, and `submission` records the fact. Imports
nothing of `api.pages`.
"""
