"""The card of a task: what a customer said or did not say, what to do, and by when."""

from handlers import wording
from handlers.accounts.card import SHOW
from handlers.accounts.reader import Reader, first_name
from handlers.cards import Button, Buttons, Card, Element, Facts, Text, Tone
from handlers.surveys import reason_label
from handlers.tasks import outcomes
from storage.models import Task, TaskState
from storage.tasks import Work

OPEN, DONE, LATER, REOPEN = "task_open", "task_done", "task_later", "task_reopen"
LIST, CALLS, LOG, CALL_SILENT = "task_list", "calls_list", "call_log", "silent_call"
THANKS = "thanks_pass"


def task_card(work: Work, reader: Reader, names: dict[int, str], extra: "Extra") -> Card:
    """Gives the card of a task as it stands; `names` are those of members by id."""
    t, task = reader.t, work.task
    body: list[Element] = []
    if reader.comments and work.response is not None:
        body += [
            Text(words, "quote") for words in (work.response.comment, work.response.idea) if words
        ]
    facts = _facts(work, reader)
    if facts:
        body.append(Facts(facts))
    if task.state == TaskState.OPEN:
        body += [*extra.body, Text(t(f"task.hint.{task.what}", name=name_of(work)))]
    elif task.note and reader.comments:
        body.append(Text(task.note, "quote"))
    body.append(Buttons(_buttons(work, reader, extra)))
    return Card(
        title(work, reader),
        tuple(body),
        tone=_tone(task, reader),
        status=status(work, reader, names),
        foot=_foot(task, reader, names),
        push=title(work, reader),
    )


class Extra:
    """What a kind of task shows beside what all have."""

    def __init__(
        self, body: tuple[Element, ...] = (), buttons: tuple[Button, ...] | None = None
    ) -> None:
        self.body = body
        self.buttons = buttons  # in place of “I talked to …”


def title(work: Work, reader: Reader) -> str:
    """Gives what a task is about, in a line."""
    score = work.response.score if work.response is not None else None
    renewal = work.account.renewal_date
    what = work.task.what
    if what == "call" and work.contact is None:
        what = "call_account"
    return reader.t(
        f"task.title.{what}",
        account=work.account.name,
        name=work.contact.name if work.contact else "",
        score="" if score is None else score,
        day="" if renewal is None else wording.long_day(renewal, reader.t, reader.today),
    )


def name_of(work: Work) -> str:
    """Gives the first name of whom a task is about, else the account's name."""
    return first_name(work.contact.name) if work.contact else work.account.name


def status(work: Work, reader: Reader, names: dict[int, str]) -> str | None:
    """Gives by when a task is to be done, or what became of it."""
    t, task = reader.t, work.task
    if task.state == TaskState.DROPPED:
        return t("task.status.dropped")
    if task.state == TaskState.DONE:
        who = first_name(names.get(task.done_by or 0, ""))
        when = reader.moment(task.done_at) if task.done_at else ""
        return t("task.status.done", name=who, when=when)
    if task.due_at is None:
        return None
    when = wording.long_day(reader.day(task.due_at), t, reader.today)
    return t("task.status.late" if task.due_at < reader.now else "task.status.open", day=when)


def _tone(task: Task, reader: Reader) -> Tone:
    if task.state != TaskState.OPEN:
        return "good" if task.state == TaskState.DONE else "neutral"
    return "attention" if task.due_at is not None and task.due_at < reader.now else "neutral"


def _facts(work: Work, reader: Reader) -> tuple[tuple[str, str], ...]:
    t, contact, response, account = reader.t, work.contact, work.response, work.account
    facts = []
    if contact is not None:
        role = t(f"case.role.{contact.role}") if contact.role else ""
        who = [part for part in (contact.title, role) if part]
        reach = [part for part in (contact.phone, contact.email) if part]
        facts += [(t("task.fact.who"), " · ".join(who)), (t("task.fact.reach"), " · ".join(reach))]
    if response is not None:
        reasons = ", ".join(reason_label(reason, t) for reason in response.reasons)
        facts.append((t("task.fact.why"), reasons))
        if response.quote_me:
            facts.append((t("task.fact.quote"), t("task.fact.quote_yes")))
        if response.contact_wish in ("call", "write"):
            wish = [t(f"task.fact.wish_{response.contact_wish}"), response.call_when or ""]
            facts.append((t("task.fact.wish"), " · ".join(part for part in wish if part)))
    facts.append((t("task.fact.at_stake"), " · ".join(wording.stake(account, t, reader.today))))
    if work.task.outcome is not None:
        facts.append((t("task.fact.outcome"), t(f"task.outcome.{work.task.outcome}")))
    return tuple((label, value) for label, value in facts if value) if account else ()


def _buttons(work: Work, reader: Reader, extra: Extra) -> tuple[Button, ...]:
    t, task = reader.t, work.task
    value = str(task.id)
    show = (
        Button(work.account.name, SHOW, str(work.account.id)),
        Button(t("calls.title"), CALLS, "mine")
        if task.what in outcomes.IN_CALLS
        else Button(t("task.button.all"), LIST, "mine"),
    )
    if task.state == TaskState.DONE and task.what in outcomes.OF:
        return (Button(t("task.button.reopen"), REOPEN, value), *show)
    if task.state != TaskState.OPEN:
        return show
    row: list[Button] = []
    if extra.buttons is not None:
        row += extra.buttons
    if task.what in outcomes.OF and extra.buttons is None:
        what = "done_unsubscribed" if task.what == "unsubscribed" else "done"
        label = t(f"task.button.{what}", name=name_of(work))
        row.append(Button(label, DONE, value, style="primary", opens_form=True))
    if work.response is not None and work.response.comment and task.what == "promoter":
        row.append(Button(t("task.button.thanks"), THANKS, value, opens_form=True))
    row.append(Button(t("task.button.later"), LATER, value))
    return (*row, *show)


def _foot(task: Task, reader: Reader, names: dict[int, str]) -> str | None:
    t = reader.t
    parts = []
    if task.later_until is not None and task.later_until > reader.today:
        day = wording.long_day(task.later_until, t, reader.today)
        parts.append(t("task.later_until", day=day))
    thanked = task.detail.get("thanked")
    if thanked:
        parts.append(t("task.thanked", names=", ".join(thanked)))
    owner = names.get(task.owner_id or 0)
    if owner and task.state == TaskState.OPEN:
        parts.append(t("task.owner", name=owner))
    return " · ".join(parts) or None
