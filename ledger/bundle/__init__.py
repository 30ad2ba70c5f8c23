"""Write and verify the auditor's bundle: a ZIP file with a notice's ledger up to a position, and its proof.

`write` makes one from the database. `read` and `verify` need only the file, and share no code with `write`. Each
bundle contains `verify_bundle`, a verifier of one file that shares no code with anything. docs/auditing.md
describes the contents of a bundle.
"""
