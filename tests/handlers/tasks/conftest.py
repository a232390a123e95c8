"""The story of Acme for work beside cases."""

from dataclasses import replace

import pytest

from handlers import alerts, digests
from handlers.tasks import calls, offers, opening, renewals
from tests.handlers.cases.conftest import Story
from tests.handlers.cases.conftest import story as acme

__all__ = ["acme"]
# What may find something in a test of tasks.
LOOKS = (opening.due, calls.due, offers.due, renewals.due, digests.due, alerts.due)


@pytest.fixture
def story(acme: Story) -> Story:
    return replace(acme, looks=LOOKS)
