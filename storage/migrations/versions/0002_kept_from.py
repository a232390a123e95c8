"""Owners of before from whom answers are kept; known of those who owned the account at sending."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_KEPT = sa.text("""
    SELECT DISTINCT account.id, invitation.owner_id
    FROM response
    JOIN account ON account.id = response.account_id
    JOIN invitation ON invitation.id = response.invitation_id
    LEFT JOIN case_response ON case_response.response_id = response.id
    LEFT JOIN "case" ON "case".id = case_response.case_id
    WHERE invitation.owner_id IS NOT NULL
    AND (account.owner_id IS NULL OR account.owner_id <> invitation.owner_id)
    AND (case_response.hidden_from_owner OR "case".hidden_from_owner
         OR (response.to_manager AND case_response.response_id IS NULL))
""")


def upgrade() -> None:
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('once_kept_from', sa.JSON(), nullable=False, server_default='[]')
        )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.alter_column('once_kept_from', server_default=None)
    kept: dict[int, list[int]] = {}
    for account_id, member_id in op.get_bind().execute(_KEPT):
        kept.setdefault(account_id, []).append(member_id)
    account = sa.table('account', sa.column('id'), sa.column('once_kept_from', sa.JSON()))
    for account_id, ids in kept.items():
        op.execute(
            account.update().where(account.c.id == account_id).values(once_kept_from=sorted(ids))
        )


def downgrade() -> None:
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_column('once_kept_from')
