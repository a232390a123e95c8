"""What a kind of task shows beside what all show."""

from handlers.accounts.reader import Reader, first_name
from handlers.cards import Button, Facts
from handlers.tasks.card import Extra
from storage import members
from storage.db import Session
from storage.models import ReferenceUse, Task
from storage.tasks import Work

AGREE, REFUSE = "reference_agree", "reference_refuse"


async def extra_of(session: Session, work: Work, reader: Reader) -> Extra:
    """Gives what this task shows beside the rest, and its own buttons."""
    if work.task.what == "reference":
        return await _reference(session, work, reader)
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
