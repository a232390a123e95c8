"""“Change the question” and “Don't ask”: the owner's say before the customer is asked."""

from handlers.cards import Form, FormErrors, Input, Reply, Text
from handlers.cases import acting
from handlers.cases.acting import Plan, Scene
from handlers.cases.taking import case_id
from handlers.chat import Click, Submission, row_id
from handlers.context import Context, Refused
from handlers.texts import of
from storage import letters
from storage.letters import Asked
from storage.models import LetterStatus, Member

LONGEST = 1000
_REASON = 200


async def edit_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Opens the words that the customer reads before the question."""
    view = await acting.opened(ctx, me, case_id(click))
    t = of(me.language, ctx.programme.language)
    async with ctx.db.reading() as session:
        planned = _planned(await letters.of_case(session, view.case.id), view.case.round)
    if not planned:
        raise Refused(t("settled.gone"))
    shown = planned[0].letter.text or view.case.what_was_done
    field = Input("long_text", "words", t("settled.edit_words"), value=shown, max_length=LONGEST)
    intro = (Text(t("settled.edit_intro"), "note"),)
    return Form(
        t("settled.edit"), (field,), "settled_edit", str(view.case.id), t("case.save"), intro
    )


async def edited(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps the words for all letters of the case that have not gone out."""
    t = of(me.language, ctx.programme.language)
    words = event.text("words")
    if not words:
        return FormErrors({"words": t("settled.need_words")})

    async def decide(scene: Scene) -> Plan | None:
        found = await letters.of_case(scene.session, scene.case.id)
        planned = _planned(found, scene.case.round)
        if not planned:
            raise Refused(t("settled.gone"))
        for each in planned:
            each.letter.text, each.letter.written_by = words, me.id
            scene.session.add(each.letter)
        return Plan("question_changed", {}, words, undoable=False)

    outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    return await acting.reply(ctx, event, me, outcome)


async def dont_form(ctx: Context, click: Click, me: Member) -> Reply:
    """Asks why the customer shall not be asked."""
    view = await acting.opened(ctx, me, case_id(click))
    t = of(me.language, ctx.programme.language)
    field = Input("text", "reason", t("settled.dont_why"), max_length=_REASON)
    return Form(t("settled.dont"), (field,), "settled_dont", str(view.case.id), t("case.save"))


async def dont(ctx: Context, event: Submission, me: Member) -> Reply:
    """Stops the question; the card says why."""
    t = of(me.language, ctx.programme.language)
    reason = event.text("reason")
    if not reason:
        return FormErrors({"reason": t("settled.need_reason")})

    async def decide(scene: Scene) -> Plan | None:
        found = await letters.of_case(scene.session, scene.case.id)
        if not _planned(found, scene.case.round):
            raise Refused(t("settled.gone"))
        await letters.cancel(scene.session, scene.case.id, "owner", scene.case.round)
        return Plan("not_asked", {"not_asked": f"owner:{reason}"}, reason, undoable=False)

    outcome = await acting.carry_out(ctx, event, me, row_id(event.value), decide)
    return await acting.reply(ctx, event, me, outcome)


def _planned(asked: list[Asked], round_: int) -> list[Asked]:
    return [
        each
        for each in asked
        if each.letter.status == LetterStatus.PLANNED and each.letter.round == round_
    ]
