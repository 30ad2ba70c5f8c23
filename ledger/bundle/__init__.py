"""Write and verify the auditor's bundle: a ZIP file with a notice's ledger up to a position, and its proof.

`write` makes a bundle from the database. `read` and `verify` need only the file. `read` shares no code with
`write`. `verify_bundle` is the verifier inside each bundle. It is one file and imports nothing of the project.
docs/auditing.md describes the contents of a bundle.
"""
