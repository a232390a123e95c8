"""Every card and form a contact sees, made by the real handlers."""

from handlers import links, routes
from handlers.cards import Card, Form, Whisper
from handlers.chat import Click, Person, Submission
from handlers.context import Context
from handlers.surveys import default_survey, prompt_message
from storage.models import Contact
from tests.factories import Acme, Make, acme_story

_HOSTILE = '<!channel> *x* <script>alert(1)</script> =HYPERLINK("x")'
_LANGUAGES = {"en": "jane", "da": "peter", "nl": "karen"}


async def samples(ctx: Context, make: Make) -> dict[str, Card | Form]:
    """Gives each card and form by name, in English, Danish and Dutch."""
    acme = await acme_story(make)
    acme.account.name = "A&B <x>"
    await make.save(acme.account)
    async with ctx.db.session() as session:
        survey = await default_survey(session)
    found: dict[str, Card | Form] = {}
    for language, who in _LANGUAGES.items():
        contact = await _speaking(ctx, acme, who, language)
        invitation = acme.invitations[who]
        asked = (ctx, invitation, contact, acme.account, acme.anna, survey)
        found[f"survey_prompt_{language}"] = prompt_message(
            *asked, done_since="A named person"
        ).card
        found[f"survey_reminder_{language}"] = prompt_message(*asked, reminder_number=1).card
        no_owner = (ctx, invitation, contact, acme.account, None, survey)
        found[f"survey_prompt_no_owner_{language}"] = prompt_message(*no_owner).card
        for name, part in (await _answered(ctx, acme, who)).items():
            found[f"survey_{name}_{language}"] = part
    found["survey_form_promoter_en"] = await _promoter(ctx, acme)
    other = await routes.click(ctx, _click(ctx, acme, "jane", "12"))
    assert isinstance(other, Whisper)
    found["survey_wrong_score_en"] = other.card
    return found


async def _answered(ctx: Context, acme: Acme, who: str) -> dict[str, Card | Form]:
    thanks = await routes.click(ctx, _click(ctx, acme, who, "3"))
    form = await routes.click(ctx, _more(ctx, acme, who))
    assert isinstance(form, Form)
    given: dict[str, str | tuple[str, ...]] = {
        "comment": _HOSTILE,
        "reasons": ("invoicing", "price"),
        "contact_wish": "call",
        "phone": "+45 12 34 56 78",
        "when": "10-12",
    }
    person = Person("console", who)
    done = await routes.submission(
        ctx, Submission(person, person.place, form.action, form.value, given)
    )
    again = await routes.click(ctx, _more(ctx, acme, who))
    assert isinstance(thanks, Card)
    assert isinstance(done, Card)
    assert isinstance(again, Form)
    return {"thanks": thanks, "form_critic": form, "done": done, "form_filled": again}


async def _promoter(ctx: Context, acme: Acme) -> Form:
    await routes.click(ctx, _click(ctx, acme, "ole", "10"))
    form = await routes.click(ctx, _more(ctx, acme, "ole"))
    assert isinstance(form, Form)
    return form


def _click(ctx: Context, acme: Acme, who: str, pressed: str) -> Click:
    person = Person("console", who)
    token = links.survey_token(ctx.secret, acme.invitations[who].id)
    return Click(person, person.place, "answer", f"{token}:{pressed}")


def _more(ctx: Context, acme: Acme, who: str) -> Click:
    person = Person("console", who)
    token = links.survey_token(ctx.secret, acme.invitations[who].id)
    return Click(person, person.place, "answer_more", token)


async def _speaking(ctx: Context, acme: Acme, who: str, language: str) -> Contact:
    async with ctx.db.session() as session:
        contact = await session.get_one(Contact, acme.contacts[who].id)
        contact.language = language
        session.add(contact)
    return contact
