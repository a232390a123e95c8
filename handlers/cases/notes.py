"""Notes on a case: a reply in its card's thread, a message picked out, or the form."""

from handlers.accounts.reader import cut
from handlers.cards import Choice, Form, FormErrors, Input, Reply, whisper
from handlers.cases import acting, seeing
from handlers.cases.acting import Plan, Scene
from handlers.cases.card import title
from handlers.cases.taking import case_id
from handlers.cases.view import load
from handlers.chat import Click, Remark, Submission, row_id
from handlers.context import Context, Refused
from handlers.texts import of
from storage import cases
from storage.models import Member, Posting

_LONG = 3000
_LABEL = 75
_CHOICES = 20  # cases to choose from; loading each costs a dozen statements


async def heard(ctx: Context, event: Remark, me: Member, posting: Posting | None) -> Reply:
    """Keeps what was written in the thread of a case's card, or picked out of a conversation."""
    if posting is None:
        return await _which(ctx, event, me)
    if event.picked and event.message.id == posting.message_id:
        return _form(ctx, me, str(posting.subject_id))  # our own card: the words are still to come
    if not event.text.strip():  # a picture alone: there are no words to keep
        if event.picked:
            raise Refused(of(me.language, ctx.programme.language)("note.empty"))
        return None
    return await _keep(ctx, event, me, posting.subject_id, event.text)


async def note_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “Note”."""
    await acting.opened(ctx, me, case_id(click))
    return _form(ctx, me, str(case_id(click)))


async def noted(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps a typed note; the case is that of the form, or the one chosen in it."""
    t = of(me.language, ctx.programme.language)
    chosen = row_id(event.value) or row_id(event.text("case"))
    errors = {}
    if not chosen:
        errors["case"] = t("note.which")
    if not event.text("text"):
        errors["text"] = t("note.empty")
    if errors:
        return FormErrors(errors)
    return await _keep(ctx, event, me, chosen, event.text("text"))


async def _keep(
    ctx: Context, event: Remark | Submission, me: Member, case: int, text: str
) -> Reply:
    async def decide(_scene: Scene) -> Plan | None:
        return Plan("note", {}, text, undoable=False)

    outcome = await acting.carry_out(ctx, event, me, case, decide)
    t = of(me.language, ctx.programme.language)
    return whisper(t("note.kept", account=outcome.view.account.name))


async def _which(ctx: Context, event: Remark, me: Member) -> Reply:
    """Asks which case a picked message belongs to."""
    t = of(me.language, ctx.programme.language)
    options = []
    async with ctx.db.reading() as session:
        found = [
            case
            for case, account in await cases.open_with_accounts(session)
            if seeing.may_see(me, account, case, ctx.programme)
        ]
        found.sort(key=lambda case: me.id not in (case.owner_id, case.taken_by))  # mine first
        for case in found[:_CHOICES]:
            view = await load(session, ctx, case.id)
            line = title(view, view.answer(None), t)
            options.append(Choice(str(case.id), cut(line, _LABEL)))
    if not options:
        raise Refused(t("note.no_case"))
    case_input = Input("choice", "case", t("note.case"), options=tuple(options))
    return _form(ctx, me, "", event.text, (case_input,))


def _form(
    ctx: Context, me: Member, value: str, text: str | None = None, inputs: tuple[Input, ...] = ()
) -> Form:
    t = of(me.language, ctx.programme.language)
    words = Input(
        "long_text",
        "text",
        t("note.text"),
        value=text[:_LONG] if text else None,
        hint=t("note.hint"),
        max_length=_LONG,
    )
    return Form(t("note.title"), (*inputs, words), "case.note", value, t("case.save"))
