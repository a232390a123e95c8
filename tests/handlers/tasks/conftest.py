"""The story of Acme for work beside cases."""

from tests.handlers.cases.conftest import story

__all__ = ["story"]
