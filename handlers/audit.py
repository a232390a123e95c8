"""Who saw, changed and sent what: kept at the door by ids alone, read by administrators."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.cards import Form, FormErrors, Reply, Whisper
from handlers.chat import row_id
from handlers.context import Context, Job, NotAllowed, Refused
from handlers.days import kept_since
from storage import audit, members, scopes
from storage.audit import Line, Noted
from storage.models import Act, Member

KEEP_VIEWS_DAYS = 90

# What a click or a form does, by its action: its value begins with the row's id. What is not here
# opens something, or is told by its handler; a case keeps its own timeline, which the log reads.
DONE: dict[str, tuple[Act, str]] = {
    **dict.fromkeys(
        (
            "contact_repair", "contact_add", "people_signs", "people_unknown", "policy.all",
            "call_log", "account_assign",
        ),
        (Act.CHANGED, "account"),
    ),
    **dict.fromkeys(("promise.done", "promise.cant"), (Act.CHANGED, "promise")),
    **dict.fromkeys(
        (
            "task_done", "task_later", "task_reopen", "offer_address", "offer_left", "offer_stays",
            "reference_agree", "reference_refuse",
        ),
        (Act.CHANGED, "task"),
    ),
    **dict.fromkeys(("wave_form", "wave_later", "wave_discard"), (Act.CHANGED, "wave")),
    **dict.fromkeys(("said_line", "said_write"), (Act.CHANGED, "account")),
    "said_discard": (Act.CHANGED, "improvement"),
    "said_send": (Act.SENT, "improvement"),
    "member_left": (Act.CHANGED, "member"),
    "digest_choose": (Act.CHANGED, "member"),
    "reason_fixed": (Act.SENT, "reason"),
    "reason_close": (Act.CHANGED, "reason"),
    "silent_call": (Act.CHANGED, "invitation"),
    "wave_doubt_arrived": (Act.CHANGED, "invitation"),
    "wave_doubt_again": (Act.SENT, "invitation"),
    "thanks_pass": (Act.SENT, "task"),
    "reference_ask": (Act.SENT, "contact"),
    "reference_withdraw": (Act.CHANGED, "contact"),
    "case.open": (Act.VIEWED, "case"),
    "task_open": (Act.VIEWED, "task"),
    **dict.fromkeys(("task_list", "calls_list"), (Act.VIEWED, "list")),
}  # fmt: skip
# Commands that change or list something without naming a row.
_LISTS = ("cases", "tasks", "silent", "calls", "references", "promises", "ideas")
COMMANDS: dict[str, tuple[Act, str]] = {
    **dict.fromkeys(("away", "digest"), (Act.CHANGED, "member")),
    "wave test": (Act.SENT, "wave"),
    **dict.fromkeys(_LISTS, (Act.VIEWED, "list")),
}


async def at_the_door(
    ctx: Context,
    me: Member,
    platform: str,
    action: str,
    value: str | None,
    handle: Callable[[Context], Awaitable[Reply]],
) -> Reply:
    """Lets a handler answer and keeps what was seen, changed, sent or refused on the way.

    `value` is that of a click or form; a command has none.
    """
    noted: list[Noted] = []

    def note(act: Act, subject: str, subject_id: int | None = None) -> None:
        noted.append(Noted(act, subject, subject_id, {"action": action}))

    try:
        reply = await handle(replace(ctx, note=note))
    except NotAllowed as refused:
        await keep(ctx, [refusal(refused, action)], me=me, platform=platform)
        raise
    done = (COMMANDS if value is None else DONE).get(action)
    if done is not None and not isinstance(reply, (Form, FormErrors, Whisper)):
        row = None if value is None else row_id(value.partition(":")[0]) or None
        note(*done, (row or me.id) if done[1] == "member" else row)
    await keep(ctx, noted, me=me, platform=platform)
    return reply


def refusal(error: NotAllowed, action: str) -> Noted:
    """Gives what is kept of an act that was not theirs."""
    return Noted(Act.REFUSED, error.subject, error.subject_id, {"action": action})


async def stranger(ctx: Context, platform: str, action: str) -> None:
    """Keeps that somebody unknown asked and got nothing."""
    said = Noted(Act.REFUSED, "command", None, {"action": action})
    async with ctx.db.quick_session() as session:
        await audit.add(session, [said], ctx.now(), actor="unknown", platform=platform)


async def keep(
    ctx: Context,
    noted: list[Noted],
    *,
    me: Member | None = None,
    platform: str | None = None,
) -> None:
    """Stores what a member did; without one, what an operator did at the command line."""
    if not noted:
        return
    async with ctx.db.quick_session() as session:
        await audit.add(
            session,
            noted,
            ctx.now(),
            actor="member" if me else "operator",
            member_id=me.id if me else None,
            platform=platform,
        )


async def due(ctx: Context) -> list[Job]:
    """Deletes views after 90 days, and all else with the time that answers are kept."""
    views = ctx.now() - timedelta(days=KEEP_VIEWS_DAYS)
    others = kept_since(ctx)
    async with ctx.db.reading() as session:
        old = await audit.has_old(session, views, others)
    if old:
        async with ctx.db.session() as session:
            await audit.delete_old(session, views, others)
    return []


async def read(
    ctx: Context,
    since: date | None = None,
    email: str | None = None,
    account_key: str | None = None,
) -> list[str]:
    """Gives the log in lines, the oldest first; raises Refused for an unknown member or account."""
    zone = ZoneInfo(ctx.programme.timezone)
    first = datetime.combine(since, time(), zone) if since else None
    async with ctx.db.reading() as session:
        member = await members.by_email(session, email) if email else None
        account = await scopes.find_account(session, account_key) if account_key else None
        if email and member is None:
            raise Refused(f"No member has the e-mail {email}.")
        if account_key and account is None:
            raise Refused(f"There is no account with the key {account_key!r}.")
        found = await audit.lines(
            session, first, member.id if member else None, account.id if account else None
        )
    return [_line(each, zone) for each in found]


def _line(line: Line, zone: ZoneInfo) -> str:
    what = line.subject if line.subject_id is None else f"{line.subject}:{line.subject_id}"
    detail = " ".join(f"{name}={value}" for name, value in line.detail.items())
    account = f"account={line.account_key}" if line.account_key else ""
    parts = (
        line.at.astimezone(zone).isoformat(timespec="seconds"),
        line.email or line.actor,
        line.act,
        what,
        account,
        f"in={line.platform}" if line.platform else "",
        detail,
    )
    return "  ".join(part for part in parts if part)
