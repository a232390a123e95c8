"""The sections of the settings: each key with its default, and what it may hold."""

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from handlers.settings import WORKING_WEEK, Weekday


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where the process listens, and how the world reaches it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8400, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8400"
    secret_key: str | None = Field(default=None, repr=False)


class DatabaseSection(Section):
    """The address of the database: sqlite:/// or postgresql://."""

    url: str = Field(default="sqlite:///npsbot.db", repr=False)


class Slack(Section):
    """The Slack app; without a bot token Slack is off."""

    mode: Literal["http", "socket"] = "http"
    bot_token: str | None = Field(default=None, repr=False)
    app_token: str | None = Field(default=None, repr=False)
    signing_secret: str | None = Field(default=None, repr=False)
    api_base_url: str = "https://slack.com/api/"
    prompts_per_second: float = Field(default=1.0, gt=0)


class Teams(Section):
    """The Microsoft Teams bot; without an app id Teams is off."""

    app_id: str | None = None
    app_password: str | None = Field(default=None, repr=False)
    tenant_id: str | None = None
    openid_metadata_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    token_url: str = "https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token"
    prompts_per_second: float = Field(default=1.0, gt=0)

    @field_validator("app_id", "app_password", "tenant_id")
    @classmethod
    def _stripped(cls, value: str | None) -> str | None:
        # An empty app id would switch off every check of who is speaking: it counts as none.
        return (value or "").strip() or None


class Mail(Section):
    """The mail relay; without a host mail is off."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    from_address: str = "survey@localhost"
    per_second: float = Field(default=10.0, gt=0)
    inbox: str | None = None
    imap_host: str | None = None
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_tls: bool = True
    imap_username: str | None = None
    imap_password: str | None = Field(default=None, repr=False)


class ProgrammeSection(Section):
    """The rules of asking."""

    company: str = "Example Ltd"
    language: Literal["en", "da", "nl"] = "en"
    timezone: str = "Europe/Copenhagen"
    country: str = "DK"
    currency: str = "EUR"
    open: bool = False
    window_months: int = Field(default=12, ge=1, le=60)
    rest_days: int = Field(default=75, ge=0)
    rest_days_relationship: int = Field(default=150, ge=0)
    approvals: Literal[1, 2] = 1
    first_batch: int = Field(default=20, ge=0)
    first_batch_pause_minutes: int = Field(default=30, ge=0)
    sending_hours: str = "09:00-16:00"
    working_hours: str = "08:00-17:00"
    working_days: tuple[Weekday, ...] = WORKING_WEEK
    answer_change_days: int = Field(default=5, ge=0)
    formality: dict[Literal["nl"], Literal["u", "je"]] = {}

    @field_validator("sending_hours", "working_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        hours(value)
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(
                f"{value!r} is no time zone; write one such as Europe/Copenhagen"
            ) from None
        return value


class Alerts(Section):
    """When and where alerts go."""

    fallback_place: str | None = None
    settle_seconds: int = Field(default=90, ge=0)


class Deadlines(Section):
    """How soon a case is taken and contacted, in working hours and days."""

    critic_take_hours: int = Field(default=4, ge=1)
    critic_contact_days: int = Field(default=2, ge=1)
    passive_days: int = Field(default=5, ge=1)
    promoter_days: int = Field(default=7, ge=1)


class Calls(Section):
    """How long nobody may have spoken to an account of a tier, and how many calls a week."""

    days: dict[Literal["A", "B", "C"], int] = {"A": 30, "B": 60, "C": 120}
    a_week: int = Field(default=5, ge=0, le=50)

    @field_validator("days")
    @classmethod
    def _every_tier(cls, value: dict[str, int]) -> dict[str, int]:
        if any(days < 1 for days in value.values()):
            raise ValueError("a tier needs 1 day or more")
        return {"A": 30, "B": 60, "C": 120, **value}


class PrivacySection(Section):
    """Who answers for the data; without all three no wave starts."""

    controller: str | None = None
    contact: str | None = None
    keep_months: int | None = Field(default=None, ge=1)


class People(Section):
    """Whose figures of speed and score may be shown."""

    measure_members: Literal["never", "self", "lead"] = "never"


class Console(Section):
    """The local console for demo and development; loopback only."""

    enabled: bool = False
    smtp_port: int | None = Field(default=None, ge=0, le=65535)


def hours(text: str) -> tuple[time, time]:
    """Gives `09:00-16:00` as two times; raises ValueError unless the first is earlier."""
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError(f"{text!r} is no span of hours; write it as 09:00-16:00") from None
    if first >= last:
        raise ValueError(f"{text!r}: the first hour must be earlier than the last")
    return first, last
