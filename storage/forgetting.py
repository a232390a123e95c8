"""Takes a person away for good: what they said, what was said of them, and who they were."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, cast, delete, func, select, true, update
from sqlmodel import SQLModel, col

from storage.db import Session
from storage.models import NAMELESS, ContactStatus, LetterStatus, TaskState, Wave, WaveState
from storage.personal import Record, Traces, ids_of, records
from storage.privacy import ERASED, cancel_planned

_TABLES = SQLModel.metadata.tables
_GONE = "–"
_TO_SEND = (LetterStatus.PLANNED, LetterStatus.SENDING)
_SHORTEST_NAME = 3  # shorter ones are words of their own
_AT_ONCE = 500  # rows that one transaction empties
# The fields of a card that hold words for people.
_READABLE = frozenset(
    {
        "title", "text", "facts", "columns", "rows", "label", "alt", "low_label", "high_label",
        "confirm", "status", "foot", "push", "hint",
    }
)  # fmt: skip
_NOTES = (
    "what_was_done", "what_helped", "promised", "not_critic_reason", "broken_expectation",
)  # fmt: skip


async def anonymise(
    session: Session, found: Traces, status: ContactStatus = ContactStatus.ERASED
) -> None:
    """Leaves the scores without a person: no name, address, words or visits; nothing more is sent.

    What our side wrote down in a case of this person alone goes too; in a case with others only
    this person's name and words go. The contacts stand with the status from then on.
    """
    await cancel_planned(session, found.contact_ids, ERASED)
    of_person = {"contact": found.contact_ids, "invitation": found.invitation_ids}
    nothing: dict[str, Record] = {
        "contact": {
            "email": None, "name": "", "phone": None, "title": None, "department": None,
            "slack_id": None, "teams_id": None, "language": None, "timezone": None,
            "status": status,
        },
        "invitation": {"message_place": None, "message_id": None},
    }  # fmt: skip
    for name, values in nothing.items():
        table = _TABLES[name]
        await session.execute(update(table).where(table.c.id.in_(of_person[name])).values(values))
    response, visit = _TABLES["response"], _TABLES["visit"]
    await session.execute(
        update(response)
        .where(response.c.id.in_(found.response_ids))
        .values(
            comment=None, idea=None, role_answer=None, phone=None, call_when=None,
            contact_wish=None, language=None, to_manager=False, quote_me=False,
        )
    )  # fmt: skip
    await _forget_work(session, found)
    await _forget_letters(session, found)
    await _forget_in_what_was_told(session, found)
    await session.execute(delete(visit).where(visit.c.invitation_id.in_(found.invitation_ids)))
    reply = _TABLES["mail_reply"]
    await session.execute(delete(reply).where(reply.c.contact_id.in_(found.contact_ids)))
    await _forget_left_out(session, found)


async def _forget_left_out(session: Session, found: Traces) -> None:
    """Takes the e-mail out of the lists of whom a wave leaves out."""
    if found.until is not None:
        return  # lists of old waves go as a whole, those of newer ones still hold
    wave = _TABLES["wave"]
    for row in (await session.execute(select(wave.c.id, wave.c.audience))).mappings():
        named = row["audience"].get("left_out_people", [])
        kept = [email for email in named if email.lower() not in found.emails]
        if kept != named:
            audience = {**row["audience"], "left_out_people": kept}
            await _set(session, "wave", dict(row), {"audience": audience})


async def _forget_letters(session: Session, found: Traces) -> None:
    """Takes the words out of what the person was asked and answered; nothing more is sent."""
    letter, settled = _TABLES["letter"], _TABLES["settled"]
    theirs = letter.c.contact_id.in_(found.contact_ids)
    await session.execute(update(letter).where(theirs).values(text=None))
    await session.execute(
        update(letter)
        .where(theirs, letter.c.status == LetterStatus.PLANNED)
        .values(status=LetterStatus.CANCELLED, reason=ERASED)
    )
    await session.execute(
        update(settled).where(settled.c.contact_id.in_(found.contact_ids)).values(comment=None)
    )


async def _forget_in_what_was_told(session: Session, found: Traces) -> None:
    """Takes the person's name and words out of what their accounts are told, and out of notes."""
    words = _pattern((*found.emails, *found.names, *found.words), found.names)
    told = [("improvement", "account_id", "text"), ("invitation_line", "account_id", "text")]
    ideas = await records(session, "idea", "response_id", found.response_ids)
    for idea in ideas:
        await _set(session, "idea", idea, {"note": None})
    for name, column, field in told:
        for row in await records(session, name, column, found.account_ids):
            if found.until is None or row["written_at"] < found.until:
                await _set(session, name, row, {field: _blank(words, row[field])})
    joined = _TABLES["shared_reason_response"]
    shared = await ids_of(
        session, joined.c.shared_reason_id, joined.c.response_id, found.response_ids
    )
    for row in await records(session, "shared_reason", "id", set(shared)):
        fixed = row["what_was_fixed"]
        await _set(
            session, "shared_reason", row, {"what_was_fixed": fixed and _blank(words, fixed)}
        )


async def _forget_work(session: Session, found: Traces) -> None:
    """Takes the person out of tasks, logged contacts and references: nothing is left to do."""
    task, touch, reference, use = (
        _TABLES[name] for name in ("task", "touch", "reference", "reference_use")
    )
    for table in (task, touch):
        await session.execute(
            update(table).where(table.c.contact_id.in_(found.contact_ids)).values(note=None)
        )
    await session.execute(
        update(task)
        .where(task.c.contact_id.in_(found.contact_ids), task.c.state == TaskState.OPEN)
        .values(state=TaskState.DROPPED)
    )
    theirs = await ids_of(session, reference.c.id, reference.c.contact_id, found.contact_ids)
    await session.execute(delete(use).where(use.c.reference_id.in_(theirs)))
    await session.execute(delete(reference).where(reference.c.id.in_(theirs)))
    contact = _TABLES["contact"]
    await session.execute(
        update(contact).where(contact.c.id.in_(found.contact_ids)).values(corrected={})
    )


async def forget_in_cases(session: Session, found: Traces) -> None:
    """Takes the person's name and words out of cases and their timeline."""
    joined, response, contact = (_TABLES[name] for name in ("case_response", "response", "contact"))
    known = contact.c.status.not_in(NAMELESS)
    others = select(response.c.id).join(contact, contact.c.id == response.c.contact_id).where(known)
    somebody_else = and_(
        joined.c.response_id.not_in(found.response_ids), joined.c.response_id.in_(others)
    )
    case_id = joined.c.case_id
    shared = await ids_of(session, case_id, case_id, found.case_ids, somebody_else)
    words = _pattern((*found.emails, *found.names, *found.words), found.names)

    def kept(case_id: int, note: str | None) -> str | None:
        return _blank(words, note) if note and case_id in shared else None

    for case in await records(session, "case", "id", found.case_ids):
        notes = {name: kept(case["id"], case[name]) for name in _NOTES}
        await _set(session, "case", case, notes)
    for event in await records(session, "case_event", "case_id", found.case_ids):
        before = {
            name: kept(event["case_id"], value) if name in _NOTES else value
            for name, value in event["before"].items()
        }
        theirs = event["contact_id"] in found.contact_ids  # what they said
        note = None if theirs else kept(event["case_id"], event["note"])
        await _set(session, "case_event", event, {"note": note, "before": before})
    for promise in await records(session, "promise", "case_id", found.case_ids):
        theirs = promise["contact_id"] in found.contact_ids
        what = _GONE if theirs else _blank(words, promise["what"])
        reason = None if theirs else promise["refused_reason"]
        await _set(session, "promise", promise, {"what": what, "refused_reason": reason})


async def forget_messages(session: Session, found: Traces) -> int:
    """Deletes the console's mails to the person and blanks what its messages say of them.

    Gives how many mails and messages were touched.
    """
    mail, message = _TABLES["console_mail"], _TABLES["console_message"]
    written = func.coalesce(message.c.changed_at, message.c.at)
    sent_by_then = true() if found.until is None else mail.c.at < found.until
    written_by_then = true() if found.until is None else written < found.until
    if (
        await session.execute(select(message.c.id).union(select(mail.c.id)).limit(1))
    ).first() is None:
        return 0
    theirs = select(mail.c.id).where(func.lower(mail.c.recipient).in_(found.emails), sent_by_then)
    ids = (await session.execute(theirs)).scalars().all()
    await session.execute(delete(mail).where(mail.c.id.in_(ids)))
    keys = {f"invitation:{made}" for made in found.invitation_ids}
    posted = await records(session, "posting", "response_id", found.response_ids)
    numbers = {each["message_id"] for each in posted if each["place"].startswith("console:")}
    tells = _pattern((*found.emails, *found.names))
    words = _pattern((*found.emails, *found.names, *found.words))
    touched = len(ids)
    query = select(message.c.id, message.c.key, message.c.card).where(written_by_then)
    for number, key, card in (await session.execute(query)).all():
        is_own = key in keys or str(number) in numbers
        if is_own or (tells is not None and _mentions(tells, card)):
            row = {"id": number, "card": card}
            await _set(session, "console_message", row, {"card": _blanked(words, card)})
            touched += 1
    return touched


def _blanked(words: re.Pattern[str] | None, value: Any, readable: bool = False) -> Any:
    """Blanks words where a person reads them; kinds, actions and values stay a valid card."""
    match value:
        case str():
            return _blank(words, value) if readable else value
        case list():
            return [_blanked(words, item, readable) for item in value]
        case dict():
            return {name: _blanked(words, item, name in _READABLE) for name, item in value.items()}
    return value


def _blank(words: re.Pattern[str] | None, text: str) -> str:
    return text if words is None else words.sub(_GONE, text)


def _pattern(words: Collection[str], names: Collection[str] = ()) -> re.Pattern[str] | None:
    """Whole words only: a person called Bo is not a box.

    Of `names` the first and the last one alone count too, written as a name is: Will, not will.
    """
    if not words:
        return None
    longest_first = sorted((re.escape(word.strip()) for word in words), key=len, reverse=True)
    parts = [part for name in names for part in (name.split()[0], name.split()[-1])]
    alone = [re.escape(part) for part in parts if len(part) >= _SHORTEST_NAME]
    found = "|".join((f"(?i:{'|'.join(longest_first)})", *alone))
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)")


def _mentions(pattern: re.Pattern[str], value: Any) -> bool:
    match value:
        case str():
            return pattern.search(value) is not None
        case list():
            return any(_mentions(pattern, item) for item in value)
        case dict():
            return any(_mentions(pattern, item) for item in value.values())
    return False


async def old_notes(session: Session, until: datetime) -> dict[str, Sequence[int]]:
    """Gives rows with what was noted of customers before a time, whoever it names, by table.

    It gives a bounded number of them: empty these, and ask again.
    """
    task, touch, letter, wave = (_TABLES[name] for name in ("task", "touch", "letter", "wave"))
    ended = func.coalesce(task.c.done_at, task.c.opened_at) < until
    closed = func.coalesce(wave.c.closed_at, wave.c.closes_at, wave.c.created_at) < until
    # What was written in a case goes with the answers of the case.
    by_itself = and_(letter.c.case_id.is_(None), letter.c.status.not_in(_TO_SEND))
    found: dict[str, Sequence[int]] = {}
    for name, old in {
        "touch": and_(touch.c.note.is_not(None), touch.c.at < until),
        "task": and_(task.c.note.is_not(None), task.c.state != TaskState.OPEN, ended),
        "letter": and_(letter.c.text.is_not(None), by_itself, letter.c.send_at < until),
        "wave": and_(
            wave.c.state.in_((WaveState.CLOSED, WaveState.STOPPED)),
            closed,
            cast(wave.c.audience, Text).like("%left_out_people%"),
        ),
    }.items():
        query = select(_TABLES[name].c.id).where(old).limit(_AT_ONCE)
        ids = (await session.execute(query)).scalars().all()
        if ids:
            found[name] = ids
    return found


async def empty(session: Session, found: Mapping[str, Sequence[int]]) -> None:
    """Empties what `old_notes` gave."""
    for name, field in (("touch", "note"), ("task", "note"), ("letter", "text")):
        table = _TABLES[name]
        if found.get(name):
            which = table.c.id.in_(found[name])
            await session.execute(update(table).where(which).values({field: None}))
    for wave in (
        await session.execute(select(Wave).where(col(Wave.id).in_(found.get("wave", ()))))
    ).scalars():
        # Whom the wave left out by e-mail; the accounts it left out stay.
        wave.audience = {
            name: value for name, value in wave.audience.items() if name != "left_out_people"
        }
        session.add(wave)


async def _set(session: Session, name: str, row: Record, values: Record) -> None:
    table = _TABLES[name]
    changed = {field: value for field, value in values.items() if row[field] != value}
    if changed:
        await session.execute(update(table).where(table.c.id == row["id"]).values(changed))
