"""The one way to record facts. Each fact is judged, given a position and stored in a batch."""
