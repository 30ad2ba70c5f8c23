"""The one way to record facts. Each fact is judged; an admitted fact gets a position and is stored in a batch."""
