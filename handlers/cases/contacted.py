"""“I called or wrote” and “Solved”: the two forms that move a case to its end."""

from dataclasses import replace
from datetime import date
from typing import Any

from handlers import days
from handlers.cards import Choice, Form, FormErrors, Input, Reply, Text
from handlers.cases import acting, naming, promising
from handlers.cases.acting import Plan, Scene
from handlers.cases.card_facts import known
from handlers.cases.taking import case_id
from handlers.cases.view import Answer, CaseView, first_name
from handlers.chat import Click, Submission, row_id
from handlers.context import Context
from handlers.settled import planning
from handlers.texts import Texts, of
from storage import case_view
from storage.models import CaseState, Member

OUTCOMES = ("saved", "process_changed", "lesson", "lost")
NEXT = ("solved", "promised", "again")
_LONG = 3000
_LINE = 300
_FURTHER = "further"  # who saves was asked what the chosen step needs


async def contact_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form of “I called or wrote”: reached, what they said, what comes next."""
    view = await acting.opened(ctx, me, case_id(click))
    t = of(me.language, ctx.programme.language)
    if not acting.is_open(view.case):
        return await acting.told_stale(ctx, click, me, view)
    return _contact_questions(view, naming.answer_for(view, click.value, t), t)


def _contact_questions(view: CaseView, answer: Answer, t: Texts, step: str = "") -> Form:
    """Gives the form; what a step needs to know is asked once the step is chosen."""
    name = first_name(answer.contact.name)
    further: tuple[Input, ...] = ()
    if step == "promised":
        further = promising.inputs(t)
    elif step == "again":
        further = (Input("date", "again_on", t("case.contact_form.again_on")),)
    return Form(
        t("case.contact_form.title"),
        (
            Input("yes_no", "reached", t("case.contact_form.reached", name=name)),
            Input(
                "long_text", "said", t("case.contact_form.said"), required=False, max_length=_LONG
            ),
            Input(
                "choice",
                "next",
                t("case.contact_form.next"),
                options=tuple(Choice(key, t(f"case.contact_form.next_{key}")) for key in NEXT),
            ),
            *further,
        ),
        "case.contact",
        f"{view.case.id}:{answer.response.id}",
        t("case.save"),
    )


async def _asked_further(ctx: Context, event: Submission, me: Member, t: Texts) -> Form | None:
    """Gives the form with the questions of the chosen step and all that was typed, else None."""
    step = event.text("next")
    needed = {"promised": "promise", "again": "again_on"}.get(step)
    was_shown = event.value.rpartition(":")[2] in (_FURTHER, promising.ANYWAY)
    if needed is None or event.text(needed) or (was_shown and needed in event.inputs):
        return None
    view = await acting.opened(ctx, me, _case_of(event))
    asked = _contact_questions(view, naming.answer_for(view, event.value, t), t, step)
    intro = (Text(t(f"case.contact_form.further_{step}")),)
    filled = promising.filled(asked, event)
    return replace(filled, value=f"{asked.value}:{_FURTHER}", intro=intro)


async def contacted(ctx: Context, event: Submission, me: Member) -> Reply:
    """Keeps what was said and what comes next; “solved” opens the form that asks how."""
    t = of(me.language, ctx.programme.language)
    today = days.today(ctx, me)
    errors, by, again = _check(event, t, today)
    deliverer = None
    async with ctx.db.reading() as session:
        if event.text("next") == "promised":
            deliverer = await promising.deliverer_of(session, event, me)
            if deliverer is None:
                errors["deliverer"] = t("promise.unknown")
    asked = await _asked_further(ctx, event, me, t) if "reached" not in errors else None
    if asked is not None:
        return asked
    if errors:
        return FormErrors(errors)
    if deliverer is not None and not event.value.endswith(f":{promising.ANYWAY}"):
        shown = await promising.warning(ctx, me, deliverer, t)
        if shown:
            view = await acting.opened(ctx, me, _case_of(event))
            answer = naming.answer_for(view, event.value, t)
            asked = _contact_questions(view, answer, t, "promised")
            return promising.again(asked, event, deliverer, shown, t)
    step, said = event.text("next"), event.text("said") or None
    values: dict[str, Any] = {
        "state": CaseState.CONTACTED,
        "reached": event.text("reached") == "yes",
        "call_again_on": again if step == "again" else None,
    }

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        own = {**acting.taking(scene), **values, "contacted_at": scene.now}
        who = await naming.contact_for(scene, event.value)
        if deliverer is None or by is None:
            return Plan("contacted", own, said, contact_id=who)
        draft = promising.Draft(
            event.text("promise"), by, deliverer, event.text("lasting") == "always", who
        )
        tell = await promising.promise(scene, draft)
        own |= {"promised": draft.what, "promise_by": by}
        return Plan("promised", own, said, tell=tell, contact_id=who)

    outcome = await acting.carry_out(ctx, event, me, _case_of(event), decide)
    if outcome.done and step == "solved":
        return solve_questions(outcome.view, event.value, t)
    return await acting.reply(ctx, event, me, outcome)


async def solve_form(ctx: Context, click: Click, me: Member) -> Reply:
    """The form that asks, once, how a case was solved."""
    view = await acting.opened(ctx, me, case_id(click))
    if not acting.is_open(view.case):
        return await acting.told_stale(ctx, click, me, view)
    return solve_questions(view, click.value, of(me.language, ctx.programme.language))


def solve_questions(view: CaseView, value: str, t: Texts) -> Form:
    """Gives the form; the root cause is filled in from the reasons of the case's customers."""
    answer = naming.answer_for(view, value, t)
    given = [reason for each in view.answers for reason in each.response.reasons]
    texts = t.keys()
    shipped = sorted(key.partition(".")[2] for key in texts if key.startswith("reasons."))
    causes = list(dict.fromkeys([*given, *shipped]))
    expected = next(
        (f"case.expected.{key}" for key in given if f"case.expected.{key}" in texts), None
    )
    name = first_name(answer.contact.name)
    reached = Input("yes_no", "reached", t("case.contact_form.reached", name=name))
    return Form(
        t("case.solve_form.title"),
        (
            *((reached,) if view.case.reached is None else ()),
            Input(
                "choice",
                "outcome",
                t("case.solve_form.outcome"),
                options=tuple(Choice(key, t(f"case.outcome.{key}")) for key in OUTCOMES),
            ),
            Input(
                "choice",
                "cause",
                t("case.solve_form.cause"),
                required=False,
                value=given[0] if given else None,
                options=tuple(
                    Choice(key, t(f"reasons.{key}") if known(t, key) else key) for key in causes
                ),
            ),
            Input(
                "text",
                "expected",
                t("case.solve_form.expected"),
                required=False,
                value=t(expected) if expected else None,
                hint=t(f"case.solve_form.expected_{'suggested' if expected else 'hint'}"),
                max_length=_LINE,
            ),
            Input(
                "long_text",
                "done",
                t("case.solve_form.done"),
                hint=t("case.solve_form.done_hint"),
                max_length=_LONG,
            ),
            Input(
                "text",
                "helped",
                t("case.solve_form.helped"),
                required=False,
                hint=t("case.solve_form.helped_hint"),
                max_length=_LINE,
            ),
        ),
        "case.solve",
        f"{view.case.id}:{answer.response.id}",
        t("case.save"),
    )


async def solved(ctx: Context, event: Submission, me: Member) -> Reply:
    """Solves a case with outcome, cause, what was done and what helped."""
    t = of(me.language, ctx.programme.language)
    errors = {}
    if event.text("outcome") not in OUTCOMES:
        errors["outcome"] = t("case.solve_form.need_outcome")
    if not event.text("done"):
        errors["done"] = t("case.solve_form.need_done")
    if errors:
        return FormErrors(errors)

    async def decide(scene: Scene) -> Plan | None:
        if not acting.is_open(scene.case):
            return None
        values = {
            **acting.taking(scene),
            "state": CaseState.SOLVED,
            "solved_at": scene.now,
            "solved_by": scene.me.id,
            "outcome": event.text("outcome"),
            "root_cause": event.text("cause") or None,
            "broken_expectation": event.text("expected") or None,
            "expectation_suggested": _is_suggested(event.text("expected"), t),
            "what_was_done": event.text("done"),
            "what_helped": event.text("helped") or None,
            "snoozed_until": None,
        }
        if event.text("reached"):
            values["reached"] = event.text("reached") == "yes"
        who = await naming.contact_for(scene, event.value)
        reached = values.get("reached", await _was_reached(scene))
        values["not_asked"] = await planning.solved(scene, event.text("outcome"), reached)
        values["settled"] = None
        return Plan("solved", values, event.text("done"), contact_id=who)

    outcome = await acting.carry_out(ctx, event, me, _case_of(event), decide)
    return await acting.reply(ctx, event, me, outcome)


async def _was_reached(scene: Scene) -> bool:
    """Tells whether the customer was ever reached: a later call in vain takes nothing away."""
    events = await case_view.events(scene.session, scene.case.id)
    before = (each.before.get("reached") for each in events if not each.undone)
    return bool(scene.case.reached) or any(before)


def _is_suggested(expected: str, t: Texts) -> bool:
    """Tells whether an expectation stands as the form suggested it: nobody put it in words."""
    keys = t.keys()
    return any(expected == t(key) for key in keys if key.startswith("case.expected."))


def _case_of(event: Submission) -> int:
    return row_id(event.value.partition(":")[0])


def _check(
    event: Submission, t: Texts, today: date
) -> tuple[dict[str, str], date | None, date | None]:
    """Gives what is wrong by input, and the days for the promise and the next call."""
    errors: dict[str, str] = {}
    if event.text("reached") not in ("yes", "no"):
        errors["reached"] = t("case.contact_form.need_reached")
    step = event.text("next")
    if step not in NEXT:
        errors["next"] = t("case.contact_form.need_next")
    if step == "promised" and not event.text("promise"):
        errors["promise"] = t("case.contact_form.need_promise")
    found: dict[str, date | None] = {}
    for name, needed_for in (("promise_by", "promised"), ("again_on", "again")):
        found[name] = None
        if step != needed_for:
            continue
        typed = event.text(name)
        found[name] = days.read_day(typed, today)
        if not typed:
            key = "need_promise_by" if name == "promise_by" else "need_again"
            errors[name] = t(f"case.contact_form.{key}")
        elif found[name] is None:
            errors[name] = t("case.contact_form.bad_day")
        elif (found[name] or today) < today:
            errors[name] = t("case.contact_form.past")
    return errors, found["promise_by"], found["again_on"]
