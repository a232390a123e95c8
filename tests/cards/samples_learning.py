"""The cards of what is learned and told to customers, made by the real handlers on Acme's story."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, select

from handlers import recovery
from handlers.accounts.reader import reader_for
from handlers.cards import Card, Facts, Form
from handlers.context import Context
from handlers.learning import fixing, idea_card, shared_card
from handlers.recovery import Recovery
from handlers.texts import of
from storage import ideas, sharing
from storage.db import Session
from storage.letters import Outcomes
from storage.models import Alert, Member, Promise
from storage.recovery import Again
from tests.cards.samples_people_work import LANGUAGES, Stage, _nothing
from tests.factories import Make, acme_story
from tests.fakes import FakeChat
from tests.handlers.accounts.acme import recount

FIXED = "One person checks every invoice before it leaves. Credit notes go out within two days."


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives the cards by name, each in English, Danish and Dutch."""
    chat = FakeChat()
    stage = Learning(replace(ctx, chat=chat, soon=_nothing), make, chat, await acme_story(make))
    await stage.prepare()
    found: dict[str, Card | Form] = {}
    for language in LANGUAGES:
        opened = await stage.open(language)
        found |= {f"{name}.{language}": part for name, part in opened.items()}
    await stage.send(stage.acme.clara, "reason_fixed", "1", fixed=FIXED)
    for language in LANGUAGES:
        found |= {
            f"{name}.{language}": part for name, part in (await stage.fixed(language)).items()
        }
    return found


class Learning(Stage):
    """Invoicing is named by three accounts, one of them hidden; Ole has an idea."""

    async def prepare(self) -> None:
        make, acme = self.make, self.acme
        nordhavn = await make.account("Nordhavn Parts", owner_id=acme.mikkel.id)
        nyco = await make.account("Nyco ApS")
        for account, score, comment, hidden in (
            (nordhavn, 5, "The numbers never fit our order", False),
            (nyco, 2, "For the manager alone", True),
        ):
            contact = await make.contact(account, "Nils Nord", title="CEO")
            await make.response(
                await make.invitation(contact, acme.wave), score, comment=comment,
                reasons=["invoicing"], finished_at=make.now(), to_manager=hidden,
            )  # fmt: skip
        for who, score, values in (
            ("jane", 3, {"comment": "Third wrong invoice in a row", "reasons": ["invoicing"]}),
            ("ole", 9, {"idea": "Let Acme upload the forecast, says Ole", "reasons": []}),
            ("mia", 9, {"idea": "A paper-free delivery note", "quote_me": True, "reasons": []}),
        ):
            await make.response(acme.invitations[who], score, finished_at=make.now(), **values)
        await recount(make, acme.account)
        lis = acme.contacts["lis"]
        lis.status = "unsubscribed"
        await make.save(lis)
        await make.response(acme.invitations["lis"], 8, finished_at=make.now())
        await recount(make, acme.account)
        await make.save(
            Promise(
                account_id=acme.account.id, what="Invoice check", due_on=make.now().date(),
                made_at=make.now(), state="done", done_at=make.now() - timedelta(days=1),
            )
        )  # fmt: skip
        async with self.ctx.db.session() as session:
            await sharing.bind(session, "console:invoicing", make.now(), reason="invoicing")
            await sharing.bind(session, "console:product", make.now(), board="ideas")
        await self.tick()

    async def open(self, language: str) -> dict[str, Card | Form]:
        """Gives the cards while the reason is open."""
        anna = await self.speaking(self.acme.anna, language)
        clara = await self.speaking(self.acme.clara, language)
        account = str(self.acme.account.id)
        found: dict[str, Card | Form] = {
            "shared": await self.shared(clara),
            "shared_form": await self.press(clara, "reason_fixed", "1"),
            "ideas": await self.typed(anna, "ideas"),
            "idea_form": await self.press(anna, "idea_change", "1"),
            "idea_channel": await self.idea(anna, 1),
            "idea_named": await self.idea(anna, 2),
            "done": await self.typed(anna, "acme done"),
            "line_form": await self.press(anna, "said_line", account),
            "write_form": await self.press(anna, "said_write", account),
            "preview": await self.send(anna, "said_write", account, text=FIXED),
            "recovery": _recovery(language),
        }
        return found

    async def fixed(self, language: str) -> dict[str, Card | Form]:
        """Gives the cards once it is fixed."""
        clara = await self.speaking(self.acme.clara, language)
        await self.speaking(self.acme.anna, language)
        async with self.ctx.db.reading() as session:
            alert = await _told(session, self.acme.anna)
        (told,) = await fixing.told(self.ctx, alert) or []
        return {"shared_fixed": await self.shared(clara), "shared_told": told.message.card}

    async def shared(self, me: Member) -> Card:
        async with self.ctx.db.reading() as session:
            shared = await shared_card.load(session, 1)
        assert shared is not None
        return shared_card.shared_card(shared, reader_for(self.ctx, me), owned=True)

    async def idea(self, me: Member, idea_id: int) -> Card:
        async with self.ctx.db.reading() as session:
            had = await ideas.one(session, idea_id)
        assert had is not None
        return idea_card.channel_card(had, reader_for(self.ctx, me))


async def _told(session: Session, member: Member) -> Alert:
    query = select(Alert).where(col(Alert.what) == fixing.ALERT, col(Alert.member_id) == member.id)
    return (await session.exec(query)).one()


def _recovery(language: str) -> Card:
    found = Recovery(Outcomes(12, 7, 1, 2), Again(20, 9, 6))
    return Card("Nordics", (Facts(tuple(recovery.recovery_lines(found, of(language)))),))
