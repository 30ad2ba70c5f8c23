"""The one way in: facts are judged, placed and stored, and each gets an outcome."""
