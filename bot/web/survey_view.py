"""Draws the survey page: templates, the page's own files, and the headers that guard it."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.web.survey_form import CHECKS, FIELDS, SCREENS, TEXTS, Sent, answer_of
from handlers import links
from handlers.answering.page import Page
from handlers.answers import AnswerError
from handlers.context import Context
from handlers.surveys import NPS_KINDS, OTHER_REPLIES, SCORE
from handlers.texts import Texts

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_NAMES = ("survey.css", "survey.js", "icon.svg")


@dataclass(frozen=True)
class File:
    """A file of the page, kept by browsers: its address changes with its content."""

    body: bytes
    version: str
    headers: dict[str, str]


@cache
def files() -> dict[str, File]:
    """Gives the page's own files by name."""
    found = {}
    for name in _NAMES:
        body = package_files("bot.web").joinpath("static", name).read_bytes()
        kind = _TYPES[name.rpartition(".")[2]]
        found[name] = File(
            body,
            hashlib.sha256(body).hexdigest()[:12],
            {
                "Content-Type": f"{kind}; charset=utf-8",
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )
    return found


def screen(
    page: Page,
    step: str,
    sent: Sent,
    *,
    error: AnswerError | None = None,
    notice: str | None = None,
) -> web.Response:
    """Gives a screen with its fields as sent, else as stored; 400 with an error at its field."""
    ctx, invitation = page.ctx, page.opened.invitation
    answer = answer_of(sent, invitation.id)
    page = replace(page, unsaved=(answer.reply, answer.score))
    shown = SCREENS.get(step, ())
    values = _values(page, sent)
    errors = {error.field: page.t(f"page.error.{error.problem}", **error.values)} if error else {}
    return drawn(
        f"survey_{step}.html",
        page.t,
        400 if error else 200,
        page=page,
        step=step,
        token=links.survey_token(ctx.secret, invitation.id),
        unsubscribe=links.unsubscribe_token(ctx.secret, page.opened.contact.id),
        form=links.form_token(ctx.secret, invitation.id),
        values=values,
        chosen=_chosen(page, values["score"]),
        others=OTHER_REPLIES if page.kind in NPS_KINDS else (),
        carried=[
            (name, value)
            for name in FIELDS
            if name not in shown
            for value in sent.fields.get(name, ())
        ],
        errors=errors,
        notice=page.t(notice) if notice else None,
    )


def not_you(page: Page) -> web.Response:
    """Gives the page for somebody who got another person's link."""
    t = page.t
    return drawn(
        "survey_notice.html",
        t,
        title=t("page.not_you_title", name=page.opened.contact.name),
        text=t("page.not_you_text", contact=page.contact_address),
        contact=page.contact_address,
        company=page.company,
        back=_back(page),
    )


def privacy(page: Page) -> web.Response:
    """Gives what is stored, who sees it, how long, and whom to ask."""
    return drawn("survey_privacy.html", page.t, page=page, back=_back(page), company=page.company)


def expired(page: Page) -> web.Response:
    """Tells kindly that the survey is closed."""
    until = page.opened.invitation.expires_at
    day = page.last_day(until) if until else ""
    return _notice(page, 410, "expired", day=day)


def locked(page: Page, status: int) -> web.Response:
    """Tells what is stored and that it can no longer be changed."""
    answer = page.answer
    has_score = answer is not None and answer.reply == SCORE
    return _notice(
        page,
        status,
        "locked" if has_score else "locked_reply",
        title="locked_title",
        score=answer.score if answer else "",
        day=page.day(answer.answered_at) if answer else "",
    )


def too_large(page: Page) -> web.Response:
    """Tells that there was too much text."""
    return _notice(page, 413, "too_large")


def failed(page: Page) -> web.Response:
    """Tells that the answer could not be stored just now."""
    return _notice(page, 503, "failed")


def unknown(ctx: Context, t: Texts) -> web.Response:
    """Tells kindly that a link does not work."""
    contact = ctx.programme.privacy.contact or t("page.unknown_contact")
    return _about(ctx, t, 404, "unknown", contact)


def stop(ctx: Context, t: Texts) -> web.Response:
    """Asks whether we shall stop asking."""
    return drawn("survey_stop.html", t, company=ctx.programme.company)


def stopped(ctx: Context, t: Texts) -> web.Response:
    """Confirms that we don't ask again."""
    contact = ctx.programme.privacy.contact or t("page.unknown_contact")
    return _about(ctx, t, 200, "stopped", contact)


def about(ctx: Context, t: Texts) -> web.Response:
    """Tells who runs npsbot, what is stored, and on which terms it is used."""
    rules, company = ctx.programme.privacy, ctx.programme.company
    contact = rules.contact or t("page.unknown_contact")
    return drawn("about.html", t, company=company, rules=rules, contact=contact)


def _notice(
    page: Page, status: int, key: str, title: str | None = None, **values: object
) -> web.Response:
    t = page.t
    return drawn(
        "survey_notice.html",
        t,
        status,
        title=t(f"page.{title or f'{key}_title'}"),
        text=t(f"page.{key}", contact=page.contact_address, **values),
        contact=page.contact_address,
        company=page.company,
        back=None,
    )


def _about(ctx: Context, t: Texts, status: int, key: str, contact: str) -> web.Response:
    company = ctx.programme.company
    return drawn(
        "survey_notice.html",
        t,
        status,
        title=t(f"page.{key}_title"),
        text=t(f"page.{key}", contact=contact, company=company),
        contact=contact,
        company=company,
        back=None,
    )


def drawn(template: str, t: Texts, status: int = 200, **values: Any) -> web.Response:
    """Gives a page in the survey's clothes."""
    versions = {name: file.version for name, file in files().items()}
    text = _environment().get_template(template).render(t=t, versions=versions, **values)
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={**HEADERS, "Content-Language": t.language},
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    return environment


def _linked(text: str, address: str) -> Markup:
    """Gives a text in which the e-mail address can be pressed."""
    safe = escape(text)
    if "@" not in address:
        return safe
    link = Markup('<a href="mailto:{0}">{0}</a>').format(address)
    return Markup(str(safe).replace(str(escape(address)), str(link)))


def _values(page: Page, sent: Sent) -> dict[str, Any]:
    """Gives what stands in the fields: as sent, else as stored."""
    stored = page.answer
    values: dict[str, Any] = {"score": sent.one("score") or _stored_reply(page)}
    for name in (*TEXTS, "satisfaction"):
        column = "call_when" if name == "when" else name
        kept = getattr(stored, column) if stored else None
        values[name] = sent.one(name) if sent.has(name) else ("" if kept is None else str(kept))
    values["reasons"] = (
        sent.all("reasons") if sent.has("reasons") else tuple(stored.reasons if stored else ())
    )
    for name in CHECKS:
        values[name] = (
            bool(sent.one(name)) if sent.has(name) else bool(getattr(stored, name, False))
        )
    return values


def _stored_reply(page: Page) -> str:
    if page.answer is None:
        return ""
    return str(page.answer.score) if page.answer.reply == SCORE else page.answer.reply


def _chosen(page: Page, score: str) -> str | None:
    """Gives the words on the button for the chosen reply, None when nothing fitting is chosen."""
    if score in OTHER_REPLIES:
        return page.t("page.send_reply")
    low, high = page.question.low, page.question.high
    if score in {str(number) for number in range(low, high + 1)}:
        return page.t("page.send", score=score)
    return None


def _back(page: Page) -> str:
    return f"/s/{links.survey_token(page.ctx.secret, page.opened.invitation.id)}"
