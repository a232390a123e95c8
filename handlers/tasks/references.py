"""`/nps references`: who lets us use their name, for what, and how often they were asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers import alerts, rights, wording
from handlers.accounts.reader import Reader, cut, first_name, reader_for
from handlers.alerts import job_of
from handlers.calendars import add_working_days
from handlers.cards import (
    Button,
    Buttons,
    Card,
    Choice,
    Element,
    Form,
    FormErrors,
    Input,
    Reply,
    Text,
    whisper,
)
from handlers.cases import times
from handlers.chat import Click, Command, Place, Submission, row_id
from handlers.context import Context, Refused
from handlers.surveys import reason_label
from handlers.tasks import request
from handlers.tasks.opening import responsible
from handlers.tasks.outcomes import FORMS
from storage import references, sharing, tasks
from storage.alerts import Added
from storage.db import Session
from storage.models import Member, Reference, ReferenceUse
from storage.references import Offer

ASK, WITHDRAW, REQUEST = "reference_ask", "reference_withdraw", "reference_request"
BOARD = "references"
USES_A_YEAR = 2
_YEAR = timedelta(days=365)
_SHOWN = 8
_QUOTE = 200
_LONG = 1000
_ANSWER_WITHIN = 3


async def show(ctx: Context, command: Command, me: Member) -> Reply:
    """`/nps references [words]`: each word is looked for in region, segment, role, topic ..."""
    return await _list(ctx, me, command.text)


async def ask_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks what the reference is for."""
    reader = reader_for(ctx, me)
    t = reader.t
    async with ctx.db.reading() as session:
        on_board = await _is_board(session, click.place)
        offer, uses = await _offer(session, ctx, me, click.value, on_board=on_board)
    _refuse_used(uses, offer, reader)
    allowed = forms_of(offer)
    inputs = (
        Input(
            "choice", "form", t("reference.ask.form"),
            options=tuple(Choice(each, t(f"reference.form.{each}")) for each in FORMS),
            value=allowed[0] if allowed else None,
            hint=t("reference.ask.form_hint", forms=_words(allowed, reader)),
        ),
        Input("long_text", "for_what", t("reference.ask.for_what"), max_length=_LONG),
    )  # fmt: skip
    return Form(t("reference.ask.title"), inputs, ASK, click.value, t("reference.ask.submit"))


async def ask(ctx: Context, event: Submission, me: Member) -> Reply:
    """Asks the account's owner, who asks the customer; two requests a year are the most."""
    reader = reader_for(ctx, me)
    t, now = reader.t, ctx.now()
    async with ctx.db.session() as session:
        on_board = await _is_board(session, event.place)
        offer, _uses = await _offer(session, ctx, me, event.value, on_board=on_board)
        errors = {}
        if event.text("form") not in FORMS:
            errors["form"] = t("people.form.unknown_choice")
        if not event.text("for_what"):
            errors["for_what"] = t("reference.ask.needed")
        if errors:
            return FormErrors(errors)
        reference = await _row(session, offer, now)
        _refuse_used(await references.uses(session, [reference.id], now - _YEAR), offer, reader)
        use = ReferenceUse(
            reference_id=reference.id, asked_by=me.id, asked_at=now, form=event.text("form"),
            for_what=event.text("for_what"),
        )  # fmt: skip
        session.add(use)
        await session.flush()
        alert = await _request(session, ctx, offer, use)
    await ctx.soon(job_of(alert), None)
    if on_board:  # it stays as it is for all its readers
        return whisper(t("reference.asked", name=first_name(offer.contact.name)))
    return await _list(ctx, me, "")


async def withdraw(ctx: Context, click: Click, me: Member) -> Reply:
    """No longer: the contact is not offered any more, until they say so again.

    Requests that wait are ended by it, and whoever asked is told.
    """
    reader = reader_for(ctx, me)
    async with ctx.db.session() as session:
        offer, _uses = await _offer(session, ctx, me, click.value, on_board=False)
        if not rights.may_change_account(me, offer.account):
            raise Refused(reader.t("task.not_yours", account=offer.account.name))
        reference = await _row(session, offer, ctx.now())
        reference.withdrawn_at = ctx.now()
        session.add(reference)
        told = [
            await request.end(session, ctx, me, task, "refused")
            for task in await references.waiting(session, offer.contact.id)
        ]
    for alert in told:
        await ctx.soon(job_of(alert), None)
    return await _list(ctx, me, "")


def forms_of(offer: Offer) -> tuple[str, ...]:
    """Gives for what a contact said yes; who ticked the box on the page allows a quote."""
    told = offer.reference.forms if offer.reference and not offer.reference.withdrawn_at else []
    ticked = offer.response is not None and offer.response.quote_me
    return tuple(each for each in FORMS if each in told or (each == "quote" and ticked))


async def _is_board(session: Session, place: Place) -> bool:
    """Tells whether the board of references stands here: whoever reads it may ask."""
    return place in {each.place for each in await sharing.places(session, board=BOARD)}


async def _offer(
    session: Session, ctx: Context, me: Member, value: str, *, on_board: bool
) -> tuple[Offer, Sequence[ReferenceUse]]:
    seen = None if on_board else rights.seen_by(me, ctx.programme)
    found = await references.offered(session, seen, row_id(value))
    if not found:
        raise Refused(reader_for(ctx, me).t("reference.gone"))
    reference = found[0].reference
    ids = [reference.id] if reference is not None else []
    return found[0], await references.uses(session, ids, ctx.now() - _YEAR)


async def _row(session: Session, offer: Offer, now: datetime) -> Reference:
    """The stored consent; what the contact ticked themselves gets its row when it is first used."""
    found = await references.of_contact(session, offer.contact.id)
    if found is not None and found.withdrawn_at is None:
        return found
    response = offer.response.id if offer.response is not None else None
    return await references.agree(
        session, offer.contact.id, offer.account.id, response, forms_of(offer), None, None, now
    )


async def _request(session: Session, ctx: Context, offer: Offer, use: ReferenceUse) -> Added:
    """A task of the owner's, told at once because a colleague waits for it."""
    now = ctx.now()
    owner = (await responsible(session, [offer.account]))[offer.account.id]
    calendar = times.calendar_of(owner, ctx.programme)
    key = f"reference:{use.id}"
    row = {
        "key": key,
        "what": "reference",
        "account_id": offer.account.id,
        "contact_id": offer.contact.id,
        "owner_id": owner.id if owner else None,
        "opened_at": now,
        "due_at": add_working_days(now, _ANSWER_WITHIN, calendar),
        "detail": {"use": use.id},
    }
    await tasks.add(session, [row])
    [task] = await tasks.with_keys(session, [key])
    return await alerts.add(
        session, key=key, what=REQUEST, due_at=now, account_id=offer.account.id,
        member_id=owner.id if owner else None,
        detail={"task": task.id, "partition": f"account:{offer.account.id}"},
    )  # fmt: skip


async def _list(ctx: Context, me: Member, typed: str) -> Card:
    reader = reader_for(ctx, me)
    t, now = reader.t, ctx.now()
    seen = rights.seen_by(me, ctx.programme)
    async with ctx.db.reading() as session:
        everybody = await references.offered(session, seen)
        words = typed.casefold().split()
        found = [each for each in everybody if _fits(each, words, reader)]
        ids = [each.reference.id for each in found if each.reference is not None]
        used: dict[int, list[ReferenceUse]] = {}
        for use in await references.uses(session, ids, now - _YEAR):
            used.setdefault(use.reference_id, []).append(use)
    body: list[Element] = []
    for each in found[:_SHOWN]:
        uses = used.get(each.reference.id, []) if each.reference is not None else []
        body += _entry(each, uses, reader, me)
    if not found:
        key = "reference.nobody_fits" if everybody else "reference.none"
        body.append(Text(t(key, typed=cut(typed, 60)) if everybody else t(key)))
    if len(found) > _SHOWN:
        body.append(Text(t("reference.more", n=len(found) - _SHOWN), "note"))
    status = t("account.only_you")
    return Card(t("reference.title"), tuple(body), status=status, foot=t("reference.foot"))


def _fits(each: Offer, words: Sequence[str], reader: Reader) -> bool:
    contact, account = each.contact, each.account
    topics = each.response.reasons if each.response is not None else []
    said = [
        account.name, account.region, account.segment, account.country, account.tier,
        contact.title, contact.department, contact.language, contact.role,
        reader.t(f"case.role.{contact.role}") if contact.role else None,
        *topics, *contact.judges, *(reason_label(topic, reader.t) for topic in topics),
        *forms_of(each), *(reader.t(f"reference.form.{form}") for form in forms_of(each)),
        each.response.product if each.response is not None else None,
    ]  # fmt: skip
    known = " ".join(part for part in said if part).casefold().replace("_", " ").split()
    return all(any(one.startswith(word) for one in known) for word in words)


async def for_all(session: Session, reader: Reader) -> list[Element]:
    """Gives who lets us use their name, for a place that colleagues of all teams read."""
    everybody = await references.offered(session, None)
    ids = [each.reference.id for each in everybody if each.reference is not None]
    used: dict[int, list[ReferenceUse]] = {}
    for use in await references.uses(session, ids, reader.now - _YEAR):
        used.setdefault(use.reference_id, []).append(use)
    body: list[Element] = []
    for each in everybody[:_SHOWN]:
        uses = used.get(each.reference.id, []) if each.reference is not None else []
        body += _entry(each, uses, reader, None)
    if len(everybody) > _SHOWN:
        more = reader.t("account.more", n=len(everybody) - _SHOWN)
        body.append(Text(more, "note"))
    return body


def _entry(
    each: Offer, uses: Sequence[ReferenceUse], reader: Reader, me: Member | None
) -> list[Element]:
    t, contact, account = reader.t, each.contact, each.account
    who = ", ".join(part for part in (contact.name, contact.title, account.name) if part)
    parts = [_words(forms_of(each), reader), account.segment, account.region]
    if each.response is not None:
        parts += [reason_label(topic, t) for topic in each.response.reasons]
        day = reader.short_day(each.response.answered_at)
        parts.append(t("reference.gave", score=each.response.score, day=day))
    parts.append(t("reference.used", n=len(uses), most=USES_A_YEAR))
    body: list[Element] = [
        Text(who, "strong"), Text(" · ".join(part for part in parts if part), "note"),
    ]  # fmt: skip
    if each.response is not None and each.response.comment and reader.comments:
        body.append(Text(cut(each.response.comment, _QUOTE), "quote"))
    if any(use.state == "asked" for use in uses):
        body.append(Text(t("reference.waiting"), "note"))
    value, name = str(contact.id), first_name(contact.name)
    row: list[Button] = []
    if len(uses) >= USES_A_YEAR:
        body.append(Text(t("reference.free_again", name=name, day=free_on(uses, reader)), "note"))
    else:
        row.append(Button(t("reference.button.ask", name=name), ASK, value, opens_form=True))
    if me is not None and rights.may_change_account(me, account):
        row.append(
            Button(
                t("reference.button.withdraw"), WITHDRAW, value,
                confirm=t("reference.confirm_withdraw", name=name),
            )
        )  # fmt: skip
    if row:
        body.append(Buttons(tuple(row)))
    return body


def free_on(uses: Sequence[ReferenceUse], reader: Reader) -> str:
    """Gives the day on which a contact may be asked again, by requests of a year, oldest first."""
    at = uses[len(uses) - USES_A_YEAR].asked_at + _YEAR
    return wording.long_day(reader.day(at), reader.t, reader.today)


def _refuse_used(uses: Sequence[ReferenceUse], offer: Offer, reader: Reader) -> None:
    if len(uses) >= USES_A_YEAR:
        name, day = first_name(offer.contact.name), free_on(uses, reader)
        raise Refused(reader.t("reference.free_again", name=name, day=day))


def _words(forms: Sequence[str], reader: Reader) -> str:
    return ", ".join(reader.t(f"reference.form.{each}") for each in forms)
