"""The auditor's bundle: a ZIP file that holds a notice's ledger up to a position, and all that proves it.

`writing` makes one from the database; `container` and `checking` read one with nothing but the file, and share no
code with `writing`; `verify_bundle` is the verifier of one file that goes into each, and shares none with any.
What is in a bundle is written down in docs/auditing.md.
"""
