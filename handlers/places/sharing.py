"""`/nps bind reason …` and `/nps bind board …`: what is not of one team or member has a place."""

from collections.abc import Collection

from handlers import audit, names, texts
from handlers.cards import Button, Card, Reply, whisper
from handlers.chat import Click, Command, Place, row_id
from handlers.context import Context, NotAllowed, Refused
from handlers.outsiders import refuse_outsiders
from handlers.places.naming import name_of, refuse_no_place
from handlers.rights import LEADERS
from handlers.surveys import OUTSIDE, REASONS, reason_label
from handlers.texts import Texts
from storage import learning, members, places, sharing
from storage.audit import Noted
from storage.models import Act, Member

GIVE = "reason_give"
BOARDS = ("ideas", "references", "promises")
_TO = ("to", "til", "aan")


async def bind_reason(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind reason invoicing`: this place owns it; `… invoicing anna` or a function does."""
    t = texts.of(me.language, ctx.programme.language)
    known = await _known(ctx)
    async with ctx.db.reading() as session:
        functions = await sharing.functions(session)
    reason, who = _reason(event.text, known, t)
    label = reason_label(reason, t)
    if not who and event.place != event.person.place:
        await _bind(ctx, event.place, t, reason=reason)
        told = t("share.reason_place", reason=label)
    elif (function := _same(who, functions)) is not None:
        async with ctx.db.session() as session:
            await sharing.give(session, reason, ctx.now(), function=function)
        told = t("share.reason_function", reason=label, function=function)
    elif who:
        return await _give_named(ctx, me, reason, who, functions)
    else:
        return whisper(await _give(ctx, me, reason, me))
    ctx.note(Act.BOUND, "reason")
    return whisper(told)


async def press_give(ctx: Context, click: Click, me: Member) -> Reply:
    """The same, with the owner chosen of several; the value is `MEMBER REASON`."""
    t = texts.of(me.language, ctx.programme.language)
    if me.role not in LEADERS:
        raise NotAllowed(t("bind.not_allowed"), "reason")
    key, _, reason = click.value.partition(" ")
    async with ctx.db.reading() as session:
        owner = await members.by_id(session, row_id(key))
    if owner is None or owner.left_at is not None or reason not in await _known(ctx):
        raise Refused(t("routes.unknown_action"))
    return Card(await _give(ctx, me, reason, owner), audience="person")


async def _give(ctx: Context, me: Member, reason: str, owner: Member) -> str:
    t = texts.of(me.language, ctx.programme.language)
    async with ctx.db.session() as session:
        await sharing.give(session, reason, ctx.now(), member_id=owner.id)
    ctx.note(Act.BOUND, "reason")
    return t("share.reason_member", reason=reason_label(reason, t), name=owner.name)


async def _give_named(
    ctx: Context, me: Member, reason: str, who: str, functions: Collection[str]
) -> Reply:
    """Gives the reason to the colleague meant; tells the functions where nobody is called so."""
    async with ctx.db.reading() as session:
        found = await names.find_member(session, who)
    if isinstance(found, Member):
        return whisper(await _give(ctx, me, reason, found))
    if not found and functions:
        t = texts.of(me.language, ctx.programme.language)
        raise Refused(t("share.nobody", typed=who, functions=", ".join(functions)))
    return names.choose_member(
        ctx, me, who, found, lambda each: Button(each.name, GIVE, f"{each.id} {reason}")
    )


async def bind_board(ctx: Context, event: Command, me: Member) -> Reply:
    """`/nps bind board ideas`: this place gets the board, and ideas as they come."""
    t = texts.of(me.language, ctx.programme.language)
    board = _same(event.text.strip(), BOARDS)
    if board is None:
        boards = ", ".join(f"/nps bind board {each}" for each in BOARDS)
        raise Refused(t("share.which_board", boards=boards))
    await _bind(ctx, event.place, t, board=board)
    ctx.note(Act.BOUND, "board")
    return whisper(t(f"share.board.{board}"))


async def bind_place(
    ctx: Context, place: Place, *, reason: str | None = None, board: str | None = None
) -> str:
    """Binds a place to a reason (as typed) or to one of BOARDS; gives the sentence that says so.

    Raises Refused for a reason or place that is none, and where outsiders can read.
    """
    t = texts.of(ctx.programme.language)
    refuse_no_place(place, t)
    if reason is None:
        told, subject = t(f"share.board.{board}"), "board"
    else:
        known = await _known(ctx)
        reason, more = _reason(reason, known, t)
        if more:
            raise Refused(t("share.which_reason", typed=more, reasons=", ".join(known)))
        told, subject = t("share.reason_place", reason=reason_label(reason, t)), "reason"
    await _bind(ctx, place, t, reason=reason, board=board)
    await audit.keep(ctx, [Noted(Act.BOUND, subject, None)])
    return f"{place}: {told}"


async def _bind(
    ctx: Context, place: Place, t: Texts, *, reason: str | None = None, board: str | None = None
) -> None:
    await refuse_outsiders(ctx, place, t)
    named = await name_of(ctx, place)
    async with ctx.db.session() as session:
        await sharing.bind(session, place, ctx.now(), reason=reason, board=board)
        await places.note_mended(session, place, named)


async def _known(ctx: Context) -> list[str]:
    """Gives the reasons that may be owned: the usual ones, and what answers name beside them."""
    async with ctx.db.reading() as session:
        named = await learning.known_reasons(session)
    known = [*REASONS, *sorted(named - set(REASONS))]
    return [each for each in known if each != OUTSIDE]


def _reason(typed: str, known: Collection[str], t: Texts) -> tuple[str, str]:
    """Splits `invoicing anna` into the reason, by key or in any language, and who owns it."""
    words = typed.split()
    spelled = {
        _plain(label): key
        for key in known
        for label in (key, *(reason_label(key, texts.of(each)) for each in texts.LANGUAGES))
    }
    for length in range(len(words), 0, -1):
        reason = spelled.get(_plain(" ".join(words[:length])))
        if reason is not None:
            rest = words[length:]
            return reason, " ".join(rest[1:] if rest and rest[0].lower() in _TO else rest)
    key = "share.which_reason" if words else "share.reason_missing"
    raise Refused(t(key, typed=typed, reasons=", ".join(known)))


def _same(typed: str, known: Collection[str]) -> str | None:
    return next((each for each in known if typed and _plain(each) == _plain(typed)), None)


def _plain(word: str) -> str:
    return " ".join(word.replace("_", " ").split()).casefold()
