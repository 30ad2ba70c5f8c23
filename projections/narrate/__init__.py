"""Narration of a notice's history in sentences. Pure except for the loader."""
