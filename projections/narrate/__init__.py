"""The history in sentences: who recorded what, on which evidence, and what it changed. Pure but for the loader."""
