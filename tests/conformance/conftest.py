"""Fixtures that the audits share with the service's own tests."""

from tests.api.conftest import service

__all__ = ["service"]
