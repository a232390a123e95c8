"""Answering in a chat: a click on the row is a confirmed answer, a form takes the rest."""

from collections.abc import Iterable
from dataclasses import replace

from handlers import answers, links, texts
from handlers.answering.answer import LONGEST, Answer, AnswerError
from handlers.answering.page import Page, open_page
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
from handlers.chat import Click, Person, Submission
from handlers.context import Context, Refused
from handlers.surveys import MOST_REASONS, SCORE
from storage.models import Contact


async def answer(ctx: Context, event: Click) -> Reply:
    """Stores the pressed number (`{token}:{n}`), settled at once; the card thanks."""
    token, _colon, pressed = event.value.rpartition(":")
    page = await _page(ctx, event.person, token)
    score = int(pressed) if pressed.isascii() and pressed.isdigit() else None
    step = Answer(page.opened.invitation.id, reply=SCORE, score=score, left=True)
    try:
        await answers.record(ctx, step)
    except AnswerError as error:
        raise Refused(_why_not(page, error)) from error
    return _thanks(await _page(ctx, event.person, token), token)


async def tell_more(ctx: Context, event: Click) -> Reply:
    """Opens the form with why, reasons, role question, idea and the contact wish."""
    page = await _page(ctx, event.person, event.value)
    if page.closed is not None or page.answer is None:
        return whisper(_closed(page, page.closed or "unknown"))
    return _form(page, event.value)


async def save_more(ctx: Context, event: Submission) -> Reply:
    """Stores the form; the thanks say who does what by when."""
    page = await _page(ctx, event.person, event.value)
    if len(event.chosen("reasons")) > MOST_REASONS:
        return FormErrors({"reasons": page.t("page.error.reasons")})
    try:
        await answers.record(ctx, _answer(page, event))
    except AnswerError as error:
        if error.field == "link":
            return whisper(_closed(page, error.problem))
        return FormErrors({error.field: page.t(f"page.error.{error.problem}", **error.values)})
    page = await _page(ctx, event.person, event.value)
    return _thanks(page, event.value, done=True)


async def _page(ctx: Context, person: Person, token: str) -> Page:
    """Gives the invitation's page; raises Refused for an unknown one or somebody else's."""
    invitation_id = links.read_survey_token(ctx.secret, token)
    page = await open_page(ctx, invitation_id) if invitation_id is not None else None
    if page is None:
        raise Refused(_unknown(ctx))
    if not is_theirs(person, page.opened.contact):
        raise Refused(page.t("answering.not_yours"))
    return page


def is_theirs(person: Person, contact: Contact) -> bool:
    """Tells whether this person is the contact: by the platform's id if we know it, else e-mail.

    Where neither is known on both sides the token decides, as it does on the page.
    """
    known = {"slack": contact.slack_id, "teams": contact.teams_id}.get(person.platform)
    if known is not None:
        return known == person.id
    if person.platform in ("slack", "teams") and person.email and contact.email:
        return person.email.strip().lower() == contact.email
    return True


def _answer(page: Page, event: Submission) -> Answer:
    step = Answer(
        page.opened.invitation.id,
        comment=event.text("comment"),
        reasons=event.chosen("reasons"),
        role_answer=event.text("role_answer"),
        idea=event.text("idea"),
        contact_wish=event.text("contact_wish") or None,
        phone=event.text("phone"),
        when=event.text("when"),
        finished=True,
    )
    if page.group == "critic":
        step = replace(step, to_manager="to_manager" in event.chosen("consent"))
    if page.group == "promoter":
        step = replace(step, quote_me="quote_me" in event.chosen("consent"))
    return step


def _thanks(page: Page, token: str, done: bool = False) -> Card:
    t, stored = page.t, page.answer
    assert stored is not None, "thanks follow a stored answer"
    scored = stored.reply == SCORE
    title = t("answering.thanks", score=stored.score) if scored else t("answering.thanks_reply")
    body: list[Element] = [Text(page.next_step)] if done else []
    buttons = Button(
        t("answering.change" if done else "answering.tell_more"),
        "answer_more",
        token,
        "plain" if done else "primary",
        opens_form=True,
    )
    body.append(Buttons((buttons,)))
    until = page.change_until
    foot = t("page.change_until", day=until) if until and not done else None
    return Card(title, tuple(body), "good" if done else "neutral", "person", foot=foot)


def _form(page: Page, token: str) -> Form:
    t, stored = page.t, page.answer
    assert stored is not None, "the form opens after an answer"
    inputs = [
        _text("comment", page.comment_question, stored.comment),
        Input(
            "choices", "reasons", t("page.reasons"), required=False,
            values=tuple(stored.reasons), options=_choices(page.reasons),
        ),
        _text("role_answer", page.role_question, stored.role_answer),
        _text("idea", t("page.idea"), stored.idea),
        Input(
            "choice", "contact_wish", t("page.wish_title", owner=page.owner), required=False,
            value=stored.contact_wish,
            options=_choices((wish, t(f"page.wish_{wish}")) for wish in ("call", "write", "none")),
        ),
        Input(
            "text", "phone", t("page.phone"), required=False, value=stored.phone,
            hint=page.phone_hint, max_length=LONGEST["phone"],
        ),
        Input(
            "text", "when", t("page.when"), required=False, value=stored.call_when,
            hint=t("page.when_hint"), max_length=LONGEST["when"],
        ),
        *_consent(page),
    ]  # fmt: skip
    return Form(
        t("answering.form_title"), tuple(inputs), "answer_more", token, t("answering.form_submit")
    )


def _consent(page: Page) -> list[Input]:
    t, stored = page.t, page.answer
    options: dict[str, str] = {}
    if page.group == "critic" and page.has_owner:
        options["to_manager"] = t("page.to_manager", owner=page.owner, owners=page.owners)
    if page.group == "promoter":
        options["quote_me"] = t("page.quote_me")
    if not options:
        return []
    ticked = tuple(name for name in options if getattr(stored, name))
    return [
        Input(
            "choices", "consent", t("answering.consent"), required=False, values=ticked,
            options=_choices(options.items()),
        )
    ]  # fmt: skip


def _text(name: str, label: str, value: str | None) -> Input:
    # Slack takes 3000 characters in one input.
    return Input("long_text", name, label, required=False, value=value, max_length=3000)


def _choices(pairs: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
    return tuple(Choice(value, label) for value, label in pairs)


def _why_not(page: Page, error: AnswerError) -> str:
    if error.field == "link":
        return _closed(page, error.problem)
    return page.t(f"page.error.{error.problem}", **error.values)


def _closed(page: Page, problem: str) -> str:
    return page.t(f"answering.{problem}", contact=page.contact_address)


def _unknown(ctx: Context) -> str:
    t = texts.of(ctx.programme.language)
    contact = ctx.programme.privacy.contact or t("page.unknown_contact")
    return t("answering.unknown", contact=contact)
