"""Every card and form of the follow-up side, from the real handlers on the story of Acme."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from handlers import jobs, routes
from handlers.cards import Card, Form, Reply, Whisper
from handlers.cases import opening
from handlers.cases.opening import Critic
from handlers.chat import Click, Command, MessageRef, Notice, Person, Submission
from handlers.context import Context, Job
from storage import alerts as outbox
from storage import answers, cases, members
from storage.models import Account, Alert, Case, Contact, Member, Promise, Response
from tests.factories import Acme, Make, acme_story
from tests.fakes import FakeChat, Posted

LANGUAGES = ("en", "da", "nl")
_SOLVED = {
    "outcome": "saved",
    "cause": "invoicing",
    "done": "New invoice check, credit note sent",
    "helped": "one named person, credit note in 2 days",
}
_PROMISED = {
    "reached": "yes",
    "said": "Wants one name for invoices.",
    "next": "promised",
    "promise": "invoice check",
    "promise_by": "2026-12-01",
}


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives the cards by name: each state in each language, each form, each message."""
    chat = FakeChat()
    stage = _Stage(replace(ctx, chat=chat, soon=_nothing), make, chat)
    await stage.begin()
    found: dict[str, Card | Form] = {}
    for language in LANGUAGES:
        found |= {f"{name}_{language}": card for name, card in (await stage.play(language)).items()}
    for language in LANGUAGES:
        cards = await stage.told_again(language)
        found |= {f"{name}_{language}": card for name, card in cards.items()}
    return found


async def _nothing(_job: Job, _at: datetime | None = None) -> None:
    """Nothing is asked of an engine: the stage looks for what is due."""


class _Stage:
    """Plays the story once a language, each time with a wave of its own."""

    def __init__(self, ctx: Context, make: Make, chat: FakeChat) -> None:
        self.ctx = ctx
        self.make = make
        self.chat = chat

    async def begin(self) -> None:
        self.acme: Acme = await acme_story(self.make)
        async with self.ctx.db.session() as session:
            await members.bind(session, "console:anna", self.ctx.now(), member_id=self.acme.anna.id)
        helped = await self.make.account("Nordhavn Parts", owner_id=self.acme.mikkel.id)
        contact = await self.make.contact(helped, "Nils Nord")
        wave = await self.make.wave("Spring 2026")
        march = datetime(2026, 3, 10, 9, tzinfo=UTC)
        response = await self.make.response(
            await self.make.invitation(contact, wave), 5, reasons=["invoicing"], answered_at=march
        )
        await self.told(response, wave.id)
        await self.submit(self.acme.mikkel, "case.solve", "1", _SOLVED)
        async with self.ctx.db.session() as session:
            (await session.get_one(Case, 1)).settled = "yes"
        before = await self.make.invitation(self.acme.contacts["jane"], sent_at=march)
        await self.make.response(before, 8, answered_at=march)
        self.told_before: list[tuple[int, int]] = []
        for who, score in (("ole", 9), ("lis", 9), ("karen", 7)):
            said = await self.make.response(
                self.acme.invitations[who], score, comment="great planners"
            )
            self.told_before.append((said.id, score))
            self.first = said.id
        await self.recount()

    async def play(self, language: str) -> dict[str, Card | Form]:
        await self.speak(language)
        await self.recount()
        self.chat.posted.clear()
        anna, lars = self.acme.anna, self.acme.lars
        found: dict[str, Card | Form] = {}
        jane = await self.answer(
            "jane",
            language,
            3,
            comment="Third wrong invoice in a row, and nobody calls back.",
            reasons=["invoicing", "communication"],
            contact_wish="call",
            call_when="Wed morning",
            phone="+45 12 34 56 78",
        )
        (posted,) = self.chat.at("console:anna")
        value = str(await self.case_of(jane))
        found["alert_new"] = posted.card
        for action in ("contact", "solve", "snooze", "hand_over", "escalate", "not_critic"):
            found[f"form_{action}"] = await self.form(anna, posted, f"case.{action}", value)
        draft = await self.press(anna, posted, "case.write", f"{value}:{jane.id}")
        assert isinstance(draft, Whisper)
        found["draft"] = draft.card
        found["alert_taken"] = posted.card
        stale = await self.press(lars, posted, "case.take", value)
        assert isinstance(stale, Whisper)
        found["stale"] = stale.card
        await self.answer("peter", language, 5, comment="Slow answers", reasons=["support_wait"])
        found["thread_card"] = self.chat.at("console:anna")[-1].card
        step = {key: _PROMISED[key] for key in ("reached", "said", "next")}
        further = await self.submit(anna, "case.contact", f"{value}:{jane.id}", step)
        assert isinstance(further, Form)
        found["form_contact_promised"] = further
        promised = {**_PROMISED, "deliverer": str(self.acme.mikkel.id), "lasting": "always"}
        await self.submit(anna, "case.contact", f"{value}:anyway", promised, posted.ref)
        found["alert_contacted"] = posted.card
        given = self.chat.at("slack:U0MIKKEL")[-1]
        found["promise"] = given.card
        promise = str(await self.promise_of(value))
        found["form_promise_cant"] = await self.form(
            self.acme.mikkel, given, "promise.cant", promise
        )
        again = await self.submit(anna, "case.contact", value, promised)
        assert isinstance(again, Form)
        found["form_promise_anyway"] = again
        found["promises"] = await self.command(anna, "promises")
        reason = {"reason": "No access to the invoices"}
        await self.submit(self.acme.mikkel, "promise.cant", promise, reason, given.ref)
        found["promise_refused"] = self.chat.at("console:anna")[-1].card
        note = {"text": "Their CFO is on leave"}
        await self.submit(anna, "case.note", value, note)
        found["alert_noted"] = posted.card
        found["form_note"] = await self.form(anna, posted, "case.note", value)
        timeline = await self.press(anna, posted, "case.timeline", value)
        assert isinstance(timeline, Whisper)
        found["timeline"] = timeline.card
        await self.submit(anna, "case.solve", value, _SOLVED, posted.ref)
        found["alert_solved"] = posted.card
        await self.press(anna, posted, "case.reopen", value)
        found["alert_reopened"] = posted.card
        await self.submit(anna, "case.escalate", value, {"reason": "They ask for you"}, posted.ref)
        found["escalation"] = self.chat.at("slack:U0LARS")[-1].card
        found["board"] = await self.command(anna, "cases")
        found["bind_form"] = await self.command(lars, "bind")
        found["away"] = await self.command(anna, "away until friday backup mikkel")
        await self.command(anna, "away off")
        found["digest_chosen"] = await self.command(anna, "digest")
        found["form_left"] = await self.command(self.acme.clara, "left anna")
        await self.submit(
            anna, "case.not_critic", value, {"reason": "Mixed up the scale"}, posted.ref
        )
        found["alert_not_a_critic"] = posted.card
        await self.answer("mia", language, 4, comment="Anna never calls", to_manager=True)
        found["alert_hidden"] = self.chat.at("slack:U0LARS")[-1].card
        found |= await self.messages(language)
        return found

    async def promise_of(self, case: str) -> int:
        async with self.ctx.db.reading() as session:
            query = select(Promise.id).where(col(Promise.case_id) == int(case))
            return (await session.exec(query)).one()

    async def messages(self, language: str) -> dict[str, Card | Form]:
        """Reminder, digest, policy question and what CX hears."""
        now, acme = self.ctx.now(), self.acme
        found: dict[str, Card | Form] = {}
        ole = await self.answer("ole", language, 6, comment="So so")
        reminder: dict[str, object] = {
            "case_id": await self.case_of(ole),
            "detail": {"about": "take", "to": "owner"},
        }
        found["contact_wish"] = await self.wish(language)
        refusing = [acme.invitations[who] for who in ("lis", "karen")]
        async with self.ctx.db.session() as session:
            for invitation in refusing:
                row = await answers_of(session, invitation.id)
                row.reply, row.score = "may_not_recommend", None
                session.add(row)
        await self.recount()
        await self.admin(language)
        for what, ids in (
            ("case_reminder", reminder),
            (
                "digest",
                {
                    "member_id": acme.anna.id,
                    "detail": {
                        "since": (now - timedelta(days=1)).isoformat(),
                        "until": now.isoformat(),
                    },
                },
            ),
            ("policy_question", {"account_id": acme.account.id}),
            ("no_reader", {"account_id": acme.account.id}),
            (
                "undelivered",
                {
                    "detail": {
                        "place": "slack:C1",
                        "reason": "Slack: is_archived",
                        "mend": "archived",
                    }
                },
            ),
        ):
            async with self.ctx.db.session() as session:
                await outbox.add_many(
                    session,
                    [{"key": f"sample:{what}:{language}", "what": what, "due_at": now, **ids}],
                )
            count = len(self.chat.posted)
            await self.work()
            found[what] = self.chat.posted[count].card
        await routes.notice(self.ctx, Notice("place_shared", "console:anna"))
        count = len(self.chat.posted)
        await self.work()
        found["place_lost"] = self.chat.posted[count].card
        return found

    async def told_again(self, language: str) -> dict[str, Card | Form]:
        """What a lead hears below the card that stands with them: a deadline, and a colleague."""
        await self.speak(language)
        case = await self.case_of(await self.answer("lis", language, 6))
        found: dict[str, Card | Form] = {}
        late, asked = {"about": "take", "to": "lead"}, {"asked": True, "to": "lead"}
        for name, detail in (("first", late), ("told_again", late), ("told_again_asked", asked)):
            async with self.ctx.db.session() as session:
                row = {"key": f"sample:{name}:{language}", "what": "case_escalation"}
                ids = {"case_id": case, "member_id": self.acme.anna.id if detail is asked else None}
                at = {"due_at": self.ctx.now(), "detail": detail}
                await outbox.add_many(session, [{**row, **ids, **at}])
            await self.work()
            found[name] = self.chat.at("slack:U0LARS")[-1].card
        del found["first"]
        return found

    async def admin(self, language: str) -> None:
        """The administrator who hears what nobody may read."""
        async with self.ctx.db.session() as session:
            found = await session.exec(select(Member).where(col(Member.role) == "admin"))
            ada = found.first() or Member(
                email="ada@nordfab.example", name="Ada Lind", role="admin"
            )
            ada.language = language
            session.add(ada)

    async def wish(self, language: str) -> Card:
        """What the owner hears when a passive asks for a call."""
        async with self.ctx.db.session() as session:
            karen = await answers_of(session, self.acme.invitations["karen"].id)
            karen.contact_wish, karen.call_when, karen.comment = "call", "Wed 10-12", "Lead times"
            session.add(karen)
            row = {"key": f"sample:wish:{language}", "what": "contact_wish"}
            ids = {"response_id": karen.id, "account_id": karen.account_id}
            await outbox.add_many(session, [{**row, **ids, "due_at": self.ctx.now()}])
        count = len(self.chat.posted)
        await self.work()
        return self.chat.posted[count].card

    async def speak(self, language: str) -> None:
        """Makes everybody speak a language, and forgets what the last play left."""
        async with self.ctx.db.session() as session:
            await session.exec(
                update(Case)
                .where(col(Case.account_id) == self.acme.account.id)
                .values(state="not_a_critic", remind_at=None)
            )
            await session.exec(delete(Alert))
            later = col(Response.id) > self.first
            await session.exec(update(Response).where(later).values(status="suspect"))
            for response_id, score in self.told_before:
                await session.exec(
                    update(Response)
                    .where(col(Response.id) == response_id)
                    .values(reply="score", score=score)
                )
            jane = await session.get_one(Contact, self.acme.contacts["jane"].id)
            jane.language = language
            session.add(jane)
            for each in (self.acme.anna, self.acme.lars, self.acme.clara):
                row = await session.get_one(Member, each.id)
                row.language = language
                session.add(row)
            account = await session.get_one(Account, self.acme.account.id)
            account.recommend_policy = "allowed"
            session.add(account)

    async def answer(self, who: str, language: str, score: int, **values: object) -> Response:
        contact = self.acme.contacts[who]
        wave = await self.make.wave(f"Autumn 2026 {language} {who}")
        invitation = await self.make.invitation(contact, wave, is_test=False)
        response = await self.make.response(invitation, score, **values)
        await self.recount()
        await self.told(response, self.acme.wave.id if who in ("jane", "peter") else wave.id)
        return response

    async def told(self, response: Response, wave_id: int) -> None:
        critic = Critic(
            response.id, response.account_id, response.contact_id, response.kind, wave_id,
            response.to_manager, response.comment, self.ctx.now(), self.ctx.now(),
        )  # fmt: skip
        async with self.ctx.db.session() as session:
            await opening.open_cases(session, self.ctx, [critic])
        await self.work()

    async def work(self) -> None:
        for _again in range(3):
            async with self.ctx.db.reading() as session:
                due = [each.id for each in await outbox.due(session, self.ctx.now())]
            for alert_id in due:
                await jobs.deliver_alert(self.ctx, alert_id, 0)

    async def recount(self) -> None:
        async with self.ctx.db.session() as session:
            await answers.recount(
                session, [self.acme.account.id], "relationship", self.ctx.now(), 12
            )

    async def case_of(self, response: Response) -> int:
        async with self.ctx.db.reading() as session:
            return (await cases.of_responses(session, [response.id]))[response.id].id

    async def press(self, who: Member, posted: Posted, action: str, value: str) -> object:
        if action == "case.reopen":
            value = value.partition(":")[0]
        click = Click(Person("console", who.email), posted.place, action, value, posted.ref)
        reply = await routes.click(self.ctx, click)
        if isinstance(reply, Card):
            posted.cards.append(reply)
        await self.work()
        return reply

    async def form(self, who: Member, posted: Posted, action: str, value: str) -> Form:
        reply = await self.press(who, posted, action, value)
        assert isinstance(reply, Form)
        return reply

    async def submit(
        self,
        who: Member,
        action: str,
        value: str,
        inputs: Mapping[str, str],
        origin: MessageRef | None = None,
    ) -> Reply:
        event = Submission(
            Person("console", who.email), "console:anna", action, value, inputs, origin
        )
        reply = await routes.submission(self.ctx, event)
        await self.work()
        return reply

    async def command(self, who: Member, text: str) -> Card | Form:
        person = Person("console", who.email)
        reply = await routes.command(self.ctx, Command(person, person.place, text))
        if isinstance(reply, Whisper):
            return reply.card
        assert isinstance(reply, (Card, Form))
        return reply


async def answers_of(session: AsyncSession, invitation_id: int) -> Response:
    """Gives the response to an invitation."""
    query = select(Response).where(col(Response.invitation_id) == invitation_id)
    return (await session.exec(query)).one()
