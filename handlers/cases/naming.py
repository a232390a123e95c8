"""Which customer an act on a case was about: several may have answered, and one was reached."""

from handlers.cases.acting import Scene
from handlers.cases.view import Answer, CaseView
from handlers.chat import row_id
from handlers.context import Refused
from handlers.texts import Texts
from storage import case_view


def response_of(value: str) -> int | None:
    """Gives the response in a button's value `CASE:RESPONSE`, None where it names none."""
    return row_id((value.split(":") + [""])[1]) or None


def answer_for(view: CaseView, value: str, t: Texts) -> Answer:
    """Gives the answer that a button's value names, else the case's first.

    Raises Refused where the answer is in another case by now.
    """
    wanted = response_of(value)
    found = view.answer(wanted)
    if wanted is not None and found.response.id != wanted:
        raise Refused(t("case.stale.moved"))
    return found


async def contact_for(scene: Scene, value: str) -> int | None:
    """Gives the contact that a button's value names, as `answer_for` does."""
    wanted = response_of(value)
    found = await case_view.joined(scene.session, scene.case.id)
    if wanted is not None and all(each.response.id != wanted for each in found):
        raise Refused(scene.t("case.stale.moved"))
    return next((e.contact.id for e in found if wanted in (None, e.response.id)), None)
