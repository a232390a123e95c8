"""What the console's page shows: places, messages with their threads, the inbox, one mail."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from markupsafe import Markup

from bot.links import Addresses
from bot.web import console_draw
from handlers import texts, wording
from handlers.cards import Card, from_json
from handlers.cases.view import zone_of
from handlers.context import Context
from handlers.texts import Texts
from storage import console, members
from storage.models import ConsoleMail, ConsoleMessage, Member

PREFIX = "console:"
INBOX = "inbox"
SHARED = "shared-"


@dataclass(frozen=True)
class PlaceRow:
    """One line of the list of places; `last` is the id of its latest message."""

    place: str
    name: str
    last: int
    shared: bool = False


def is_direct(place: str) -> bool:
    """Tells whether a place is a person's direct messages: its name is an e-mail."""
    return "@" in place


class View:
    """Draws the state of the console for one acting person, in their language and time zone."""

    def __init__(self, ctx: Context, me: Member | None = None) -> None:
        self.ctx = ctx
        self.zone = zone_of(me, ctx)
        self.t: Texts = texts.of(me.language if me else None, ctx.programme.language)
        # Path only: the page, the survey pages and the pictures have one origin.
        self.addresses = Addresses("", ctx.secret, ctx.now)

    async def page(self) -> str:
        """Gives the page around everything else."""
        async with self.ctx.db.reading() as session:
            people = await members.everybody(session)
            contacts = await console.recipients(session)
        return console_draw.render(
            "console.html",
            t=self.t,
            company=self.ctx.programme.company,
            people=Markup(self._people(people, contacts)),
        )

    async def state(self, acting: str, place: str, typed: str) -> dict[str, Any]:
        """Gives the list of places, and the messages or mails of the chosen one, as HTML pieces."""
        async with self.ctx.db.reading() as session:
            version = await console.version(session)
            counted = await console.places(session)
            bound = await console.bound(session)
            people = await members.everybody(session)
            mails = await console.count_mails(session)
            contacts = await console.recipients(session)
            rows = await console.messages(session, place)
            me = next((member for member in people if member.email == acting), None)
            only = None if me else acting
            inbox = await console.mails(session, only, typed) if place == INBOX else []
        who = {email: name for email, name, _account in contacts if name}
        who |= {member.email: member.name for member in people}
        fallback = self.ctx.programme.fallback_place
        names = {*counted, *bound, *([fallback] if fallback else [])}
        return {
            "version": version,
            "language": self.t.language,
            "people": self._people(people, contacts),
            "nav": self._nav(names, counted, who, me, acting, mails),
            "place": place,
            "title": self._title(place, who),
            "shared": place.startswith(PREFIX + SHARED),
            "items": self._mails(inbox) if place == INBOX else self._messages(rows),
            "empty": self.t("console.empty_inbox" if place == INBOX else "console.empty_place"),
        }

    async def mail(self, mail_id: str) -> str | None:
        """Gives a mail as a page for the frame without rights, or None."""
        async with self.ctx.db.reading() as session:
            row = await console.mail(session, mail_id)
        return None if row is None else console_draw.render("console_mail.html", **_content(row))

    def card(self, card: Card, language: str) -> str:
        """Gives a card."""
        return console_draw.draw(card, self.addresses, language)

    def _people(
        self, people: Sequence[Member], contacts: Sequence[tuple[str, str | None, str | None]]
    ) -> str:
        known = {member.email for member in people}
        return console_draw.render(
            "console_people.html",
            t=self.t,
            members=people,
            contacts=[each for each in contacts if each[0] not in known],
        )

    def _nav(
        self,
        names: set[str],
        counted: dict[str, tuple[int, int]],
        who: dict[str, str],
        me: Member | None,
        acting: str,
        mails: tuple[int, int],
    ) -> str:
        def row(place: str) -> PlaceRow:
            name = place.removeprefix(PREFIX)
            last = counted.get(place, (0, 0))[1]
            return PlaceRow(place, who.get(name, name), last, name.startswith(SHARED))

        own = PREFIX + acting
        console_places = sorted(name for name in names if name.startswith(PREFIX))
        return console_draw.render(
            "console_nav.html",
            t=self.t,
            channels=[row(place) for place in console_places if not is_direct(place)] if me else [],
            own=row(own),
            direct=sorted(
                (row(place) for place in console_places if is_direct(place) and place != own),
                key=lambda each: each.name.lower(),
            )
            if me
            else [],
            mails=mails,
        )

    def _title(self, place: str, who: dict[str, str]) -> str:
        if place == INBOX:
            return self.t("console.inbox")
        name = place.removeprefix(PREFIX)
        return who.get(name, name) if is_direct(place) else f"# {name}"

    def _messages(self, rows: Sequence[ConsoleMessage]) -> list[dict[str, str]]:
        shown = {row.id for row in rows}
        replies: dict[int, list[ConsoleMessage]] = {}
        for row in rows:
            if row.reply_to in shown and row.reply_to is not None:
                replies.setdefault(row.reply_to, []).append(row)
        top = [row for row in rows if row.reply_to not in shown]
        items: list[dict[str, str]] = []
        day = None
        for row in rows:
            today = row.at.astimezone(self.zone).date()
            if today != day:
                day = today
                label = wording.long_day(day, self.t, self.ctx.now().astimezone(self.zone).date())
                weekday = wording.weekday(day, self.t)
                items.append(_item("day", day.isoformat(), f"{weekday} {label}"))
            if row in top:
                items.append(self._message(row, replies.get(row.id, [])))
            elif items[-1]["id"] != f"m{row.reply_to}":
                items.append(self._pointer(row))
        return items

    def _message(self, row: ConsoleMessage, replies: list[ConsoleMessage]) -> dict[str, str]:
        html = console_draw.render(
            "console_message.html",
            t=self.t,
            message=self._drawn(row),
            replies=[self._drawn(reply) for reply in replies],
        )
        stamps = (f"{each.id}.{each.changed_at}" for each in (row, *replies))
        return {"id": f"m{row.id}", "stamp": "|".join([str(self.zone), *stamps]), "html": html}

    def _pointer(self, row: ConsoleMessage) -> dict[str, str]:
        title = from_json(row.card).title
        html = console_draw.render(
            "console_pointer.html", t=self.t, title=title, to=row.id, at=self._clock(row.at)
        )
        return {"id": f"p{row.id}", "stamp": f"{self.zone}|{title}", "html": html}

    def _drawn(self, row: ConsoleMessage) -> dict[str, Any]:
        return {
            "id": row.id,
            "at": self._clock(row.at),
            "changed": self._clock(row.changed_at) if row.changed_at else None,
            "card": Markup(self.card(from_json(row.card), row.language)),
        }

    def _mails(self, rows: Sequence[tuple[int, datetime, str, str]]) -> list[dict[str, str]]:
        now = self.ctx.now()
        return [
            {
                "id": f"mail{id}",
                "stamp": str(self.zone),
                "html": console_draw.render(
                    "console_mail_row.html",
                    id=id,
                    at=wording.moment(at, now, self.zone, self.t),
                    recipient=recipient,
                    subject=subject,
                ),
            }
            for id, at, recipient, subject in rows
        ]

    def _clock(self, at: datetime) -> str:
        return wording.clock(at, self.zone, self.t)


def _item(kind: str, id: str, label: str) -> dict[str, str]:
    html = console_draw.render("console_day.html", label=label)
    return {"id": f"{kind}{id}", "stamp": label, "html": html}


def _content(row: ConsoleMail) -> dict[str, object]:
    mail: EmailMessage = message_from_bytes(row.raw, policy=policy.default)
    body = mail.get_body(("html", "plain"))
    content = body.get_content() if body is not None else ""
    if body is None or body.get_content_type() != "text/html":
        return {"text": content, "html": None}
    for part in mail.walk():
        cid = str(part["Content-ID"] or "").strip("<>")
        if cid and part.get_content_maintype() == "image":
            data = b64encode(part.get_payload(decode=True) or b"").decode()  # type: ignore[arg-type]  # bytes when decoded
            content = content.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{data}")
    return {"text": None, "html": Markup(content)}
