"""What a kind of task shows beside what all show."""

from dataclasses import replace

from handlers.accounts.people_card import ADD, who_signs
from handlers.accounts.reader import Reader, first_name
from handlers.cards import Button, Facts, Text
from handlers.tasks import openers
from handlers.tasks.card import Extra
from storage import accounts, members
from storage.db import Session
from storage.models import ContactRole, ContactStatus, Member, ReferenceUse, Task
from storage.tasks import Work

AGREE, REFUSE = "reference_agree", "reference_refuse"
ADDRESS, LEFT, STAYS = "offer_address", "offer_left", "offer_stays"


async def extra_of(session: Session, work: Work, reader: Reader, me: Member) -> Extra:
    """Gives what this task shows beside the rest, and its own buttons."""
    match work.task.what:
        case "reference":
            return await _reference(session, work, reader)
        case "bounced" | "left":
            return _bounced(work, reader)
        case "key_people":
            people = await accounts.contacts(session, [work.account.id])
            return Extra((), who_signs(work.account, people, reader.t))
        case "renewal":
            return await _renewal(session, work, reader, me)
        case _:
            return Extra()


def use_of(task: Task) -> int:
    """Gives the request for a reference that a task is about."""
    return int(task.detail.get("use", 0))


async def _reference(session: Session, work: Work, reader: Reader) -> Extra:
    """Who asks, for what, and the two answers."""
    t = reader.t
    use = await session.get(ReferenceUse, use_of(work.task))
    if use is None:
        return Extra()
    asker = await members.by_id(session, use.asked_by)
    facts = Facts(
        (
            (t("reference.fact.asks"), asker.name if asker else "–"),
            (t("reference.fact.form"), t(f"reference.form.{use.form}")),
            (t("reference.fact.for_what"), use.for_what),
        )
    )
    name, value = first_name(work.contact.name if work.contact else ""), str(work.task.id)
    buttons = (
        Button(t("reference.button.agreed", name=name), AGREE, value, style="primary"),
        Button(t("reference.button.not_now"), REFUSE, value),
    )
    return Extra((facts,), buttons)


def _bounced(work: Work, reader: Reader) -> Extra:
    t, value = reader.t, str(work.task.id)
    name = first_name(work.contact.name if work.contact else "")
    address = Button(t("offer.address"), ADDRESS, value, opens_form=True)
    left = Button(t("offer.left", name=name), LEFT, value)
    add = Button(t("people.add.button"), ADD, str(work.account.id), opens_form=True)
    if work.task.what == "bounced":
        return Extra((), (replace(address, style="primary"), left, add))
    # Only an automatic reply says so: it may be wrong.
    stays = Button(t("offer.stays", name=name), STAYS, value)
    return Extra((), (replace(left, style="primary"), stays, address, add))


async def _renewal(session: Session, work: Work, reader: Reader, me: Member) -> Extra:
    """Who decides there and was not heard, and a line to open with."""
    t, account = reader.t, work.account
    people = await accounts.contacts(session, [account.id])
    deciding = [
        each.name
        for each in people
        if each.role == ContactRole.DECISION_MAKER and each.status == ContactStatus.ACTIVE
    ]
    names = ", ".join(deciding) or t("offer.nobody_decides")
    line = (await openers.lines(session, me, [account], reader))[account.id]
    return Extra((Facts(((t("offer.decides"), names),)), Text(line)))
