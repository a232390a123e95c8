"""Which customer an act on a case was about: several may have answered, and one was reached."""

from handlers.cases import seeing
from handlers.cases.acting import Scene, visible
from handlers.cases.view import Answer, CaseView
from handlers.chat import row_id
from storage import case_view
from storage.models import Member


def response_of(value: str) -> int | None:
    """Gives the response in a button's value `CASE:RESPONSE`, None where it names none."""
    return row_id((value.split(":") + [""])[1]) or None


def answer_for(view: CaseView, value: str, me: Member) -> Answer:
    """Gives the answer that a button's value names, else the first that the member may see."""
    wanted = response_of(value)
    sees = seeing.sees_hidden(me, view.account)
    for answer in view.answers:
        if answer.response.id == wanted and (sees or not answer.hidden):
            return answer
    return visible(view, me)


async def contact_for(scene: Scene, value: str) -> int | None:
    """Gives the contact that a button's value names, as `answer_for` does."""
    wanted = response_of(value)
    found = await case_view.joined(scene.session, scene.case.id)
    if not seeing.sees_hidden(scene.me, scene.account):
        found = [each for each in found if not each.hidden] or found
    named = [each for each in found if each.response.id == wanted]
    return next((each.contact.id for each in (*named, *found)), None)


async def is_apart(scene: Scene, contact_id: int | None) -> bool:
    """Tells whether a customer's answer is hidden in a case that the owner sees.

    What the lead does for them leaves the case, which is the owner's, as it is.
    """
    if scene.case.hidden_from_owner:
        return False
    found = await case_view.joined(scene.session, scene.case.id)
    return any(each.hidden and each.contact.id == contact_id for each in found)
