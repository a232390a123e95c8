"""What is hidden from an account's owner is a case of its own; it was part of the owner's."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_OPEN_STATES = ('new', 'taken', 'contacted', 'reopened')
_OPEN = sa.text("state in ('new', 'taken', 'contacted', 'reopened')")
_KEY = ['account_id', 'kind', 'wave_id']
_TABLES = ('case', 'case_response', 'case_event', 'posting', 'alert', 'promise', 'response',
           'letter', 'settled')  # fmt: skip
# Lines that told how the program moved hidden answers.
_MOVED = ('moved_apart', 'came_apart', 'solved_apart')


def upgrade() -> None:
    op.drop_index('uq_case_open', table_name='case')
    _index([*_KEY, 'hidden_from_owner'])
    _split(op.get_bind())
    for table in ('case_response', 'case_event'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('hidden_from_owner')


def downgrade() -> None:
    for table in ('case_response', 'case_event'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column(
                    'hidden_from_owner', sa.Boolean(), nullable=False, server_default=sa.false()
                )
            )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column('hidden_from_owner', server_default=None)
        op.execute(
            f'UPDATE {table} SET hidden_from_owner = true WHERE case_id IN '
            '(SELECT id FROM "case" WHERE hidden_from_owner)'
        )
    _join(op.get_bind())
    op.drop_index('uq_case_open', table_name='case')
    _index(_KEY)


def _index(columns: list[str]) -> None:
    op.create_index(
        'uq_case_open', 'case', columns, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _split(bind: sa.Connection) -> None:
    """Gives hidden answers, and what was done for them, a case beside the owner's."""
    meta = sa.MetaData()
    meta.reflect(bind, only=[*_TABLES, 'account', 'member'])
    tables = [meta.tables[name] for name in _TABLES]
    case, joined, event, posting, alert, promise, response, letter, settled = tables
    bind.execute(event.delete().where(event.c.act.in_(_MOVED)))
    all_hidden = (
        sa.exists().where(joined.c.case_id == case.c.id)
        & ~sa.exists().where(joined.c.case_id == case.c.id, ~joined.c.hidden_from_owner)
    )
    only_hidden = sa.select(case).where(all_hidden, ~case.c.hidden_from_owner)
    for row in bind.execute(only_hidden).mappings().all():
        values = _for_lead(bind, meta, dict(row)) if row['state'] in _OPEN_STATES else {}
        mine = case.c.id == row['id']
        bind.execute(case.update().where(mine).values(hidden_from_owner=True, **values))
    mixed = (
        sa.select(case)
        .where(
            ~case.c.hidden_from_owner,
            sa.exists().where(joined.c.case_id == case.c.id, joined.c.hidden_from_owner),
        )
        .order_by(case.c.id)
    )
    for row in bind.execute(mixed).mappings().all():
        new = _beside(bind, meta, dict(row))
        answers = bind.execute(
            sa.select(joined.c.response_id, response.c.contact_id, joined.c.hidden_from_owner)
            .join(response, response.c.id == joined.c.response_id)
            .where(joined.c.case_id == row['id'])
        ).all()
        ids = [response_id for response_id, _contact, hidden in answers if hidden]
        # What was done for a customer goes with them, unless another answer of theirs stays.
        staying = {contact_id for _response, contact_id, hidden in answers if not hidden}
        contacts = {contact_id for _response, contact_id, hidden in answers if hidden} - staying
        told = event.c.act.in_(('opened', 'joined', 'released')) & event.c.note.in_(
            [str(i) for i in ids]
        )
        done = event.c.hidden_from_owner | event.c.contact_id.in_(contacts)
        promised = promise.c.hidden_from_owner | promise.c.contact_id.in_(contacts)
        kept = {'hidden_from_owner': True}
        for table, where, values in (
            (joined, joined.c.response_id.in_(ids), {}),
            (event, told | done, {'before': {}}),
            (alert, alert.c.response_id.in_(ids), {}),
            (promise, promised, kept),
            (letter, letter.c.contact_id.in_(contacts), {}),
            (settled, settled.c.contact_id.in_(contacts), {}),
        ):
            mine = (table.c.case_id == row['id']) & where
            bind.execute(table.update().where(mine).values(case_id=new, **values))
        cards = (posting.c.subject == 'case') & (posting.c.subject_id == row['id'])
        bind.execute(
            posting.update()
            .where(cards, posting.c.response_id.in_(ids))
            .values(subject_id=new)
        )
    _bring_over(bind, case, event)


def _beside(bind: sa.Connection, meta: sa.MetaData, row: dict[str, Any]) -> int:
    """Adds the hidden case: one that ended stands as it did, an open one begins anew."""
    case = meta.tables['case']
    values = {**row, 'hidden_from_owner': True, 'version': 1}
    if row['state'] in _OPEN_STATES:
        values |= _for_lead(bind, meta, row)
    else:
        values['owner_id'] = _lead(bind, meta, row)
    del values['id']
    return int(bind.execute(case.insert().values(**values).returning(case.c.id)).scalar_one())


def _for_lead(bind: sa.Connection, meta: sa.MetaData, row: dict[str, Any]) -> dict[str, Any]:
    """Gives how an open case begins anew with the lead."""
    gone = ('taken_by', 'taken_at', 'contacted_at', 'reached', 'snoozed_until', 'escalated_to',
            'call_again_on', 'promised', 'promise_by')  # fmt: skip
    take_by = row['take_by'] or row['contact_by'] or row['opened_at']
    new = {'state': 'new', 'take_by': take_by, 'remind_at': take_by}
    return {**dict.fromkeys(gone), **new, 'owner_id': _lead(bind, meta, row)}


def _lead(bind: sa.Connection, meta: sa.MetaData, row: dict[str, Any]) -> int | None:
    account, member = meta.tables['account'], meta.tables['member']
    of = bind.execute(sa.select(account).where(account.c.id == row['account_id'])).mappings().one()
    kept_from = {of['owner_id'], *of['once_kept_from']}
    leads = sa.select(member.c.id).where(
        member.c.team_id == of['team_id'],
        member.c.role == 'team_lead',
        member.c.left_at.is_(None),
    )
    found = bind.execute(leads.order_by(member.c.name, member.c.id)).scalars().first()
    return None if found in kept_from else found


def _bring_over(bind: sa.Connection, case: sa.Table, event: sa.Table) -> None:
    """Moves what a lead did hidden in an owner's case to the hidden case that came out of it."""
    hidden = case.alias()
    newest = (
        sa.select(sa.func.max(hidden.c.id))
        .where(
            hidden.c.account_id == case.c.account_id,
            hidden.c.kind == case.c.kind,
            sa.func.coalesce(hidden.c.wave_id, 0) == sa.func.coalesce(case.c.wave_id, 0),
            hidden.c.hidden_from_owner,
        )
        .scalar_subquery()
    )
    query = (
        sa.select(event.c.id, newest)
        .join(case, case.c.id == event.c.case_id)
        .where(event.c.hidden_from_owner, ~case.c.hidden_from_owner)
    )
    for event_id, target in bind.execute(query).all():
        mine = event.c.id == event_id
        if target is None:  # the answers it was about were changed and left the case
            bind.execute(event.delete().where(mine))
        else:
            bind.execute(event.update().where(mine).values(case_id=target, before={}))


def _join(bind: sa.Connection) -> None:
    """Joins an open hidden case to the owner's open one: there was one at a time."""
    meta = sa.MetaData()
    meta.reflect(bind, only=_TABLES)
    case, posting = meta.tables['case'], meta.tables['posting']
    own = case.alias()
    pairs = (
        sa.select(case.c.id, own.c.id)
        .join(
            own,
            (own.c.account_id == case.c.account_id)
            & (own.c.kind == case.c.kind)
            & (own.c.wave_id == case.c.wave_id),
        )
        .where(
            case.c.hidden_from_owner,
            ~own.c.hidden_from_owner,
            case.c.state.in_(_OPEN_STATES),
            own.c.state.in_(_OPEN_STATES),
        )
    )
    for hidden_id, own_id in bind.execute(pairs).all():
        for name in ('case_response', 'case_event', 'alert', 'promise', 'letter', 'settled'):
            table = meta.tables[name]
            mine = table.c.case_id == hidden_id
            bind.execute(table.update().where(mine).values(case_id=own_id))
        cards = (posting.c.subject == 'case') & (posting.c.subject_id == hidden_id)
        bind.execute(posting.update().where(cards).values(subject_id=own_id))
        ended = {'state': 'not_a_critic', 'remind_at': None}
        bind.execute(case.update().where(case.c.id == hidden_id).values(**ended))
