"""Tests of the eventsourcing library's interfaces."""
