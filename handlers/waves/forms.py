"""The form that plans a wave, and what is wrong with a filled-in one, field by field."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers import calendars
from handlers.calendars import last_day
from handlers.cards import Choice, Form, FormErrors, Input, Text
from handlers.chat import Submission
from handlers.context import Context
from handlers.settings import WORKING_WEEK
from handlers.surveys import default_survey
from handlers.texts import Texts
from handlers.waves.audience import Audience
from handlers.waves.planning import sending_days, sending_hours
from handlers.waves.recipients import texts_of
from handlers.wording import month
from storage import audiences, waves
from storage.audiences import UNKNOWN_ROLE, Choices
from storage.models import Account, ContactRole, Member, Survey, Wave

ACTION = "wave_form"
NEW = "new"
OPEN_DAYS = 21
REMINDER_AFTER_DAYS = 5
_REMINDER_DAYS = (3, 4, 5, 6, 7)
_LONGEST_DAYS = 180
_NAME_LENGTH = 80
_NUMBER = re.compile(r"\d+([.,]\d{1,2})?")
_LISTS = ("segments", "regions", "tiers", "teams", "departments")


@dataclass(frozen=True)
class _Standing:
    """What the form offers: surveys, the words to filter by, and the accounts chosen so far."""

    surveys: list[Survey]
    choices: Choices
    accounts: tuple[Account, ...]
    left_out: tuple[Account, ...]


async def wave_form(ctx: Context, me: Member, wave: Wave | None) -> Form:
    """Gives the form of a new wave, or of a draft that is changed."""
    t = texts_of(ctx, me)
    audience = Audience.of(wave.audience) if wave else Audience()
    async with ctx.db.session() as session:
        await default_survey(session)
        offered = _Standing(
            list(await waves.surveys(session)),
            await audiences.choices(session),
            await audiences.accounts_of(session, audience.accounts),
            await audiences.accounts_of(session, audience.left_out),
        )
    inputs = (
        *_what(ctx, t, wave, offered),
        *_who(t, audience, offered),
        *_when(ctx, t, wave),
    )
    title = t("wave.form.title_change") if wave else t("wave.form.title")
    intro = (Text(t("wave.form.intro")),)
    value = str(wave.id) if wave else NEW
    return Form(title, inputs, ACTION, value, t("wave.form.submit"), intro)


async def read(
    ctx: Context, event: Submission, me: Member, wave_id: int | None
) -> dict[str, Any] | FormErrors:
    """Gives the values of a wave from a filled-in form, or what is wrong at which field."""
    t = texts_of(ctx, me)
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    name = " ".join(event.text("name").split())
    async with ctx.db.reading() as session:
        other = await waves.by_name(session, name)
        survey = await waves.survey(session, _whole(event.text("survey")))
        keys = await audiences.account_keys(session, _ids(event, "accounts"))
        left_out = await audiences.account_keys(session, _ids(event, "left_out"))
    if not name or len(name) > _NAME_LENGTH:
        errors["name"] = t("wave.error.name", n=_NAME_LENGTH)
    elif other is not None and other.id != wave_id:
        errors["name"] = t("wave.error.name_taken", name=other.name)
    if survey is None:
        errors["survey"] = t("wave.error.survey")
    else:
        values |= {"survey_id": survey.id, "kind": survey.kind}
    audience = _audience(event, keys, left_out, t, errors)
    values |= {"name": name, "audience": audience.stored()}
    values |= _times(ctx, event, t, errors)
    return FormErrors(errors) if errors else values


def _what(ctx: Context, t: Texts, wave: Wave | None, offered: _Standing) -> tuple[Input, ...]:
    surveys = tuple(
        Choice(
            str(survey.id),
            t(f"wave.kind.{survey.kind}"),
            survey.name if survey.name != survey.kind else None,
        )
        for survey in offered.surveys
    )
    chosen = wave.survey_id if wave else None
    first = next((each for each in offered.surveys if each.kind == "relationship"), None)
    today = ctx.now().astimezone(ZoneInfo(ctx.programme.timezone)).date()
    return (
        Input(
            "choice",
            "survey",
            t("wave.form.survey"),
            value=str(chosen or (first.id if first else "")),
            options=surveys,
        ),
        Input(
            "text",
            "name",
            t("wave.form.name"),
            value=wave.name if wave else f"{month(today, t, today)} {today.year}".capitalize(),
            max_length=_NAME_LENGTH,
        ),
    )


def _who(t: Texts, audience: Audience, offered: _Standing) -> tuple[Input, ...]:
    inputs = [_accounts("accounts", t("wave.form.accounts"), offered.accounts, t)]
    for name in _LISTS:
        words: tuple[str, ...] = getattr(offered.choices, name)
        if words:
            inputs.append(
                Input(
                    "choices",
                    name,
                    t(f"wave.form.{name}"),
                    required=False,
                    values=getattr(audience, name),
                    options=tuple(Choice(word, word) for word in words),
                )
            )
    roles = tuple(
        Choice(role, t(f"wave.form.role.{role}")) for role in (*ContactRole, UNKNOWN_ROLE)
    )
    inputs.append(
        Input("choices", "roles", t("wave.form.roles"), False, values=audience.roles, options=roles)
    )
    for name in ("value_from", "value_to", "renewal_days", "sample_percent"):
        number = getattr(audience, name)
        shown = None if number is None else f"{number:g}"
        hint = t(f"wave.form.{name}_hint") if name in ("renewal_days", "sample_percent") else None
        inputs.append(Input("number", name, t(f"wave.form.{name}"), False, shown, hint=hint))
    inputs.append(_accounts("left_out", t("wave.form.left_out"), offered.left_out, t))
    return tuple(inputs)


def _accounts(name: str, label: str, chosen: tuple[Account, ...], t: Texts) -> Input:
    return Input(
        "accounts",
        name,
        label,
        required=False,
        values=tuple(str(account.id) for account in chosen),
        options=tuple(Choice(str(account.id), account.name, account.key) for account in chosen),
    )


def _when(ctx: Context, t: Texts, wave: Wave | None) -> tuple[Input, ...]:
    zone = ZoneInfo(ctx.programme.timezone)
    template = wave or Wave(name="", created_at=ctx.now())
    first, last = sending_hours(template, ctx.programme)
    start = wave.starts_at if wave and wave.starts_at else _default_start(ctx)
    local = start.astimezone(zone)
    closes = local.date() + timedelta(days=OPEN_DAYS)
    if wave and wave.closes_at:
        closes = last_day(wave.closes_at, zone)
    reminder = wave.reminder_after_days if wave else REMINDER_AFTER_DAYS
    days = tuple(Choice(day, t(f"wave.day.{day}")) for day in (*WORKING_WEEK, "sat", "sun"))
    reminders = (
        Choice("0", t("wave.no_reminder")),
        *(Choice(str(n), t.count("wave.after_days", n)) for n in _REMINDER_DAYS),
    )
    return (
        Input("date", "start", t("wave.form.start"), value=local.date().isoformat()),
        Input(
            "time",
            "start_time",
            t("wave.form.start_time", zone=ctx.programme.timezone),
            value=f"{local:%H:%M}",
        ),
        Input("date", "closes", t("wave.form.closes"), value=closes.isoformat()),
        Input(
            "choices",
            "days",
            t("wave.form.days"),
            values=tuple(sending_days(template, ctx.programme)),
            options=days,
        ),
        Input("time", "hours_from", t("wave.form.hours_from"), value=f"{first:%H:%M}"),
        Input("time", "hours_to", t("wave.form.hours_to"), value=f"{last:%H:%M}"),
        Input(
            "choice", "reminder", t("wave.form.reminder"), value=str(reminder or 0),
            options=reminders,
        ),
    )  # fmt: skip


def _default_start(ctx: Context) -> datetime:
    programme = ctx.programme
    return calendars.next_sending_moment(
        ctx.now() + timedelta(hours=1),
        ZoneInfo(programme.timezone),
        programme.country,
        programme.working_days,
        programme.sending_hours,
    )


def _audience(
    event: Submission,
    keys: tuple[str, ...],
    left_out: tuple[str, ...],
    t: Texts,
    errors: dict[str, str],
) -> Audience:
    low, high = (_money(event, name, t, errors) for name in ("value_from", "value_to"))
    if low is not None and high is not None and low > high:
        errors["value_to"] = t("wave.error.value_order")
    renewal = _number(event, "renewal_days", 1, 3650, t, errors)
    sample = _number(event, "sample_percent", 1, 100, t, errors)
    return Audience(
        accounts=keys,
        **{name: event.chosen(name) for name in (*_LISTS, "roles")},
        value_from=low,
        value_to=high,
        renewal_days=renewal,
        sample_percent=None if sample == 100 else sample,
        left_out=left_out,
    )


def _times(ctx: Context, event: Submission, t: Texts, errors: dict[str, str]) -> dict[str, Any]:
    zone = ZoneInfo(ctx.programme.timezone)
    today = ctx.now().astimezone(zone).date()
    start = _date(event, "start", t, errors)
    at = _time(event, "start_time", t, errors)
    closes = _date(event, "closes", t, errors)
    if start is not None and start < today:
        errors["start"] = t("wave.error.past")
    if start is not None and closes is not None:
        if closes <= start:
            errors["closes"] = t("wave.error.closes")
        elif (closes - start).days > _LONGEST_DAYS:
            errors["closes"] = t("wave.error.too_long", n=_LONGEST_DAYS)
    days = tuple(day for day in event.chosen("days"))
    if not days or not set(days) <= {*WORKING_WEEK, "sat", "sun"}:
        errors["days"] = t("wave.error.days")
    first, last = (_time(event, name, t, errors) for name in ("hours_from", "hours_to"))
    if first is not None and last is not None and first >= last:
        errors["hours_to"] = t("wave.error.hours")
    reminder = _number(event, "reminder", 0, _REMINDER_DAYS[-1], t, errors)
    if reminder and reminder not in _REMINDER_DAYS:
        errors["reminder"] = t("wave.error.reminder")
    elif reminder and not errors and start and closes and start + timedelta(reminder) > closes:
        errors["reminder"] = t("wave.error.reminder_late")
    if errors or start is None or at is None or closes is None or first is None or last is None:
        return {}
    return {
        "starts_at": datetime.combine(start, at, zone),
        "closes_at": end_of_day(closes, zone),
        "sending_days": list(days),
        "sending_hours": f"{first:%H:%M}-{last:%H:%M}",
        "reminder_after_days": reminder or None,
    }


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Gives the moment a day ends: a wave can be answered on its closing day until midnight."""
    return datetime.combine(day + timedelta(days=1), time(0), zone)


def _date(event: Submission, name: str, t: Texts, errors: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(event.text(name))
    except ValueError:
        errors[name] = t("wave.error.date")
        return None


def _time(event: Submission, name: str, t: Texts, errors: dict[str, str]) -> time | None:
    try:
        return time.fromisoformat(event.text(name)).replace(tzinfo=None)
    except ValueError:
        errors[name] = t("wave.error.time")
        return None


def _money(event: Submission, name: str, t: Texts, errors: dict[str, str]) -> float | None:
    typed = event.text(name).replace(" ", "")
    if not typed:
        return None
    if not _NUMBER.fullmatch(typed):
        errors[name] = t("wave.error.number")
        return None
    return float(typed.replace(",", "."))


def _number(
    event: Submission, name: str, low: int, high: int, t: Texts, errors: dict[str, str]
) -> int | None:
    typed = event.text(name)
    if not typed:
        return None
    number = _whole(typed)
    if number is None or not low <= number <= high:
        errors[name] = t("wave.error.between", low=low, high=high)
        return None
    return number


def _whole(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _ids(event: Submission, name: str) -> list[int]:
    # Some channels give one text with all ids.
    typed = [part for value in event.chosen(name) for part in value.split(",")]
    return [number for part in typed if (number := _whole(part.strip())) is not None]
