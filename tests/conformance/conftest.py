"""What the audits of the service share with its own tests."""

from tests.api.conftest import service

__all__ = ["service"]
