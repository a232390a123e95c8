"""Simulated contacts: they read the sink's mails and answer over HTTP, as people and
machines do.
"""

import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from random import Random

import aiohttp

from bot.demo import words
from bot.demo.portfolio import say, score_near
from handlers.context import Context
from storage import demo

ANSWER_SHARE = 0.45
AT_ONCE = 8  # contacts who answer at the same time
_LINK = re.compile(r"https?://\S+/s/[\w.\-]+")
_FORM = re.compile(r'name="form" value="([^"]+)"')


class Contacts:
    """Reads each mail once and lets its contact answer, or not."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._random = Random(7)
        self._seen = 0
        self._all_sent = asyncio.Event()
        self.will_answer = 0

    def no_more_mails(self) -> None:
        """Tells that every mail of the wave is in the sink."""
        self._all_sent.set()

    async def answer_mails(self) -> None:
        """Answers until every mail of the wave was read."""
        gate = asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
            while True:
                finished = self._all_sent.is_set()
                async with self._ctx.db.reading() as session:
                    mails = await demo.mails(session, after=self._seen)
                for mail_id, raw in mails:
                    self._seen = mail_id
                    group.create_task(self._read(http, gate, raw))
                if finished and not mails:
                    return
                await asyncio.sleep(0.2)

    async def _read(self, http: aiohttp.ClientSession, gate: asyncio.Semaphore, raw: bytes) -> None:
        mail = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain",))
        found = _LINK.search(part.get_content()) if part is not None else None
        if found is None:
            return  # not a survey mail
        language = (mail["Content-Language"] or "en").strip()
        dice = self._random.random()
        async with gate:
            if dice < ANSWER_SHARE:
                self.will_answer += 1
                await self._answer(http, found.group(), language)
            elif dice < ANSWER_SHARE + 0.05:
                await self._scan(http, found.group())

    async def _answer(self, http: aiohttp.ClientSession, link: str, language: str) -> None:
        score = score_near(self._random, 7.7)
        comment, reasons = say(self._random, language, score)
        async with http.get(link, params={"score": score}) as page:
            form = _FORM.search(await page.text())
        assert form is not None, "the page has no form"
        fields = [("form", form.group(1)), ("score", str(score))]
        async with http.post(link, data=fields) as page:
            page.raise_for_status()
        if self._random.random() < 0.15:
            return  # stops after the score, as many do
        if comment:
            fields.append(("comment", comment))
            fields += [("reasons", reason) for reason in reasons.split("|")]
        if self._random.random() < 0.1:
            fields.append(("idea", words.IDEAS[language]))
        wish = self._random.choice(("call", "none", "none")) if score <= 6 else "none"
        fields.append(("contact_wish", wish))
        if wish == "call":
            fields += [("phone", "+45 12 34 56 78"), ("when", "10-12")]
        async with http.post(link, data=fields) as page:
            page.raise_for_status()

    async def _scan(self, http: aiohttp.ClientSession, link: str) -> None:
        """A mail scanner opens every link and writes nothing: it must not count as an answer."""
        for score in range(11):
            async with http.get(link, params={"score": score}) as page:
                page.raise_for_status()
