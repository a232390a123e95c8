"""The privacy statement in plain words, from the configuration in force: what is stored, who sees
it and how long, and what is measured of whom.
"""

from collections.abc import Sequence
from typing import Literal

from handlers import texts
from handlers.answers import KEEP_PROVISIONAL, KEEP_VISITS
from handlers.audit import KEEP_VIEWS_DAYS
from handlers.context import Context, Refused
from handlers.scopes import SMALL_TEAM
from handlers.settings import Programme
from handlers.texts import Texts
from handlers.waves.preview import missing_privacy

Readers = Literal["employees", "contacts"]
# Chapters in order, each with its paragraphs; what holds only under a setting is chosen below.
_EMPLOYEES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("why", ("what", "basis")),
    ("stored", ("about_you", "doing", "asked", "log")),
    ("measured", ("team", "{measure}", "size")),
    ("never", ("score", "rank", "watch", "alone")),
    ("seen", ("colleagues", "{open}", "customer", "log")),
    ("kept", ("acts", "views", "leaving")),
    ("rights", ("you_may", "write", "authority")),
)
_CONTACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("why", ("what", "basis", "voluntary")),
    ("stored", ("about_you", "asking", "answers", "after", "page")),
    ("reached", ("{channels}", "rest", "stop")),
    ("seen", ("team", "{open}", "manager", "quote", "not_sold")),
    ("kept", ("answers", "case", "leaving", "page", "erased")),
    ("rights", ("you_may", "write", "authority")),
)


def statement(ctx: Context, readers: Readers, language: str | None) -> str:
    """Gives the statement as text with Markdown headings; raises Refused without `[privacy]`."""
    rules = ctx.programme
    if not rules.privacy.complete:
        raise Refused(f"Fill in [privacy] first: {missing_privacy(ctx)}.")
    t = texts.of(language, rules.language)
    if readers == "contacts" and dict(rules.formality).get(t.language) in ("je", "du", "tu"):
        t = texts.of(t.language, informal=True)
    chapters = _EMPLOYEES if readers == "employees" else _CONTACTS
    values = _values(rules, t)
    lines = [f"# {t(f'statement.{readers}.title', **values)}", ""]
    lines += [t("statement.controller", **values), ""]
    for chapter, paragraphs in chapters:
        lines += [f"## {t(f'statement.{readers}.{chapter}.title')}", ""]
        for each in paragraphs:
            key = _chosen(each, rules)
            lines.append(f"- {t(f'statement.{readers}.{chapter}.{key}', **values)}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _chosen(paragraph: str, rules: Programme) -> str:
    """Gives the paragraph that holds under the settings."""
    match paragraph:
        case "{measure}":
            return f"measure_{rules.measure_members}"
        case "{open}":
            return "open" if rules.open else "closed"
        case "{channels}":
            return "channels"
        case _:
            return paragraph


def _values(rules: Programme, t: Texts) -> dict[str, object]:
    months = rules.privacy.keep_months or 0
    return {
        "company": rules.company,
        "controller": rules.privacy.controller,
        "contact": rules.privacy.contact,
        "kept": t.count("statement.months", months),
        "views": KEEP_VIEWS_DAYS,
        "visits": KEEP_VISITS.days,
        "provisional": KEEP_PROVISIONAL.days,
        "small": SMALL_TEAM,
        "rest": rules.rest_days,
        "rest_relationship": rules.rest_days_relationship,
        "change_days": rules.answer_change_days,
        "channels": _listed([channel for channel, _pace in rules.pace], t),
    }


def _listed(channels: Sequence[str], t: Texts) -> str:
    named = [t(f"statement.channel.{each}") for each in channels if each != "console"]
    if not named:
        return t("statement.channel.mail")
    return t("statement.and").join([", ".join(named[:-1]), named[-1]]) if named[1:] else named[0]
