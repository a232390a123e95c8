"""“Write to Jane”: a draft in the contact's language, to be copied; the bot never sends it."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

from handlers import days, wording
from handlers.accounts.reader import cut
from handlers.cards import Buttons, Card, Link, Reply, Text, Whisper
from handlers.cases import acting, naming, sent
from handlers.cases.acting import Plan, Scene
from handlers.cases.card_facts import known
from handlers.cases.taking import case_id
from handlers.cases.view import Answer, CaseView, first_name
from handlers.chat import Click
from handlers.context import Context
from handlers.rights import reads_comments
from handlers.surveys import texts_of
from handlers.texts import Texts, of
from storage.models import Member, Promise, PromiseState

_QUOTED = 200
_REASONS = 2


async def write_to(ctx: Context, click: Click, me: Member) -> Reply:
    """Shows the draft to who clicked; when the owner writes, the case is taken."""

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        values = acting.taking_by_owner(scene)
        asked = sent.question(scene, naming.response_of(click.value) or 0)
        return Plan("draft", values, undoable=bool(values), tell=(asked,))

    outcome = await acting.carry_out(ctx, click, me, case_id(click), decide)
    if not outcome.done:
        return await acting.reply(ctx, click, me, outcome)
    t = of(me.language, ctx.programme.language)
    answer = naming.answer_for(outcome.view, click.value, t)
    return Whisper(draft_card(outcome.view, answer, me, t, ctx))


def draft_card(view: CaseView, answer: Answer, me: Member, t: Texts, ctx: Context) -> Card:
    """Gives the draft as text to copy, and as a link that opens it in a mail program."""
    theirs = texts_of(answer.contact, ctx.programme)
    text = draft(view, answer, me, theirs, days.today(ctx, me))
    row = []
    if answer.contact.email:
        subject = quote(theirs("case.draft.subject"))
        address = quote(answer.contact.email, safe="@")
        url = f"mailto:{address}?subject={subject}&body={quote(text)}"
        row.append(Link(t("case.draft.mail"), url=url))
    return Card(
        t("case.draft.title", name=first_name(answer.contact.name)),
        (
            Text(t("case.draft.copy"), "note"),
            Text(text),
            *((Buttons(tuple(row)),) if row else ()),
        ),
        status=t("case.draft.status"),
    )


def draft(view: CaseView, answer: Answer, me: Member, t: Texts, today: date) -> str:
    """Gives the letter in the contact's language, from the reasons and the promise."""
    response = answer.response
    lines = [t("case.draft.hello", name=first_name(answer.contact.name)), ""]
    lines.append(t("case.draft.thanks", score=response.score))
    if response.comment and reads_comments(me):
        lines.append(t("case.draft.quote", words=cut(response.comment, _QUOTED)))
    lines += _about(response.reasons, t)
    promised = _promised(view, answer, today)
    if promised is not None:
        done = promised.state == PromiseState.DONE
        key = "case.draft.promise" if done else "case.draft.promise_by"
        day = wording.long_day(promised.due_on, t, today)
        lines.append(t(key, what=promised.what.rstrip("."), day=day))
    elif response.contact_wish == "call":
        when = f" ({response.call_when})" if response.call_when else ""
        lines.append(t("case.draft.call", when=when))
    elif response.contact_wish in ("write", "none"):
        lines.append(t(f"case.draft.ask_{response.contact_wish}"))
    else:
        lines.append(t("case.draft.ask"))
    return "\n".join([*lines, "", t("case.draft.bye"), me.name])


def _promised(view: CaseView, answer: Answer, today: date) -> Promise | None:
    """Gives what was last promised to this contact and stands: done, or with a day to come."""
    kept = [
        each.promise
        for each in view.promises
        if (view.of_contact(each.promise.contact_id) or view.answers[0]) is answer
        and (
            each.promise.state == PromiseState.DONE
            or (each.promise.state == PromiseState.OPEN and each.promise.due_on >= today)
        )
    ]
    return kept[-1] if kept else None


def _about(reasons: Sequence[str], t: Texts) -> list[str]:
    """Gives a sentence for each of the first reasons; their names where the programme's own."""
    said = [f"case.draft_reason.{key}" for key in reasons]
    lines = [t(key) for key in said if key in t][:_REASONS]
    own = [key for key in reasons if f"case.draft_reason.{key}" not in t]
    names = [t(f"reasons.{key}") if known(t, key) else key for key in own]
    if names and not lines:
        named = ", ".join(each[:1].lower() + each[1:] for each in names)
        lines.append(t("case.draft.about", reasons=named))
    return lines or [t("case.draft.sorry")]
