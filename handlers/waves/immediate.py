"""A wave without a form: from the command line, going out at once."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from handlers import texts
from handlers.context import Context, Refused
from handlers.surveys import REASONS
from handlers.waves.audience import Audience
from handlers.waves.forms import OPEN_DAYS, REMINDER_AFTER_DAYS, end_of_day
from handlers.waves.preview import missing_privacy
from storage import audiences, surveys, waves
from storage.models import SurveyKind, Wave, WaveState


async def new_wave(
    ctx: Context,
    survey_kind: str,
    account_keys: Sequence[str],
    name: str | None,
    respect_hours: bool,
) -> Wave:
    """Stores an approved wave that starts now; raises Refused with what to mend."""
    t = texts.of(ctx.programme.language)
    if not ctx.programme.privacy.complete:
        raise Refused(t("wave.privacy_missing", keys=missing_privacy(ctx)))
    if survey_kind not in set(SurveyKind):
        raise Refused(t("wave.error.kind", kind=survey_kind, kinds=", ".join(SurveyKind)))
    now = ctx.now()
    zone = ZoneInfo(ctx.programme.timezone)
    local = now.astimezone(zone)
    wanted = " ".join((name or "").split()) or f"{t(f'wave.kind.{survey_kind}')} {local:%Y-%m-%d}"
    async with ctx.db.session() as session:
        missing = await audiences.missing_keys(session, list(account_keys))
        if missing:
            raise Refused(t("wave.error.accounts", keys=", ".join(missing)))
        if await waves.by_name(session, wanted) is not None:
            if name:
                raise Refused(t("wave.error.name_taken", name=wanted))
            wanted = f"{wanted} {local:%H:%M:%S}"
        survey = await surveys.get_or_create(session, survey_kind, survey_kind, list(REASONS))
        return await waves.add(
            session,
            Wave(
                name=wanted,
                survey_id=survey.id,
                kind=survey.kind,
                state=WaveState.APPROVED,
                audience=Audience(accounts=tuple(account_keys)).stored(),
                starts_at=now,
                closes_at=end_of_day(local.date() + timedelta(days=OPEN_DAYS), zone),
                respect_hours=respect_hours,
                reminder_after_days=REMINDER_AFTER_DAYS,
                created_at=now,
            ),
        )
