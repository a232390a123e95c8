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
    op.drop_index('uq_case_open', table_name='case')
    _index(_KEY)


def _index(columns: list[str]) -> None:
    op.create_index(
        'uq_case_open', 'case', columns, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def _split(bind: sa.Connection) -> None:
    """Gives hidden answers, and what was done for them, a case beside the owner's."""
    meta = sa.MetaData()
    names = ('case', 'case_response', 'case_event', 'posting', 'alert', 'promise', 'response')
    meta.reflect(bind, only=[*names, 'account', 'member'])
    tables = [meta.tables[name] for name in names]
    case, joined, event, posting, alert, promise, response = tables
    bind.execute(event.delete().where(event.c.act.in_(_MOVED)))
    all_hidden = (
        sa.exists().where(joined.c.case_id == case.c.id)
        & ~sa.exists().where(joined.c.case_id == case.c.id, ~joined.c.hidden_from_owner)
    )
    bind.execute(case.update().where(all_hidden).values(hidden_from_owner=True))
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
            sa.select(joined.c.response_id, response.c.contact_id)
            .join(response, response.c.id == joined.c.response_id)
            .where(joined.c.case_id == row['id'], joined.c.hidden_from_owner)
        ).all()
        ids = [response_id for response_id, _contact in answers]
        contacts = [contact_id for _response, contact_id in answers]
        told = event.c.act.in_(('opened', 'joined')) & event.c.note.in_([str(i) for i in ids])
        for table, where, values in (
            (joined, joined.c.response_id.in_(ids), {'case_id': new}),
            (event, told | event.c.hidden_from_owner, {'case_id': new, 'before': {}}),
            (alert, alert.c.response_id.in_(ids), {'case_id': new}),
            (
                promise,
                promise.c.contact_id.in_(contacts) & promise.c.hidden_from_owner,
                {'case_id': new},
            ),
        ):
            mine = (table.c.case_id == row['id']) & where
            bind.execute(table.update().where(mine).values(**values))
        cards = (posting.c.subject == 'case') & (posting.c.subject_id == row['id'])
        bind.execute(
            posting.update()
            .where(cards, posting.c.response_id.in_(ids))
            .values(subject_id=new)
        )
    _bring_over(bind, case, event)


def _beside(bind: sa.Connection, meta: sa.MetaData, row: dict[str, Any]) -> int:
    """Adds the hidden case: one that ended stands as it did, an open one begins anew."""
    case, account, member = (meta.tables[name] for name in ('case', 'account', 'member'))
    of = bind.execute(sa.select(account).where(account.c.id == row['account_id'])).mappings().one()
    kept_from = {of['owner_id'], *of['once_kept_from']}
    leads = sa.select(member.c.id).where(
        member.c.team_id == of['team_id'],
        member.c.role == 'team_lead',
        member.c.left_at.is_(None),
    )
    found = bind.execute(leads.order_by(member.c.name, member.c.id)).scalars().first()
    values = {**row, 'hidden_from_owner': True, 'version': 1}
    values['owner_id'] = None if found in kept_from else found
    if row['state'] in _OPEN_STATES:
        gone = ('taken_by', 'taken_at', 'contacted_at', 'reached', 'snoozed_until', 'escalated_to',
                'call_again_on', 'promised', 'promise_by')  # fmt: skip
        values |= {'state': 'new', **dict.fromkeys(gone)}
        values['take_by'] = row['take_by'] or row['contact_by'] or row['opened_at']
        values['remind_at'] = values['take_by']
    del values['id']
    return int(bind.execute(case.insert().values(**values).returning(case.c.id)).scalar_one())


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
