"""responses.csv: past answers and unanswered invitations; they count, and never alert."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handlers.files.answer_row import answer_fields, check_future, check_order
from handlers.files.columns import REASONS
from handlers.files.merge import Fields, Outcome, Run, once_each
from handlers.files.report import shown
from handlers.files.table import Row, only
from handlers.files.waves_of_file import FileWave, check_waves, store_waves
from storage import answers, imports, privacy, wave_rollups
from storage.db import Session
from storage.models import Invitation, InvitationStatus, Response, ResponseChange

_BEING_SENT = (InvitationStatus.PLANNED, InvitationStatus.SENDING)
_NOT_SENT = (
    InvitationStatus.SKIPPED,
    InvitationStatus.CANCELLED,
    InvitationStatus.FAILED,
    InvitationStatus.BOUNCED,
)


@dataclass
class Stored:
    """What is stored about the people of the file."""

    accounts: dict[str, Fields]
    contacts: dict[tuple[int, str], Fields]
    invitations: list[Fields]
    responses: dict[int, Fields]  # by invitation
    blocked: dict[str, str]
    nameless: Counter[tuple[int, str, int | None, datetime]]
    by_wave: dict[tuple[int, int], Fields] = field(default_factory=dict)
    by_time: dict[tuple[int, str, datetime | None, bool], Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for invitation in self.invitations:
            contact_id = invitation["contact_id"]
            if invitation["wave_id"] is not None:
                self.by_wave[invitation["wave_id"], contact_id] = invitation
                continue
            answer = self.responses.get(invitation["id"])
            at = answer["answered_at"] if answer else invitation["sent_at"]
            self.by_time[contact_id, invitation["kind"], at, answer is not None] = invitation

    def find(self, row: Row, contact_id: int, wave: FileWave | None) -> Fields | None:
        """Gives the invitation a row speaks of: by wave, else by the time of answer or asking."""
        if wave is not None:
            return self.by_wave.get((wave.id, contact_id)) if wave.id is not None else None
        kind, answered, invited = (
            str(row.text("survey_kind")),
            row.cells.get("answered_at"),
            row.cells.get("invited_at"),
        )
        found = None
        if isinstance(answered, datetime):
            found = self.by_time.get((contact_id, kind, answered, True))
        if found is None and isinstance(invited, datetime):
            # The answer to an invitation that was stored as not answered yet.
            found = self.by_time.get((contact_id, kind, invited, False))
        return found

    def take_nameless(self, row: Row, account_id: int, wave: FileWave | None) -> bool:
        """Whether the row is one that lost its person by its age: each stands for one row."""
        at = row.cells.get("answered_at") or row.cells.get("invited_at")
        if not isinstance(at, datetime) or (wave is not None and wave.id is None):
            return False
        wave_id = None if wave is None else wave.id
        key = (account_id, str(row.text("survey_kind")), wave_id, _to_the_second(at))
        if not self.nameless[key]:
            return False
        self.nameless[key] -= 1
        return True


@dataclass
class Changes:
    """What an import writes."""

    new: list[tuple[dict[str, Any], FileWave | None, dict[str, Any] | None]] = field(
        default_factory=list
    )
    invitations: list[dict[str, Any]] = field(default_factory=list)
    answered: list[tuple[Fields, dict[str, Any]]] = field(default_factory=list)
    responses: list[dict[str, Any]] = field(default_factory=list)
    earlier: list[Fields] = field(default_factory=list)
    touched: set[tuple[int, str]] = field(default_factory=set)


async def import_responses(session: Session, run: Run) -> Outcome:
    """Creates and updates waves, invitations with their snapshot, and responses; then recounts."""
    outcome, changes = Outcome(), Changes()
    rows = _keyed_once(run)
    waves = await check_waves(session, run, rows)
    stored = await _stored(session, rows)
    reasons = {*REASONS, *await imports.reasons(session)}
    for row in rows:
        check_future(run, row)
        only(run.table, row, "reasons", reasons, "a known reason")
        account = stored.accounts.get(str(row.text("account_key")))
        if account is None:
            text = f"{shown(row.text('account_key'))} is not a known account"
            run.table.problem(row, "account_key", text)
            continue
        contact = stored.contacts.get((account["id"], str(row.text("email"))))
        wave = waves.get(row.text("wave") or "")
        invitation = stored.find(row, contact["id"], wave) if contact is not None else None
        if invitation is None and stored.take_nameless(row, account["id"], wave):
            outcome.unchanged += 1
        elif contact is None:
            _unknown_contact(run, row, stored, outcome)
        elif invitation is None:
            _create(run, row, account, contact, wave, outcome, changes)
        else:
            _update(run, row, account, invitation, stored, outcome, changes)
    if run.stores:
        await _write(session, run, list(waves.values()), changes)
    return outcome


def _keyed_once(run: Run) -> list[Row]:
    """A row without a wave is told apart by when it was answered, else by when it was asked."""
    dated = []
    for row in run.table.rows:
        row.cells.setdefault("wave", None)
        if "answered_at" in row.cells or "invited_at" in row.cells:
            dated.append(row)
        elif row.text("wave") is None:
            text = "is missing: without a wave, a row needs answered_at or invited_at"
            run.table.problem(row, "answered_at", text)
        else:
            dated.append(row)
    run.table.rows = dated
    keys = ("account_key", "email", "survey_kind", "wave")
    in_waves = [row for row in dated if row.text("wave")]
    answered = [row for row in dated if not row.text("wave") and "answered_at" in row.cells]
    asked = [row for row in dated if not row.text("wave") and "answered_at" not in row.cells]
    rows = [
        *once_each(run.table, in_waves, *keys),
        *once_each(run.table, answered, *keys, "answered_at"),
        *once_each(run.table, asked, *keys, "invited_at"),
    ]
    return sorted(rows, key=lambda row: row.number)


async def _stored(session: Session, rows: list[Row]) -> Stored:
    accounts = {account["key"]: account for account in await imports.accounts(session)}
    touched = {
        accounts[key]["id"] for row in rows if (key := str(row.text("account_key"))) in accounts
    }
    named = {str(row.text("email")) for row in rows}
    contacts = {
        (contact["account_id"], contact["email"]): contact
        for contact in await imports.contacts(session, touched)
        if contact["email"] in named
    }
    ids = {contact["id"] for contact in contacts.values()}
    responses = await imports.responses(session, ids)
    return Stored(
        accounts,
        contacts,
        await imports.invitations(session, ids),
        {response["invitation_id"]: response for response in responses},
        await privacy.block_reasons(session),
        Counter(
            (account_id, kind, wave_id, _to_the_second(at))
            for account_id, kind, wave_id, at in await imports.nameless(session, touched)
            if at is not None
        ),
    )


def _to_the_second(at: datetime) -> datetime:
    # A spreadsheet keeps no microseconds.
    return at.astimezone(UTC).replace(microsecond=0)


def _unknown_contact(run: Run, row: Row, stored: Stored, outcome: Outcome) -> None:
    email = str(row.text("email"))
    if stored.blocked.get(privacy.email_hash(run.ctx.secret, email)) == privacy.ERASED:
        run.table.notice(row, "this person was erased, the row is left out")
        outcome.unchanged += 1
        return
    text = f"{shown(email)} is not a known contact of {shown(row.text('account_key'))}"
    run.table.problem(row, "email", text)


def _create(
    run: Run,
    row: Row,
    account: Fields,
    contact: Fields,
    wave: FileWave | None,
    outcome: Outcome,
    changes: Changes,
) -> None:
    invited, answered = row.cells.get("invited_at"), row.cells.get("answered_at")
    if invited is None and answered is None:
        text = "is missing: a new row needs answered_at or invited_at"
        run.table.problem(row, "answered_at", text)
        return
    check_order(run, row, invited, answered)
    answer = answer_fields(run.table, row, None)
    status = InvitationStatus.UNASKED if invited is None else InvitationStatus.SENT
    invitation = {
        "kind": str(row.text("survey_kind")),
        "account_id": account["id"],
        "contact_id": contact["id"],
        "status": status.value,
        "sent_at": invited,
        "owner_id": account["owner_id"],
        "team_id": account["team_id"],
        "role": contact["role"],
        "segment": account["segment"],
        "value": row.cells.get("value_at_invite", account["annual_value"]),
        "currency": account["currency"],
        "renewal_date": account["renewal_date"],
    }
    outcome.created += 1
    changes.new.append((invitation, wave, answer))
    changes.touched.add((account["id"], invitation["kind"]))


def _update(
    run: Run,
    row: Row,
    account: Fields,
    invitation: Fields,
    stored: Stored,
    outcome: Outcome,
    changes: Changes,
) -> None:
    kind = str(row.text("survey_kind"))
    if invitation["kind"] != kind:
        text = f"this contact was asked {invitation['kind']} in this wave, not {kind}"
        run.table.problem(row, "survey_kind", text)
        return
    if invitation["status"] in _BEING_SENT:
        run.table.problem(row, "wave", "this contact's invitation is still to be sent")
        return
    response = stored.responses.get(invitation["id"])
    answered = row.cells.get("answered_at", response["answered_at"] if response else None)
    check_order(run, row, row.cells.get("invited_at", invitation["sent_at"]), answered)
    answer = answer_fields(run.table, row, response)
    counting = Outcome()
    change = counting.compare(invitation, _asked_fields(row, invitation, answer))
    if change:
        changes.invitations.append(change)
    if response is None and answer is not None:
        changes.answered.append(({**invitation, "account_id": account["id"]}, answer))
    elif response is not None and answer:
        changed = counting.compare(response, answer)
        if changed:
            changes.responses.append(changed)
        if {"score", "reply"} & set(changed):
            changes.earlier.append(
                {
                    "response_id": response["id"],
                    "at": run.ctx.now(),
                    "reply": response["reply"],
                    "score": response["score"],
                }
            )
    if counting.updated or (response is None and answer is not None):
        outcome.updated += 1
        changes.touched.add((account["id"], kind))
    else:
        outcome.unchanged += 1


def _asked_fields(row: Row, invitation: Fields, answer: dict[str, Any] | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    status = invitation["status"]
    if "value_at_invite" in row.cells:
        fields["value"] = row.cells["value_at_invite"]
    if "invited_at" in row.cells and status != InvitationStatus.DOUBT:
        fields |= {"sent_at": row.cells["invited_at"], "status": InvitationStatus.SENT.value}
    elif status in _NOT_SENT and answer:
        fields["status"] = InvitationStatus.UNASKED.value
    return fields


async def _write(session: Session, run: Run, waves: list[FileWave], changes: Changes) -> None:
    await store_waves(session, run, waves)
    for invitation, wave, _ in changes.new:
        invitation["wave_id"] = wave.id if wave else None
    ids = await imports.insert_rows(
        session, Invitation, [invitation for invitation, _, _ in changes.new]
    )
    fresh = [
        _response(invitation, made, answer)
        for made, (invitation, _, answer) in zip(ids, changes.new, strict=True)
        if answer is not None
    ]
    fresh += [
        _response(invitation, invitation["id"], answer) for invitation, answer in changes.answered
    ]
    await imports.update_rows(session, "invitation", changes.invitations)
    await imports.add_rows(session, Response, fresh)
    await imports.add_rows(session, ResponseChange, changes.earlier)
    await imports.update_rows(session, "response", changes.responses)
    for kind in sorted({answers.counted_as(kind) for _, kind in changes.touched}):
        accounts = {
            account for account, touched in changes.touched if answers.counted_as(touched) == kind
        }
        await answers.recount(
            session, accounts, kind, run.ctx.now(), run.ctx.programme.window_months
        )
    known = {wave.id for wave in waves if wave.id is not None}
    await wave_rollups.recount(session, known, {account for account, _kind in changes.touched})


def _response(invitation: Fields, invitation_id: int, answer: dict[str, Any]) -> Fields:
    return {
        "invitation_id": invitation_id,
        "account_id": invitation["account_id"],
        "contact_id": invitation["contact_id"],
        "kind": invitation["kind"],
        "last_input_at": answer["answered_at"],
        "finished_at": answer["answered_at"],
        "imported": True,
        **answer,
    }
