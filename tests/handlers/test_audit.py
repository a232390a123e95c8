"""The audit log: who saw, changed and sent what, by ids; views are kept for 90 days."""

from datetime import timedelta
from pathlib import Path

import pytest

from handlers import audit, routes
from handlers.cards import Whisper
from handlers.chat import Click, Command, Person
from handlers.context import Context, Refused
from handlers.files.commands import export_command, import_command, privacy_export_command
from handlers.members import bind_place
from handlers.privacy import erase_person
from handlers.routes import CLICKS, COMMANDS, FORMS
from storage.models import AuditEntry
from tests.factories import Make
from tests.fakes import FakeClock
from tests.files.conftest import Files
from tests.handlers.cases.conftest import Story, story

__all__ = ["story"]
# Actions that open something, show a wave to who leads waves, or are told by their handlers.
TOLD_ELSEWHERE = {
    "account_show", "account_show_in_channel", "group_show", "bind", "wave_confirm", "wave_pause",
    "wave_resume", "wave_stop", "wave_doubts", "wave_preview", "wave_left_out", "policy.only",
    "about_owner", "settled_edit", "settled_dont", "said_line", "said_write", "said_send",
    "said_discard", "reason_fixed", "reason_close", "idea_change", "place_unbind",
    "reason_unbind", "reason_give", "away_backup",
}  # fmt: skip


async def log_of(ctx: Context) -> list[tuple[str, str, int | None]]:
    entries = await Files(ctx).rows(AuditEntry)
    return [(each.act, each.subject, each.subject_id) for each in entries]


async def words(ctx: Context, **filters: str) -> str:
    return "\n".join(await audit.read(ctx, **filters))  # type: ignore[arg-type]  # names of filters


async def test_what_is_asked_for_in_chat_is_kept_with_who_looked_and_where(story: Story) -> None:
    anna, acme = story.acme.anna, story.acme.account
    await story.answer("jane", 3, comment="Zanzibar")
    for text in ("acme", "acme people", "team nordics", "cases", "help"):
        await story.type(anna, text)
    person = story.person(anna)
    await routes.click(story.ctx, Click(person, person.place, "case.open", "1"))
    assert await log_of(story.ctx) == [
        ("viewed", "account", acme.id),
        ("viewed", "account", acme.id),
        ("viewed", "team", story.acme.team.id),
        ("viewed", "list", None),
        ("viewed", "case", 1),
    ]
    entries = await Files(story.ctx).rows(AuditEntry)
    assert {(each.member_id, each.platform, each.actor) for each in entries} == {
        (anna.id, "console", "member")
    }
    assert [each.account_id for each in entries] == [acme.id, acme.id, None, None, acme.id]
    log = await words(story.ctx)
    assert "anna@nordfab.example  viewed  account:" in log
    assert "Zanzibar" not in log


@pytest.mark.both_databases
async def test_what_is_refused_is_kept_too(story: Story) -> None:
    other = await story.make.team("Benelux")
    kees = await story.make.member("Kees", team_id=other.id, email="kees@nordfab.example")
    assert isinstance(await story.type(kees, "acme"), Whisper)
    await story.type(kees, "all")
    await story.type(kees, "wave list")
    await story.type(kees, "an account that nobody has")
    stranger = Person("slack", "U0WHO")
    await routes.command(story.ctx, Command(stranger, "slack:C1", "acme"))
    assert await log_of(story.ctx) == [
        ("refused", "account", story.acme.account.id),
        ("refused", "command", None),
        ("refused", "command", None),
        ("refused", "command", None),
    ]
    last = (await Files(story.ctx).rows(AuditEntry))[-1]
    assert (last.actor, last.member_id, last.platform) == ("unknown", None, "slack")
    assert "U0WHO" not in await words(story.ctx)


@pytest.mark.both_databases
async def test_acts_on_a_case_are_read_from_its_timeline_and_filtered(story: Story) -> None:
    await story.answer("jane", 3)
    await story.work()
    await story.press(story.acme.anna, story.posted()[0], "case.take")
    clock = story.clock
    clock.forward(days=2)
    await story.type(story.acme.lars, "acme")
    log = (await words(story.ctx)).splitlines()
    assert "anna@nordfab.example  changed  case:1  account=acme  in=console" in log[0]
    assert log[0].endswith("action=taken")
    assert "lars@nordfab.example  viewed" in log[1]
    assert len(log) == 2
    assert "taken" in await words(story.ctx, email="Anna@nordfab.example")
    assert "taken" in await words(story.ctx, account_key="ACME")
    other = await story.make.account("Other", key="other")
    assert await words(story.ctx, account_key=other.key) == ""
    since = await audit.read(story.ctx, since=clock().date())
    assert len(since) == 1
    for wrong in ({"email": "nobody@x.example"}, {"account_key": "nothing"}):
        with pytest.raises(Refused):
            await words(story.ctx, **wrong)


@pytest.mark.both_databases
async def test_views_go_after_ninety_days_and_the_rest_with_the_answers(
    ctx: Context, make: Make, clock: FakeClock
) -> None:
    now = clock()
    for act, days in (("viewed", 89), ("viewed", 91), ("exported", 91), ("exported", 24 * 31 + 1)):
        await make.save(AuditEntry(at=now - timedelta(days=days), act=act, subject="account"))
    await audit.due(ctx)
    left = await Files(ctx).rows(AuditEntry)
    assert [(each.act, (now - each.at).days) for each in left] == [("viewed", 89), ("exported", 91)]


@pytest.mark.both_databases
async def test_files_places_and_rights_leave_their_line(
    ctx: Context, make: Make, tmp_path: Path
) -> None:
    account = await make.account("Acme", key="acme")
    contact = await make.contact(account, "Jane", email="jane@acme.example")
    anna = await make.member("Anna", email="anna@x.example")
    path = tmp_path / "m.csv"
    await export_command(ctx, "members", path)
    await import_command(ctx, "members", path, dry_run=True)
    await import_command(ctx, "members", path)
    await bind_place(ctx, "console:anna", member="anna@x.example")
    await privacy_export_command(ctx, "jane@acme.example")
    await erase_person(ctx, "jane@acme.example")
    assert await log_of(ctx) == [
        ("exported", "file", None),
        ("imported", "file", None),
        ("bound", "member", anna.id),
        ("exported", "contact", contact.id),
        ("erased", "contact", contact.id),
    ]
    log = await words(ctx)
    assert "operator  exported  file  what=members" in log
    assert f"erased  contact:{contact.id}  account=acme" in log
    assert "jane" not in log.lower()


def test_every_click_and_form_is_kept_by_the_door_the_timeline_or_its_handler() -> None:
    actions = {*CLICKS, *FORMS}
    assert set(audit.DONE) <= actions
    assert set(audit.COMMANDS) <= set(COMMANDS)
    told = {action for action in actions if action.startswith("case.")}
    assert actions - told - TOLD_ELSEWHERE - set(audit.DONE) == set()
