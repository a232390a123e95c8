"""The rules of the programme that handlers obey; bot/config.py fills them."""

from dataclasses import dataclass
from datetime import time
from typing import Literal

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True)
class Privacy:
    """Who answers for the data; without all three no wave starts."""

    controller: str | None = None
    contact: str | None = None
    keep_months: int | None = None

    @property
    def complete(self) -> bool:
        """Whether a wave may start."""
        return bool(self.controller and self.contact and self.keep_months)


@dataclass(frozen=True)
class Programme:
    """All rules, with the defaults of the shipped configuration."""

    company: str = "Example Ltd"
    language: str = "en"
    timezone: str = "Europe/Copenhagen"
    country: str = "DK"
    currency: str = "EUR"
    open: bool = False
    window_months: int = 12
    rest_days: int = 75
    rest_days_relationship: int = 150
    approvals: int = 1
    first_batch: int = 20
    first_batch_pause_minutes: int = 30
    first_batch_over: int = 200
    sending_hours: tuple[time, time] = (time(9), time(16))
    working_hours: tuple[time, time] = (time(8), time(17))
    working_days: tuple[Weekday, ...] = WORKING_WEEK
    answer_change_days: int = 5
    fallback_place: str | None = None
    settle_seconds: int = 90
    critic_take_hours: int = 4
    critic_contact_days: int = 2
    passive_days: int = 5
    promoter_days: int = 7
    # By tier: an account nobody spoke to for so many days is to be called.
    calls_days: tuple[tuple[str, int], ...] = (("A", 30), ("B", 60), ("C", 120))
    calls_a_week: int = 5
    measure_members: Literal["never", "self", "lead"] = "never"
    formality: tuple[tuple[str, str], ...] = ()
    privacy: Privacy = Privacy()
    pace: tuple[tuple[str, float], ...] = (("mail", 10.0), ("slack", 1.0), ("console", 50.0))

    def per_second(self, channel: str) -> float:
        """Messages a second that a channel may get from a wave, over all processes."""
        return dict(self.pace).get(channel, 1.0)
