"""first."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('app_setting',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_app_setting'))
    )
    op.create_table('block_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email_hash', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_block_entry')),
    sa.UniqueConstraint('email_hash', name=op.f('uq_block_entry_email_hash'))
    )
    op.create_table('console_mail',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_console_mail'))
    )
    with op.batch_alter_table('console_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_console_mail_recipient'), ['recipient'], unique=False)

    op.create_table('console_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('card', sa.JSON(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('reply_to', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['reply_to'], ['console_message.id'], name=op.f('fk_console_message_reply_to_console_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_console_message'))
    )
    with op.batch_alter_table('console_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_console_message_place'), ['place'], unique=False)

    op.create_table('conversation',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('service_url', sa.String(), nullable=False),
    sa.Column('bot', sa.String(), nullable=False),
    sa.Column('tenant', sa.String(), nullable=True),
    sa.Column('person', sa.String(), nullable=True),
    sa.Column('team', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('team_name', sa.String(), nullable=True),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversation'))
    )
    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_conversation_person'), ['person'], unique=False)
        batch_op.create_index(batch_op.f('ix_conversation_team'), ['team'], unique=False)

    op.create_table('heartbeat',
    sa.Column('executor_id', sa.String(), nullable=False),
    sa.Column('process', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('executor_id', name=op.f('pk_heartbeat'))
    )
    op.create_table('sent_form',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('done', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_sent_form'))
    )
    with op.batch_alter_table('sent_form', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sent_form_at'), ['at'], unique=False)

    op.create_table('survey',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('wording_version', sa.Integer(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_survey')),
    sa.UniqueConstraint('name', name=op.f('uq_survey_name'))
    )
    op.create_table('team',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team')),
    sa.UniqueConstraint('name', name=op.f('uq_team_name'))
    )
    op.create_table('member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('function', sa.String(), nullable=True),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('slack_id', sa.String(), nullable=True),
    sa.Column('teams_id', sa.String(), nullable=True),
    sa.Column('timezone', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('away_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('away_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('backup_id', sa.Integer(), nullable=True),
    sa.Column('last_digest_on', sa.Date(), nullable=True),
    sa.Column('digest', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['backup_id'], ['member.id'], name=op.f('fk_member_backup_id_member')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_member_team_id_team')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member')),
    sa.UniqueConstraint('email', name=op.f('uq_member_email')),
    sa.UniqueConstraint('slack_id', name=op.f('uq_member_slack_id')),
    sa.UniqueConstraint('teams_id', name=op.f('uq_member_teams_id'))
    )
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_team_id'), ['team_id'], unique=False)

    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('aliases', sa.JSON(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('segment', sa.String(), nullable=True),
    sa.Column('region', sa.String(), nullable=True),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('tier', sa.String(), nullable=True),
    sa.Column('annual_value', sa.Float(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('strategic', sa.Boolean(), nullable=False),
    sa.Column('renewal_date', sa.Date(), nullable=True),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('recommend_policy', sa.String(), nullable=False),
    sa.Column('key_people_unknown', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_account_owner_id_member')),
    sa.ForeignKeyConstraint(['parent_id'], ['account.id'], name=op.f('fk_account_parent_id_account')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_account_team_id_team')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('key', name=op.f('uq_account_key'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_segment'), ['segment'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_team_id'), ['team_id'], unique=False)

    op.create_table('bound_place',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('board', sa.String(), nullable=True),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('mend', sa.String(), nullable=True),
    sa.Column('problem_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_bound_place_member_id_member')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_bound_place_team_id_team')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bound_place')),
    sa.UniqueConstraint('board', 'platform', name=op.f('uq_bound_place_board_platform')),
    sa.UniqueConstraint('member_id', 'platform', name=op.f('uq_bound_place_member_id_platform')),
    sa.UniqueConstraint('reason', 'platform', name=op.f('uq_bound_place_reason_platform')),
    sa.UniqueConstraint('team_id', 'platform', name=op.f('uq_bound_place_team_id_platform'))
    )
    with op.batch_alter_table('bound_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bound_place_place'), ['place'], unique=False)

    op.create_table('reason_owner',
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('function', sa.String(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_reason_owner_member_id_member')),
    sa.PrimaryKeyConstraint('reason', name=op.f('pk_reason_owner'))
    )
    op.create_table('shared_reason',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_by', sa.Integer(), nullable=True),
    sa.Column('what_was_fixed', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['member.id'], name=op.f('fk_shared_reason_changed_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shared_reason')),
    sa.UniqueConstraint('key', name=op.f('uq_shared_reason_key'))
    )
    with op.batch_alter_table('shared_reason', schema=None) as batch_op:
        batch_op.create_index('ix_shared_reason_open', ['reason', 'state'], unique=False)

    op.create_table('wave',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('survey_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sending_days', sa.JSON(), nullable=False),
    sa.Column('sending_hours', sa.String(), nullable=True),
    sa.Column('respect_hours', sa.Boolean(), nullable=False),
    sa.Column('reminder_after_days', sa.Integer(), nullable=True),
    sa.Column('first_batch', sa.Integer(), nullable=False),
    sa.Column('first_batch_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_batch_released', sa.Boolean(), nullable=False),
    sa.Column('planned_by', sa.Integer(), nullable=True),
    sa.Column('approved_by', sa.Integer(), nullable=True),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_test', sa.Boolean(), nullable=False),
    sa.Column('imported', sa.Boolean(), nullable=False),
    sa.Column('counted_to', sa.Integer(), nullable=True),
    sa.Column('counted', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['approved_by'], ['member.id'], name=op.f('fk_wave_approved_by_member')),
    sa.ForeignKeyConstraint(['planned_by'], ['member.id'], name=op.f('fk_wave_planned_by_member')),
    sa.ForeignKeyConstraint(['survey_id'], ['survey.id'], name=op.f('fk_wave_survey_id_survey')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wave')),
    sa.UniqueConstraint('name', name=op.f('uq_wave_name'))
    )
    with op.batch_alter_table('wave', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wave_state'), ['state'], unique=False)

    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('platform', sa.String(), nullable=True),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_audit_entry_account_id_account')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_audit_entry_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index('ix_audit_account', ['account_id', 'at'], unique=False)
        batch_op.create_index('ix_audit_act', ['act', 'at'], unique=False)
        batch_op.create_index('ix_audit_member', ['member_id', 'at'], unique=False)

    op.create_table('case',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('taken_by', sa.Integer(), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reached', sa.Boolean(), nullable=True),
    sa.Column('solved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('take_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contact_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('escalated_to', sa.String(), nullable=True),
    sa.Column('hidden_from_owner', sa.Boolean(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('root_cause', sa.String(), nullable=True),
    sa.Column('broken_expectation', sa.String(), nullable=True),
    sa.Column('expectation_suggested', sa.Boolean(), nullable=False),
    sa.Column('what_was_done', sa.String(), nullable=True),
    sa.Column('what_helped', sa.String(), nullable=True),
    sa.Column('promised', sa.String(), nullable=True),
    sa.Column('promise_by', sa.Date(), nullable=True),
    sa.Column('call_again_on', sa.Date(), nullable=True),
    sa.Column('not_critic_reason', sa.String(), nullable=True),
    sa.Column('solved_by', sa.Integer(), nullable=True),
    sa.Column('about_owner', sa.Boolean(), nullable=False),
    sa.Column('settled', sa.String(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('not_asked', sa.String(), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_case_account_id_account')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_case_owner_id_member')),
    sa.ForeignKeyConstraint(['solved_by'], ['member.id'], name=op.f('fk_case_solved_by_member')),
    sa.ForeignKeyConstraint(['taken_by'], ['member.id'], name=op.f('fk_case_taken_by_member')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_case_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case'))
    )
    with op.batch_alter_table('case', schema=None) as batch_op:
        batch_op.create_index('ix_case_account', ['account_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_remind_at'), ['remind_at'], unique=False)
        batch_op.create_index('uq_case_open', ['account_id', 'kind', 'wave_id'], unique=True, sqlite_where=sa.text("state in ('new', 'taken', 'contacted', 'reopened')"), postgresql_where=sa.text("state in ('new', 'taken', 'contacted', 'reopened')"))

    op.create_table('contact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('department', sa.String(), nullable=True),
    sa.Column('role', sa.String(), nullable=True),
    sa.Column('takes_part_in_buying', sa.Boolean(), nullable=True),
    sa.Column('experiences_service', sa.Boolean(), nullable=True),
    sa.Column('judges', sa.JSON(), nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('timezone', sa.String(), nullable=True),
    sa.Column('country', sa.String(), nullable=True),
    sa.Column('slack_id', sa.String(), nullable=True),
    sa.Column('teams_id', sa.String(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('corrected', sa.JSON(), nullable=False),
    sa.Column('added_by', sa.Integer(), nullable=True),
    sa.Column('asked_before', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_contact_account_id_account')),
    sa.ForeignKeyConstraint(['added_by'], ['member.id'], name=op.f('fk_contact_added_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('account_id', 'email', name=op.f('uq_contact_account_id_email'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_email'), ['email'], unique=False)
        batch_op.create_index('ix_contact_figures', ['account_id', 'role', 'status'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_slack_id'), ['slack_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_teams_id'), ['teams_id'], unique=False)

    op.create_table('improvement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('shared_reason_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('written_by', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_improvement_account_id_account')),
    sa.ForeignKeyConstraint(['shared_reason_id'], ['shared_reason.id'], name=op.f('fk_improvement_shared_reason_id_shared_reason')),
    sa.ForeignKeyConstraint(['written_by'], ['member.id'], name=op.f('fk_improvement_written_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_improvement'))
    )
    with op.batch_alter_table('improvement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_improvement_account_id'), ['account_id'], unique=False)

    op.create_table('invitation_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('written_by', sa.Integer(), nullable=True),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_invitation_line_account_id_account')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_invitation_line_wave_id_wave')),
    sa.ForeignKeyConstraint(['written_by'], ['member.id'], name=op.f('fk_invitation_line_written_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation_line'))
    )
    with op.batch_alter_table('invitation_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_line_account_id'), ['account_id'], unique=False)

    op.create_table('rollup',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('promoters', sa.Integer(), nullable=False),
    sa.Column('passives', sa.Integer(), nullable=False),
    sa.Column('detractors', sa.Integer(), nullable=False),
    sa.Column('may_not_recommend', sa.Integer(), nullable=False),
    sa.Column('cannot_judge', sa.Integer(), nullable=False),
    sa.Column('leaves_on', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_rollup_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'kind', 'role', name=op.f('pk_rollup'))
    )
    with op.batch_alter_table('rollup', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_rollup_leaves_on'), ['leaves_on'], unique=False)

    op.create_table('wave_channel',
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('next_batch', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_wave_channel_wave_id_wave')),
    sa.PrimaryKeyConstraint('wave_id', 'channel', name=op.f('pk_wave_channel'))
    )
    op.create_table('wave_rollup',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('segment', sa.String(), nullable=True),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.Column('promoters', sa.Integer(), nullable=False),
    sa.Column('passives', sa.Integer(), nullable=False),
    sa.Column('detractors', sa.Integer(), nullable=False),
    sa.Column('may_not_recommend', sa.Integer(), nullable=False),
    sa.Column('cannot_judge', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_wave_rollup_account_id_account')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_wave_rollup_team_id_team')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_wave_rollup_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wave_rollup'))
    )
    with op.batch_alter_table('wave_rollup', schema=None) as batch_op:
        batch_op.create_index('ix_wave_rollup_wave', ['wave_id', 'account_id'], unique=False)

    op.create_table('case_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('platform', sa.String(), nullable=True),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('undone', sa.Boolean(), nullable=False),
    sa.Column('hidden_from_owner', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_case_event_case_id_case')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_case_event_contact_id_contact')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_case_event_member_id_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_event'))
    )
    with op.batch_alter_table('case_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_event_case_id'), ['case_id'], unique=False)

    op.create_table('case_pace',
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('take_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('take_hours', sa.Float(), nullable=True),
    sa.Column('contacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contact_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contact_hours', sa.Float(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_case_pace_case_id_case')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_pace'))
    )
    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('wave_id', sa.Integer(), nullable=True),
    sa.Column('survey_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claimed_by', sa.String(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_place', sa.String(), nullable=True),
    sa.Column('message_id', sa.String(), nullable=True),
    sa.Column('is_test', sa.Boolean(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('team_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.String(), nullable=True),
    sa.Column('segment', sa.String(), nullable=True),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('renewal_date', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_invitation_account_id_account')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_invitation_contact_id_contact')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_invitation_owner_id_member')),
    sa.ForeignKeyConstraint(['survey_id'], ['survey.id'], name=op.f('fk_invitation_survey_id_survey')),
    sa.ForeignKeyConstraint(['team_id'], ['team.id'], name=op.f('fk_invitation_team_id_team')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_invitation_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('wave_id', 'contact_id', name=op.f('uq_invitation_wave_id_contact_id'))
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index('ix_invitation_due', ['status', 'channel', 'send_at'], unique=False)
        batch_op.create_index('ix_invitation_figures', ['account_id', 'kind', 'sent_at'], unique=False)
        batch_op.create_index('ix_invitation_rest', ['contact_id', 'sent_at', 'status', 'kind', 'is_test'], unique=False)

    op.create_table('letter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('improvement_id', sa.Integer(), nullable=True),
    sa.Column('written_by', sa.Integer(), nullable=True),
    sa.Column('text', sa.String(), nullable=True),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claimed_by', sa.String(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_letter_account_id_account')),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_letter_case_id_case')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_letter_contact_id_contact')),
    sa.ForeignKeyConstraint(['improvement_id'], ['improvement.id'], name=op.f('fk_letter_improvement_id_improvement')),
    sa.ForeignKeyConstraint(['written_by'], ['member.id'], name=op.f('fk_letter_written_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter')),
    sa.UniqueConstraint('key', name=op.f('uq_letter_key'))
    )
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_letter_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_letter_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_letter_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_letter_due', ['status', 'send_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_letter_improvement_id'), ['improvement_id'], unique=False)

    op.create_table('promise',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('lasting', sa.Boolean(), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deliverer_id', sa.Integer(), nullable=True),
    sa.Column('function', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.Integer(), nullable=True),
    sa.Column('refused_reason', sa.String(), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('hidden_from_owner', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_promise_account_id_account')),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_promise_case_id_case')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_promise_contact_id_contact')),
    sa.ForeignKeyConstraint(['deliverer_id'], ['member.id'], name=op.f('fk_promise_deliverer_id_member')),
    sa.ForeignKeyConstraint(['done_by'], ['member.id'], name=op.f('fk_promise_done_by_member')),
    sa.ForeignKeyConstraint(['made_by'], ['member.id'], name=op.f('fk_promise_made_by_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_promise'))
    )
    with op.batch_alter_table('promise', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_promise_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_promise_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_promise_deliverer_id'), ['deliverer_id'], unique=False)
        batch_op.create_index('ix_promise_due', ['state', 'due_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_promise_remind_at'), ['remind_at'], unique=False)

    op.create_table('mail_reply',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=True),
    sa.Column('letter_id', sa.Integer(), nullable=True),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_mail_reply_contact_id_contact')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_mail_reply_invitation_id_invitation')),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_mail_reply_letter_id_letter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_reply')),
    sa.UniqueConstraint('message_id', name=op.f('uq_mail_reply_message_id'))
    )
    with op.batch_alter_table('mail_reply', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_reply_contact_id'), ['contact_id'], unique=False)

    op.create_table('reminder',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('send_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_by', sa.String(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_reminder_invitation_id_invitation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('invitation_id', 'number', name=op.f('uq_reminder_invitation_id_number'))
    )
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.create_index('ix_reminder_due', ['status', 'channel', 'send_at'], unique=False)

    op.create_table('response',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('wording_version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('reply', sa.String(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('satisfaction', sa.Integer(), nullable=True),
    sa.Column('comment', sa.String(), nullable=True),
    sa.Column('idea', sa.String(), nullable=True),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('role_answer', sa.String(), nullable=True),
    sa.Column('contact_wish', sa.String(), nullable=True),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('call_when', sa.String(), nullable=True),
    sa.Column('to_manager', sa.Boolean(), nullable=False),
    sa.Column('quote_me', sa.Boolean(), nullable=False),
    sa.Column('language', sa.String(), nullable=True),
    sa.Column('product', sa.String(), nullable=True),
    sa.Column('touchpoint', sa.String(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_input_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('imported', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_response_account_id_account')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_response_contact_id_contact')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_response_invitation_id_invitation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_response')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_response_invitation_id'))
    )
    with op.batch_alter_table('response', schema=None) as batch_op:
        batch_op.create_index('ix_response_answered', ['answered_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_response_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_response_figures', ['kind', 'account_id', 'contact_id', 'answered_at'], unique=False)
        batch_op.create_index('ix_response_provisional', ['last_input_at'], unique=False, sqlite_where=sa.text("status = 'provisional'"), postgresql_where=sa.text("status = 'provisional'"))
        batch_op.create_index('ix_response_to_manager', ['account_id'], unique=False, sqlite_where=sa.text('to_manager IS 1'), postgresql_where=sa.text('to_manager IS true'))

    op.create_table('settled',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('letter_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('answer', sa.String(), nullable=False),
    sa.Column('comment', sa.String(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_from', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_settled_case_id_case')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_settled_contact_id_contact')),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_settled_letter_id_letter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settled')),
    sa.UniqueConstraint('letter_id', name=op.f('uq_settled_letter_id'))
    )
    with op.batch_alter_table('settled', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_settled_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_settled_contact_id'), ['contact_id'], unique=False)

    op.create_table('visit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('client', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('heads', sa.Integer(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('scores', sa.JSON(), nullable=False),
    sa.Column('trap', sa.Boolean(), nullable=False),
    sa.Column('scanner', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_visit_invitation_id_invitation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit'))
    )
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.create_index('ix_visit_client', ['invitation_id', 'client', 'last_at'], unique=False)
        batch_op.create_index('ix_visit_last_at', ['last_at'], unique=False)

    op.create_table('alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=True),
    sa.Column('response_id', sa.Integer(), nullable=True),
    sa.Column('wave_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('problem', sa.String(), nullable=True),
    sa.Column('claimed_by', sa.String(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_alert_account_id_account')),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_alert_case_id_case')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_alert_member_id_member')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_alert_response_id_response')),
    sa.ForeignKeyConstraint(['wave_id'], ['wave.id'], name=op.f('fk_alert_wave_id_wave')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert')),
    sa.UniqueConstraint('key', name=op.f('uq_alert_key'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_alert_due', ['status', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_alert_response_id'), ['response_id'], unique=False)

    op.create_table('case_response',
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hidden_from_owner', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_case_response_case_id_case')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_case_response_response_id_response')),
    sa.PrimaryKeyConstraint('response_id', name=op.f('pk_case_response'))
    )
    with op.batch_alter_table('case_response', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_response_case_id'), ['case_id'], unique=False)

    op.create_table('current_answer',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('reply', sa.String(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leaves_on', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_current_answer_account_id_account')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_current_answer_contact_id_contact')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_current_answer_response_id_response')),
    sa.PrimaryKeyConstraint('account_id', 'contact_id', 'kind', name=op.f('pk_current_answer'))
    )
    with op.batch_alter_table('current_answer', schema=None) as batch_op:
        batch_op.create_index('ix_current_answer_leaves', ['kind', 'account_id', 'leaves_on'], unique=False)

    op.create_table('idea',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('announced', sa.Boolean(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_idea_account_id_account')),
    sa.ForeignKeyConstraint(['changed_by'], ['member.id'], name=op.f('fk_idea_changed_by_member')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_idea_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idea')),
    sa.UniqueConstraint('response_id', name=op.f('uq_idea_response_id'))
    )
    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idea_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_idea_state'), ['state'], unique=False)

    op.create_table('posting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('part', sa.String(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('thread_id', sa.String(), nullable=True),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('moved', sa.Boolean(), nullable=False),
    sa.Column('posted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_posting_member_id_member')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_posting_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_posting'))
    )
    with op.batch_alter_table('posting', schema=None) as batch_op:
        batch_op.create_index('ix_posting_message', ['message_id'], unique=False)
        batch_op.create_index('ix_posting_subject', ['subject', 'subject_id'], unique=False)

    op.create_table('reference',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=True),
    sa.Column('forms', sa.JSON(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agreed_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_reference_account_id_account')),
    sa.ForeignKeyConstraint(['agreed_by'], ['member.id'], name=op.f('fk_reference_agreed_by_member')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_reference_contact_id_contact')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_reference_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference')),
    sa.UniqueConstraint('contact_id', name=op.f('uq_reference_contact_id'))
    )
    with op.batch_alter_table('reference', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reference_account_id'), ['account_id'], unique=False)

    op.create_table('response_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reply', sa.String(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_response_change_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_response_change'))
    )
    with op.batch_alter_table('response_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_response_change_response_id'), ['response_id'], unique=False)

    op.create_table('shared_reason_response',
    sa.Column('shared_reason_id', sa.Integer(), nullable=False),
    sa.Column('response_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_shared_reason_response_response_id_response')),
    sa.ForeignKeyConstraint(['shared_reason_id'], ['shared_reason.id'], name=op.f('fk_shared_reason_response_shared_reason_id_shared_reason')),
    sa.PrimaryKeyConstraint('shared_reason_id', 'response_id', name=op.f('pk_shared_reason_response'))
    )
    with op.batch_alter_table('shared_reason_response', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_shared_reason_response_response_id'), ['response_id'], unique=False)

    op.create_table('task',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('response_id', sa.Integer(), nullable=True),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('later_until', sa.Date(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.Integer(), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_task_account_id_account')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_task_contact_id_contact')),
    sa.ForeignKeyConstraint(['done_by'], ['member.id'], name=op.f('fk_task_done_by_member')),
    sa.ForeignKeyConstraint(['owner_id'], ['member.id'], name=op.f('fk_task_owner_id_member')),
    sa.ForeignKeyConstraint(['response_id'], ['response.id'], name=op.f('fk_task_response_id_response')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('key', name=op.f('uq_task_key'))
    )
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.create_index('ix_task_account', ['account_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_task_owner', ['owner_id', 'state', 'due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_response_id'), ['response_id'], unique=False)

    op.create_table('reference_use',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference_id', sa.Integer(), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('form', sa.String(), nullable=False),
    sa.Column('for_what', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['answered_by'], ['member.id'], name=op.f('fk_reference_use_answered_by_member')),
    sa.ForeignKeyConstraint(['asked_by'], ['member.id'], name=op.f('fk_reference_use_asked_by_member')),
    sa.ForeignKeyConstraint(['reference_id'], ['reference.id'], name=op.f('fk_reference_use_reference_id_reference')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference_use'))
    )
    with op.batch_alter_table('reference_use', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reference_use_reference_id'), ['reference_id'], unique=False)

    op.create_table('touch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('task_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('how', sa.String(), nullable=False),
    sa.Column('reached', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_touch_account_id_account')),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_touch_contact_id_contact')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_touch_member_id_member')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_touch_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touch'))
    )
    with op.batch_alter_table('touch', schema=None) as batch_op:
        batch_op.create_index('ix_touch_account', ['account_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_touch_contact_id'), ['contact_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('touch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_touch_contact_id'))
        batch_op.drop_index('ix_touch_account')

    op.drop_table('touch')
    with op.batch_alter_table('reference_use', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reference_use_reference_id'))

    op.drop_table('reference_use')
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_response_id'))
        batch_op.drop_index('ix_task_owner')
        batch_op.drop_index(batch_op.f('ix_task_contact_id'))
        batch_op.drop_index('ix_task_account')

    op.drop_table('task')
    with op.batch_alter_table('shared_reason_response', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_shared_reason_response_response_id'))

    op.drop_table('shared_reason_response')
    with op.batch_alter_table('response_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_response_change_response_id'))

    op.drop_table('response_change')
    with op.batch_alter_table('reference', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reference_account_id'))

    op.drop_table('reference')
    with op.batch_alter_table('posting', schema=None) as batch_op:
        batch_op.drop_index('ix_posting_subject')
        batch_op.drop_index('ix_posting_message')

    op.drop_table('posting')
    with op.batch_alter_table('idea', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idea_state'))
        batch_op.drop_index(batch_op.f('ix_idea_account_id'))

    op.drop_table('idea')
    with op.batch_alter_table('current_answer', schema=None) as batch_op:
        batch_op.drop_index('ix_current_answer_leaves')

    op.drop_table('current_answer')
    with op.batch_alter_table('case_response', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_response_case_id'))

    op.drop_table('case_response')
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_alert_response_id'))
        batch_op.drop_index('ix_alert_due')
        batch_op.drop_index(batch_op.f('ix_alert_case_id'))

    op.drop_table('alert')
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.drop_index('ix_visit_last_at')
        batch_op.drop_index('ix_visit_client')

    op.drop_table('visit')
    with op.batch_alter_table('settled', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_settled_contact_id'))
        batch_op.drop_index(batch_op.f('ix_settled_case_id'))

    op.drop_table('settled')
    with op.batch_alter_table('response', schema=None) as batch_op:
        batch_op.drop_index('ix_response_to_manager', sqlite_where=sa.text('to_manager IS 1'), postgresql_where=sa.text('to_manager IS true'))
        batch_op.drop_index('ix_response_provisional', sqlite_where=sa.text("status = 'provisional'"), postgresql_where=sa.text("status = 'provisional'"))
        batch_op.drop_index('ix_response_figures')
        batch_op.drop_index(batch_op.f('ix_response_contact_id'))
        batch_op.drop_index('ix_response_answered')

    op.drop_table('response')
    with op.batch_alter_table('reminder', schema=None) as batch_op:
        batch_op.drop_index('ix_reminder_due')

    op.drop_table('reminder')
    with op.batch_alter_table('mail_reply', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_reply_contact_id'))

    op.drop_table('mail_reply')
    with op.batch_alter_table('promise', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_promise_remind_at'))
        batch_op.drop_index('ix_promise_due')
        batch_op.drop_index(batch_op.f('ix_promise_deliverer_id'))
        batch_op.drop_index(batch_op.f('ix_promise_case_id'))
        batch_op.drop_index(batch_op.f('ix_promise_account_id'))

    op.drop_table('promise')
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_letter_improvement_id'))
        batch_op.drop_index('ix_letter_due')
        batch_op.drop_index(batch_op.f('ix_letter_contact_id'))
        batch_op.drop_index(batch_op.f('ix_letter_case_id'))
        batch_op.drop_index(batch_op.f('ix_letter_account_id'))

    op.drop_table('letter')
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_index('ix_invitation_rest')
        batch_op.drop_index('ix_invitation_figures')
        batch_op.drop_index('ix_invitation_due')

    op.drop_table('invitation')
    op.drop_table('case_pace')
    with op.batch_alter_table('case_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_event_case_id'))

    op.drop_table('case_event')
    with op.batch_alter_table('wave_rollup', schema=None) as batch_op:
        batch_op.drop_index('ix_wave_rollup_wave')

    op.drop_table('wave_rollup')
    op.drop_table('wave_channel')
    with op.batch_alter_table('rollup', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rollup_leaves_on'))

    op.drop_table('rollup')
    with op.batch_alter_table('invitation_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_line_account_id'))

    op.drop_table('invitation_line')
    with op.batch_alter_table('improvement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_improvement_account_id'))

    op.drop_table('improvement')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_teams_id'))
        batch_op.drop_index(batch_op.f('ix_contact_slack_id'))
        batch_op.drop_index('ix_contact_figures')
        batch_op.drop_index(batch_op.f('ix_contact_email'))

    op.drop_table('contact')
    with op.batch_alter_table('case', schema=None) as batch_op:
        batch_op.drop_index('uq_case_open', sqlite_where=sa.text("state in ('new', 'taken', 'contacted', 'reopened')"), postgresql_where=sa.text("state in ('new', 'taken', 'contacted', 'reopened')"))
        batch_op.drop_index(batch_op.f('ix_case_remind_at'))
        batch_op.drop_index(batch_op.f('ix_case_owner_id'))
        batch_op.drop_index('ix_case_account')

    op.drop_table('case')
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_member')
        batch_op.drop_index('ix_audit_act')
        batch_op.drop_index('ix_audit_account')

    op.drop_table('audit_entry')
    with op.batch_alter_table('wave', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_wave_state'))

    op.drop_table('wave')
    with op.batch_alter_table('shared_reason', schema=None) as batch_op:
        batch_op.drop_index('ix_shared_reason_open')

    op.drop_table('shared_reason')
    op.drop_table('reason_owner')
    with op.batch_alter_table('bound_place', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bound_place_place'))

    op.drop_table('bound_place')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_team_id'))
        batch_op.drop_index(batch_op.f('ix_account_segment'))
        batch_op.drop_index(batch_op.f('ix_account_owner_id'))

    op.drop_table('account')
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_member_team_id'))

    op.drop_table('member')
    op.drop_table('team')
    op.drop_table('survey')
    with op.batch_alter_table('sent_form', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sent_form_at'))

    op.drop_table('sent_form')
    op.drop_table('heartbeat')
    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_conversation_team'))
        batch_op.drop_index(batch_op.f('ix_conversation_person'))

    op.drop_table('conversation')
    with op.batch_alter_table('console_message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_console_message_place'))

    op.drop_table('console_message')
    with op.batch_alter_table('console_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_console_mail_recipient'))

    op.drop_table('console_mail')
    op.drop_table('block_entry')
    op.drop_table('app_setting')
