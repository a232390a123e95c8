"""What members set for themselves: absence with a backup, and the place where alerts come."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers import alerts, audit, days, names, wording
from handlers.calendars import zone_of
from handlers.cards import Button, Card, Choice, Form, FormErrors, Input, Reply, Text, whisper
from handlers.cases import handing, opening
from handlers.chat import Click, Command, Place, Submission, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.outsiders import refuse_outsiders
from handlers.places import binding
from handlers.places.naming import name_of, refuse_no_place, spoken
from handlers.rights import LEADERS
from handlers.texts import Texts, of
from storage import members, places
from storage.audit import Noted
from storage.models import Act, Member, MemberRole, Team

AWAY = "away_backup"
_BACK = ("off", "back", "hjem", "tilbage", "terug", "slut", "stop")
_UNTIL = ("until", "till", "til", "indtil", "tot", "t/m")
_BACKUP = ("backup", "afløser", "vervanger")


async def away(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps away until friday backup anna`; `/nps away off` ends it."""
    t = of(me.language, ctx.programme.language)
    typed = event.text.strip()
    if typed.casefold() in _BACK:
        return await _back(ctx, me, t)
    day_words, backup_words = _split(typed)
    if not day_words:
        raise Refused(t("away.how"))
    today = days.today(ctx, me)
    day = days.read_day(day_words, today)
    if day is None:
        raise Refused(t("away.bad_day", typed=day_words))
    if day < today:
        raise Refused(t("away.past", day=wording.long_day(day, t, today)))
    if not backup_words:
        return await _away(ctx, me, day, None, t, day_words)
    async with ctx.db.reading() as session:
        backup = await names.find_member(session, backup_words)
    if isinstance(backup, Member):
        return await _away(ctx, me, day, backup, t)
    return names.choose_member(
        ctx, me, backup_words, backup, lambda each: Button(each.name, AWAY, f"{each.id} {day}")
    )


async def press_away(ctx: Context, click: Click, me: Member) -> Reply:
    """The same, with the backup chosen of several; the value is `MEMBER DAY`."""
    t = of(me.language, ctx.programme.language)
    key, _, typed = click.value.partition(" ")
    today = days.today(ctx, me)
    day = days.read_day(typed, today)
    async with ctx.db.reading() as session:
        backup = await members.by_id(session, row_id(key))
    if day is None or backup is None or backup.left_at is not None:
        raise Refused(t("routes.unknown_action"))
    if day < today:
        raise Refused(t("away.past", day=wording.long_day(day, t, today)))
    ctx.note(Act.CHANGED, "member", me.id)
    return await _away(ctx, me, day, backup, t)


async def _away(
    ctx: Context, me: Member, day: date, backup: Member | None, t: Texts, typed: str = ""
) -> Card:
    if backup is not None:
        _refuse_backup(ctx, me, backup, t)
    zone = zone_of(me.timezone) or ZoneInfo(ctx.programme.timezone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    async with ctx.db.session() as session:
        await members.set_away(session, me.id, ctx.now(), until, backup.id if backup else None)
        # As the row stands now: who is away, and who stands in.
        away_now = await session.get_one(Member, me.id, populate_existing=True)
        passed = await handing.while_away(session, ctx, away_now)
    for each in passed:
        await ctx.soon(alerts.job_of(each), each.due_at)
    words = f"{wording.weekday(day, t)} {wording.long_day(day, t, days.today(ctx, me))}"
    if backup is None:
        return Card(t("away.set_alone", day=words, typed=typed), audience="person")
    return Card(t("away.set", day=words, backup=backup.name), audience="person")


async def _back(ctx: Context, me: Member, t: Texts) -> Reply:
    if not opening.is_away(me, ctx.now()):
        raise Refused(t("away.not_away"))
    async with ctx.db.session() as session:
        await members.set_away(session, me.id, None, None, None)
        passed = await handing.back_again(session, ctx, me, me.backup_id)
    for each in passed:
        await ctx.soon(alerts.job_of(each), each.due_at)
    return Card(t("away.back"), audience="person")


def _refuse_backup(ctx: Context, me: Member, backup: Member, t: Texts) -> None:
    if backup.id == me.id:
        raise Refused(t("away.backup_self"))
    if opening.is_away(backup, ctx.now()) and backup.away_until is not None:
        zone = zone_of(me.timezone) or ZoneInfo(ctx.programme.timezone)
        last = (backup.away_until.astimezone(zone) - timedelta(seconds=1)).date()
        raise Refused(t("away.backup_away", name=backup.name, day=wording.long_day(last, t)))


def _split(typed: str) -> tuple[str, str]:
    """Gives the words of the day and those of the backup."""
    words = typed.split()
    if words and words[0].casefold() in _UNTIL:
        words = words[1:]
    for index, word in enumerate(words):
        if word.casefold() in _BACKUP:
            return " ".join(words[:index]), " ".join(words[index + 1 :])
    return " ".join(words), ""


async def bind_form(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind`: whose alerts come into this channel; refused where outsiders can read."""
    t = of(me.language, ctx.programme.language)
    await refuse_outsiders(ctx, event.place, t)
    async with ctx.db.reading() as session:
        teams = [team for team in await members.teams(session) if _may(me, team.id, None)]
        here = await binding.bound_here(session, event.place, t)
    # A member without a team to lead binds for themselves alone.
    member = Input(
        "members" if teams else "choice",
        "member",
        t("bind.member"),
        required=not teams,
        value=None if teams else str(me.id),
        options=() if teams else (Choice(str(me.id), me.name),),
    )
    team = Input(
        "choice",
        "team",
        t("bind.team"),
        required=False,
        options=tuple(Choice(str(each.id), each.name) for each in teams),
    )
    inputs = (team, member) if teams else (member,)
    return Form(
        t("bind.title"),
        inputs,
        "bind",
        event.place,
        t("bind.submit"),
        (*here, Text(t("bind.hint"), "note")) if teams else here,
    )


async def bind(ctx: Context, event: Submission, me: Member) -> Reply:
    """Binds the place of the form to the team or member chosen."""
    t = of(me.language, ctx.programme.language)
    team_id = row_id(event.text("team")) or None
    member_id = row_id(event.text("member")) or None
    if team_id is None and member_id is None:
        return FormErrors({"member": t("bind.need_one")})
    if team_id is not None and member_id is not None:
        return FormErrors({"member": t("bind.only_one")})
    async with ctx.db.reading() as session:
        team = await session.get(Team, team_id) if team_id is not None else None
        member = await members.by_id(session, member_id)
    if (team is None and member is None) or not _may(me, team.id if team else None, member):
        raise NotAllowed(t("bind.not_allowed"), "place")
    told = await _bind(ctx, event.value, team, member, t)
    bound = _bound(team, member)
    ctx.note(bound.act, bound.subject, bound.subject_id)
    return whisper(told)


async def bind_place(
    ctx: Context, place: Place, team: str | None = None, member: str | None = None
) -> str:
    """Binds a place to a team (by name) or a member (by e-mail); gives the sentence that says so.

    Raises Refused for an unknown team, member or place, and where outsiders can read.
    """
    t = of(ctx.programme.language)
    async with ctx.db.reading() as session:
        found = await members.by_email(session, member) if member else None
        named = {each.name.casefold(): each for each in await members.teams(session)}
    wanted = named.get(team.strip().casefold()) if team else None
    if team and wanted is None:
        offered = wording.one_of([each.name for each in named.values()][:3], t)
        raise Refused(t("account.name.nearest.team", typed=team, names=offered))
    if member and found is None:
        raise Refused(t("account.name.none.member", typed=member))
    if wanted is None and found is None:
        raise Refused(t("bind.need_one"))
    told = await _bind(ctx, place, wanted, found, t)
    await audit.keep(ctx, [_bound(wanted, found)])
    return told


def _bound(team: Team | None, member: Member | None) -> Noted:
    if team is not None:
        return Noted(Act.BOUND, "team", team.id)
    return Noted(Act.BOUND, "member", member.id if member else None)


async def _bind(
    ctx: Context, place: Place, team: Team | None, member: Member | None, t: Texts
) -> str:
    refuse_no_place(place, t)
    await refuse_outsiders(ctx, place, t)
    named = await name_of(ctx, place)
    async with ctx.db.session() as session:
        await members.bind(
            session,
            place,
            ctx.now(),
            team_id=team.id if team else None,
            member_id=member.id if member and team is None else None,
        )
        await places.note_mended(session, place, named)
    who = team.name if team else member.name if member else ""
    return t("bind.done", name=who, place=await spoken(ctx, place, t))


def _may(me: Member, team_id: int | None, member: Member | None) -> bool:
    """Everybody binds for themselves, a lead for the team and its members, CX for all."""
    if me.role in LEADERS:
        return True
    if me.role == MemberRole.TEAM_LEAD and me.team_id is not None:
        return me.team_id == (member.team_id if member else team_id)
    return member is not None and member.id == me.id
