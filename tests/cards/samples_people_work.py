"""Every card and form of the work beside cases, made by the real handlers on the story of Acme."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import select

from handlers import jobs, routes
from handlers.cards import Card, Form, Reply, Whisper
from handlers.chat import Click, Person, Submission
from handlers.context import Context, Job
from storage.models import Member, Task
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeChat
from tests.handlers.accounts.acme import recount, typed

LANGUAGES = ("en", "da", "nl")


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives the cards by name, each in English, Danish and Dutch."""
    chat = FakeChat()
    stage = Stage(replace(ctx, chat=chat, soon=_nothing), make, chat, await acme_story(make))
    await stage.begin()
    found: dict[str, Card | Form] = {}
    for language in LANGUAGES:
        played = await stage.play(language)
        found |= {f"{name}.{language}": part for name, part in played.items()}
    await stage.afterwards()
    for language in LANGUAGES:
        anna = await stage.speaking(stage.acme.anna, language)
        found[f"left.{language}"] = await stage.opened(anna, "left")
        found[f"calls_which.{language}"] = await stage.typed(anna, "calls nordhavn")
    return found


async def _nothing(_job: Job, _at: object = None) -> None:
    """Nothing is asked of an engine: the stage looks for what is due."""


class Stage:
    """Anna's work with Acme, played in each language in turn."""

    def __init__(self, ctx: Context, make: Make, chat: FakeChat, acme: Acme) -> None:
        self.ctx, self.make, self.chat, self.acme = ctx, make, chat, acme

    async def begin(self) -> None:
        """Ole and Karen have answered; the clock has opened what is to do."""
        for who, score, comment in (("ole", 10, "Sofie always calls back"), ("karen", 8, None)):
            await self.make.response(
                self.acme.invitations[who], score, comment=comment, quote_me=who == "ole",
                finished_at=self.make.now(), contact_wish="call" if who == "karen" else None,
                call_when="Wed morning" if who == "karen" else None,
                reasons=["service"] if who == "ole" else [],
            )  # fmt: skip
        await recount(self.make, self.acme.account)
        nordhavn = await self.make.account(
            "Nordhavn Parts", owner_id=self.acme.anna.id, team_id=self.acme.team.id, tier="B",
            annual_value=80_000.0, currency="EUR",
        )  # fmt: skip
        nils = await self.make.contact(nordhavn, "Nils Nord", role="decision_maker", title="CEO")
        nyco = await self.make.account("Nyco ApS", owner_id=self.acme.anna.id)
        for name, title, role, status in (
            ("Bo Lind", "Head of IT", "influencer", "bouncing"),
            ("Tor Vang", "Indkøber", "influencer", "unsubscribed"),
            ("Ida Holm", "Indkøbschef", None, "active"),
        ):
            await self.make.contact(nyco, name, title=title, role=role, status=status)
        week = timedelta(days=7)
        asked = await self.make.invitation(nils, sent_at=self.make.now() - week)
        await self.tick()
        await self.press(self.acme.anna, "silent_call", str(asked.id))

    async def play(self, language: str) -> dict[str, Card | Form]:
        """Gives the cards of one language; each play leaves the tasks as it found them."""
        anna = await self.speaking(self.acme.anna, language)
        await self.speaking(self.acme.mikkel, language)
        found: dict[str, Card | Form] = {
            "tasks": await self.typed(anna, "tasks"),
            "tasks_none": await self.typed(self.acme.clara, "tasks"),
            "promoter": await self.press(anna, "task_open", "1"),
            "passive": await self.press(anna, "task_open", "2"),
            "promoter_form": await self.press(anna, "task_done", "1"),
            "passive_form": await self.press(anna, "task_done", "2"),
            "silent": await self.typed(anna, "silent"),
            "silent_task": await self.opened(anna, "silent"),
            "bounced": await self.opened(anna, "bounced"),
            "unsubscribed": await self.opened(anna, "unsubscribed"),
            "key_people": await self.opened(anna, "key_people"),
            "renewal": await self.opened(anna, "renewal"),
            "people": await self.typed(anna, "nyco people"),
            "address_form": await self.press(anna, "offer_address", await self.of("bounced")),
            "add_form": await self.press(anna, "contact_add", "3"),
            "references": await self.typed(anna, "references"),
            "references_nobody": await self.typed(anna, "references moon"),
            "reference_form": await self.press(anna, "reference_ask", str(self.ole)),
            "calls": await self.typed(anna, "calls"),
            "calls_none": await self.typed(self.acme.clara, "calls"),
            "call": await self.press(anna, "task_open", "3"),
            "call_form": await self.press(anna, "task_done", "3"),
            "contact_form": await self.form(anna, "calls acme"),
            "thanks_form": await self.press(anna, "thanks_pass", "1"),
        }
        await self.ask()
        found["reference_request"] = await self.press(anna, "task_open", str(await self.last()))
        answer = "reference_refuse" if language != "nl" else "reference_agree"
        await self.speaking(self.acme.mikkel, language)
        found["reference_done"] = await self.press(anna, answer, str(await self.last()))
        await self.tick()
        found["reference_answer"] = self.chat.posted[-1].card
        found["contact_logged"] = await self.send(
            anna, "call_log", str(self.acme.account.id), how="wrote", reached="no"
        )
        found["promoter_done"] = await self.send(
            anna, "task_done", "1", outcome="reference", forms=("quote", "call"), note="In May"
        )
        await self.press(anna, "task_reopen", "1")
        before = len(self.chat.posted)
        to = self.acme.mikkel if language == "en" else await self.make.member(language=language)
        await self.send(anna, "thanks_pass", "1", to=str(to.id))
        await self.tick()
        found["thanks"] = self.chat.posted[before].card
        return found

    async def afterwards(self) -> None:
        """Jane's automatic reply says that she has left; two accounts are called alike."""
        jane, anna = self.acme.contacts["jane"], self.acme.anna
        await self.make.save(
            Task(key="left", what="left", account_id=jane.account_id, contact_id=jane.id,
                 owner_id=anna.id, opened_at=self.make.now())
        )  # fmt: skip
        await self.make.account("Nordhavn Foods", owner_id=anna.id, team_id=self.acme.team.id)

    async def ask(self) -> None:
        person = Person("console", self.acme.mikkel.email)
        inputs = {"form": "call", "for_what": "Kuhn AG wants to hear how you deliver"}
        event = Submission(person, person.place, "reference_ask", str(self.ole), inputs)
        _card(await routes.submission(self.ctx, event))

    async def opened(self, me: Member, what: str) -> Card | Form:
        return await self.press(me, "task_open", await self.of(what))

    async def of(self, what: str) -> str:
        """The first task of a kind."""
        async with self.ctx.db.reading() as session:
            query = select(Task.id).where(Task.what == what)
            return str(min((await session.exec(query)).all()))

    async def last(self) -> int:
        """The newest task."""
        async with self.ctx.db.reading() as session:
            return max((await session.exec(select(Task.id))).all())

    @property
    def ole(self) -> int:
        return self.acme.contacts["ole"].id

    async def tick(self) -> None:
        for job in await jobs.find_due(self.ctx):
            await jobs.JOBS[job.name](replace(self.ctx, run=f"{job.id}#1"), *job.args)

    async def typed(self, me: Member, text: str) -> Card:
        return _card(await routes.command(self.ctx, typed(me, text)))

    async def form(self, me: Member, text: str) -> Form:
        reply = await routes.command(self.ctx, typed(me, text))
        assert isinstance(reply, Form), reply
        return reply

    async def press(self, me: Member, action: str, value: str) -> Card | Form:
        person = Person("console", me.email)
        reply = await routes.click(self.ctx, Click(person, person.place, action, value))
        return reply if isinstance(reply, Form) else _card(reply)

    async def send(
        self, me: Member, action: str, value: str, **inputs: str | tuple[str, ...]
    ) -> Card:
        person = Person("console", me.email)
        event = Submission(person, person.place, action, value, inputs)
        return _card(await routes.submission(self.ctx, event))

    async def speaking(self, member: Member, language: str) -> Member:
        member.language = language
        return await self.make.save(member)


def _card(reply: Reply) -> Card:
    card = reply.card if isinstance(reply, Whisper) else reply
    assert isinstance(card, Card), reply
    return card
