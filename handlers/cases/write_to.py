"""“Write to Jane”: a draft in the contact's language, to be copied; the bot never sends it."""

from collections.abc import Sequence
from urllib.parse import quote

from handlers import wording
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
from storage.models import Member

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
    answer = naming.answer_for(outcome.view, click.value, me)
    t = of(me.language, ctx.programme.language)
    return Whisper(draft_card(outcome.view, answer, me, t, ctx))


def draft_card(view: CaseView, answer: Answer, me: Member, t: Texts, ctx: Context) -> Card:
    """Gives the draft as text to copy, and as a link that opens it in a mail program."""
    theirs = texts_of(answer.contact, ctx.programme)
    text = draft(view, answer, me, theirs)
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


def draft(view: CaseView, answer: Answer, me: Member, t: Texts) -> str:
    """Gives the letter in the contact's language, from the reasons and the promise."""
    case, response = view.case, answer.response
    lines = [t("case.draft.hello", name=first_name(answer.contact.name)), ""]
    lines.append(t("case.draft.thanks", score=response.score))
    if response.comment and reads_comments(me):
        lines.append(t("case.draft.quote", words=cut(response.comment, _QUOTED)))
    lines += _about(response.reasons, t)
    if case.promised:
        day = wording.long_day(case.promise_by, t) if case.promise_by else None
        key = "case.draft.promise_by" if day else "case.draft.promise"
        lines.append(t(key, what=case.promised.rstrip("."), day=day))
    elif response.contact_wish == "call":
        when = f" ({response.call_when})" if response.call_when else ""
        lines.append(t("case.draft.call", when=when))
    else:
        lines.append(t("case.draft.ask"))
    return "\n".join([*lines, "", t("case.draft.bye"), me.name])


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
