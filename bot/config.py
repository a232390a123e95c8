"""The settings: from one TOML file and the environment, with every problem reported at once."""

import os
import tomllib
from difflib import get_close_matches
from ipaddress import ip_address
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from bot.sections import (
    Alerts,
    Calls,
    Console,
    DatabaseSection,
    Deadlines,
    Mail,
    People,
    PrivacySection,
    ProgrammeSection,
    Section,
    Server,
    Slack,
    Teams,
    hours,
)
from handlers.settings import Privacy, Programme

# The settings and their sections are taken from here by everybody else.
__all__ = [
    "Alerts",
    "Calls",
    "ConfigError",
    "Console",
    "DatabaseSection",
    "Deadlines",
    "Mail",
    "People",
    "PrivacySection",
    "ProgrammeSection",
    "Server",
    "Settings",
    "Slack",
    "Teams",
    "hours",
    "is_loopback",
    "load",
]

ENVIRONMENT_PREFIX = "NPSBOT_"
SECRET_KEY_LENGTH = 32
_SHORTEST_MONTH = 28


class ConfigError(Exception):
    """The configuration can't be used; `problems` says line by line what to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(Section):
    """All sections of npsbot.toml."""

    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    slack: Slack = Slack()
    teams: Teams = Teams()
    mail: Mail = Mail()
    programme: ProgrammeSection = ProgrammeSection()
    alerts: Alerts = Alerts()
    deadlines: Deadlines = Deadlines()
    calls: Calls = Calls()
    privacy: PrivacySection = PrivacySection()
    people: People = People()
    console: Console = Console()

    def rules(self) -> Programme:
        """Gives the rules that handlers obey."""
        asking = self.programme.model_dump()
        asking["sending_hours"] = hours(self.programme.sending_hours)
        asking["working_hours"] = hours(self.programme.working_hours)
        asking["formality"] = tuple(self.programme.formality.items())
        pace = []
        if self.mail.host:
            pace.append(("mail", self.mail.per_second))
        if self.slack.bot_token:
            pace.append(("slack", self.slack.prompts_per_second))
        if self.teams.app_id:
            pace.append(("teams", self.teams.prompts_per_second))
        return Programme(
            **asking,
            **self.deadlines.model_dump(),
            calls_days=tuple(self.calls.days.items()),
            calls_a_week=self.calls.a_week,
            fallback_place=self.alerts.fallback_place,
            settle_seconds=self.alerts.settle_seconds,
            measure_members=self.people.measure_members,
            privacy=Privacy(**self.privacy.model_dump()),
            pace=tuple(pace),
        )


def load(path: Path | None, environment: dict[str, str] | None = None) -> Settings:
    """Gives the settings of a file (all defaults without one) with the environment's on top.

    `NPSBOT_SLACK__BOT_TOKEN` stands for `bot_token` of `[slack]`. A relative SQLite path is below
    the file's folder. Raises ConfigError with all problems.
    """
    raw: dict[str, Any] = {}
    if path is not None:
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                [f"{path}: no such file. Make one with: npsbot init {path.parent}"]
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError([f"{path}: {error}"]) from None
    _overlay(raw, dict(os.environ) if environment is None else environment)
    problems = _unknown_keys(raw)
    if problems:
        raise ConfigError(problems)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError([_sentence(detail) for detail in error.errors()]) from None
    if path is not None:
        settings = _below(settings, path.parent)
    problems = _contradictions(settings)
    if problems:
        raise ConfigError(problems)
    return settings


def _overlay(raw: dict[str, Any], environment: dict[str, str]) -> None:
    for name, value in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or "__" not in name:
            continue
        section, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__", 1)
        listed = [part.strip() for part in value.split(",")] if key == "working_days" else value
        raw.setdefault(section, {})[key] = listed


def _unknown_keys(raw: dict[str, Any]) -> list[str]:
    problems = []
    for section, values in raw.items():
        field = Settings.model_fields.get(section)
        if field is None:
            problems.append(f"[{section}] is not known{_nearest(section, Settings.model_fields)}")
            continue
        if not isinstance(values, dict):
            problems.append(f"{section} must be a section: [{section}]")
            continue
        known = field.annotation.model_fields  # type: ignore[union-attr]  # every field is a section
        for key in values:
            if key not in known:
                problems.append(f"[{section}] {key} is not known{_nearest(key, known)}")
    return problems


def _nearest(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known are: {', '.join(known)}"


def _sentence(detail: Any) -> str:
    section, *rest = (str(part) for part in detail["loc"])
    # The value itself may be a secret: it is never repeated.
    return f"[{section}] {'.'.join(rest)}: {detail['msg'].removeprefix('Value error, ')}"


def _below(settings: Settings, folder: Path) -> Settings:
    url = settings.database.url
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/"):
        return settings
    absolute = prefix + str((folder / url.removeprefix(prefix)).resolve())
    return settings.model_copy(update={"database": DatabaseSection(url=absolute)})


def is_loopback(host: str | None) -> bool:
    """Tells whether a host name or address is this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _contradictions(settings: Settings) -> list[str]:
    problems = []
    server, slack, console = settings.server, settings.slack, settings.console
    public = urlsplit(server.public_url)
    if public.scheme not in ("http", "https") or not public.hostname:
        problems.append("[server] public_url: write an address such as https://nps.example.com")
    local = is_loopback(public.hostname)
    if server.secret_key is not None and len(server.secret_key) < SECRET_KEY_LENGTH:
        problems.append(f"[server] secret_key: must have {SECRET_KEY_LENGTH} characters or more")
    if not local and server.secret_key is None:
        problems.append(
            "[server] secret_key: needed when public_url is not this machine; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    if not local and public.scheme != "https":
        problems.append("[server] public_url: links to customers need https://")
    problems += _keeping_problems(settings)
    problems += _teams_problems(settings.teams)
    problems += _inbox_problems(settings.mail)
    if slack.bot_token and slack.mode == "http" and not slack.signing_secret:
        problems.append(
            "[slack] signing_secret: needed in http mode (Basic Information of your app)"
        )
    if slack.bot_token and slack.mode == "socket" and not slack.app_token:
        problems.append("[slack] app_token: needed in socket mode (an xapp- token)")
    if console.enabled and not (local and is_loopback(server.host)):
        problems.append(
            "[console] enabled: the console is for this machine only; set [server] host and "
            "public_url to 127.0.0.1, or switch the console off"
        )
    return problems


def _keeping_problems(settings: Settings) -> list[str]:
    """An answer without a name tells nobody that this person must not be asked again yet."""
    kept, rules = settings.privacy.keep_months, settings.programme
    rest = max(rules.rest_days, rules.rest_days_relationship)
    least = ceil(rest / _SHORTEST_MONTH)
    if kept is None or kept >= least:
        return []
    problem = (
        f"[privacy] keep_months: {kept} is shorter than the {rest} days of rest between surveys; "
        f"write {least} or more, or shorten [programme] rest_days and rest_days_relationship"
    )
    return [problem]


def _inbox_problems(mail: Mail) -> list[str]:
    problems = []
    if (mail.inbox or mail.imap_host) and not mail.host:
        problems.append("[mail] host: needed with an inbox, to pass on what people reply")
    if mail.inbox and mail.imap_host:
        problems.append("[mail] inbox: name a Maildir folder or imap_host, not both")
    if mail.inbox and not (Path(mail.inbox) / "new").is_dir():
        problems.append(f"[mail] inbox: {mail.inbox} is no Maildir (it has no folder new)")
    if mail.imap_host and not (mail.imap_username and mail.imap_password):
        problems.append("[mail] imap_username, imap_password: needed with imap_host")
    return problems


def _teams_problems(teams: Teams) -> list[str]:
    needed = {
        "app_id": "the Microsoft App ID of the bot's registration",
        "app_password": "a client secret of that app",
        "tenant_id": "the Directory (tenant) ID",
    }
    missing = [key for key in needed if getattr(teams, key) is None]
    # Half a section is refused: without an app id nobody would be asked for a token.
    problems = [
        f"[teams] {key}: needed with the others ({needed[key]})"
        for key in (missing if len(missing) < len(needed) else ())
    ]
    for key in ("openid_metadata_url", "token_url"):
        address = urlsplit(getattr(teams, key))
        here = address.scheme == "http" and address.hostname == "127.0.0.1"
        if not here and not (address.scheme == "https" and address.hostname):
            problems.append(f"[teams] {key}: must begin with https:// (http only for 127.0.0.1)")
    return problems
