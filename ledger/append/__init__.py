"""The one way to record facts: judged, placed and stored in batches, with an outcome for each fact."""
