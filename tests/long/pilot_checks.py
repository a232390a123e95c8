"""What a wave, its alerts and digests should have brought about, counted from what people did."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from storage.models import Response
from tests.fakes import Posted
from tests.long.facts import Fact, equal, holds, told
from tests.long.portfolio import (
    ABSENT,
    AWAY_FROM,
    AWAY_UNTIL,
    BACKUP,
    CX,
    LEAD,
    MANAGERS,
    email,
    place,
)
from tests.long.story import A_MOMENT, Story, local
from tests.long.weeks import ZONE, is_work, next_work

REMINDER_DAYS = 5
SENDING = (9, 16)


def of_wave(story: Story) -> list[Fact]:
    """One prompt each, in sending hours, the first twenty alone, closed by itself."""
    mails = _mails(story, "invitation")
    times = sorted(at for at, _posted in mails)
    keys = Counter(posted.message.key for _at, posted in mails)
    outside = [local(at) for at in times if not _sending_time(at)]
    pause = (times[20] - times[19]) / timedelta(minutes=1)
    closed = story.wave.closed_at
    late = None if closed is None else closed - story.closes_at
    in_time = late is not None and timedelta(0) <= late <= story.tick + A_MOMENT
    return [
        equal("prompts sent", len(mails), len(story.contacts)),
        equal("prompts sent twice", sum(n > 1 for n in keys.values()), 0),
        holds("prompts within sending hours", outside, len(times)),
        Fact("pause after the first 20", f"{pause:.0f} min", ">= 30 min", pause >= 30),
        equal("state of the wave", story.wave.state, "closed"),
        Fact("closed after its closing date", f"{late}", f"<= {story.tick}", in_time),
        told("answered", len(story.responses)),
    ]


def of_reminder_mails(story: Story) -> list[Fact]:
    """One reminder to whoever was silent five days after the prompt, none to the others."""
    given = story.customers.given
    sent_to = {
        story.reminders[int(posted.message.key.partition(":")[2])].invitation_id: at
        for at, posted in _mails(story, "reminder")
    }
    mails = len(_mails(story, "reminder"))
    too_late = [f"{local(at)}: had answered" for i, at in sent_to.items() if _before(given, i, at)]
    outside = [local(at) for at in sent_to.values() if not _sending_time(at)]
    missing, early = [], []
    for invitation in story.invitations.values():
        assert invitation.sent_at is not None
        due = next_work(invitation.sent_at.astimezone(ZONE) + timedelta(days=REMINDER_DAYS))
        sent = sent_to.get(invitation.id)
        if sent is None and not _before(given, invitation.id, due + timedelta(days=3)):
            missing.append(f"{invitation.id} of {local(invitation.sent_at)}")
        if sent is not None and sent < invitation.sent_at + timedelta(days=REMINDER_DAYS):
            early.append(f"{invitation.id} {local(sent)}")
    return [
        told("reminder mails", mails),
        equal("reminded twice", mails - len(sent_to), 0),
        holds("reminded only who was silent", too_late, mails),
        holds("whoever was silent was reminded", missing, len(story.invitations)),
        holds("reminded after five days", early, mails),
        holds("reminded within sending hours", outside, mails),
    ]


def of_alerts(story: Story) -> list[Fact]:
    """Each critic once, at the settle point, with a mention in working hours alone."""
    critics = {row.id: row for row in story.responses.values() if _is_critic(row)}
    alerts = {alert.response_id: alert for alert in story.of("critic")}
    missing, late, mentions = [], [], []
    for response in critics.values():
        alert = alerts.get(response.id)
        posted = story.posted(alert) if alert else []
        if alert is None or len(posted) != 1:
            missing.append(f"response {response.id}: posted {len(posted)} times")
            continue
        at, message = posted[0]
        if at - story.weeks.awake(alert.due_at) > A_MOMENT:
            late.append(f"response {response.id}: {at - alert.due_at}")
        direct = message.place.endswith("@nordfab.example")
        if not direct and (message.message.mention is not None) != is_work(at):
            mentions.append(f"{local(at)} {message.place}: mention {message.message.mention}")
    fallback = len(story.weeks.chat.at("console:fallback"))
    return [
        told("critics", len(critics)),
        holds("critics posted exactly once", missing, len(critics)),
        equal("alerts of nobody", len(set(alerts) - set(critics)), 0),
        holds("posted at the settle point", late, len(critics)),
        holds("mention in working hours alone", mentions, len(critics)),
        equal("cards in the fallback place", fallback, 0),
        equal("alerts left over", sum(a.status in ("pending", "sending") for a in story.alerts), 0),
    ]


def of_absence(story: Story) -> list[Fact]:
    """While somebody is away the backup gets the cards; what names the owner goes to the lead."""
    wrong, of_absent, to_backup = [], 0, 0
    critics = story.of("critic")
    with_lead = {
        alert.response_id
        for alert in critics
        if [posted.place for _at, posted in story.posted(alert)] == [direct(LEAD)]
    }
    for alert in critics:
        assert alert.response_id is not None
        joined = story.case_of[alert.response_id]
        case = story.cases[joined.case_id]
        owner = story.owner(case)
        away = owner == ABSENT and AWAY_FROM <= case.opened_at < AWAY_UNTIL
        wanted = place(BACKUP if away else owner)
        cards = [posted for _at, posted in story.posted(alert)]
        hidden = story.responses[alert.response_id].to_manager and case.hidden_from_owner
        # Wished after the owner was told: the owner's card is empty, and the lead has another.
        taken = alert.response_id in with_lead and not any(each.card.body for each in cards)
        if hidden and not taken:
            wanted = direct(LEAD)
        found = [posted.place for posted in cards]
        of_absent += away
        to_backup += found == [place(BACKUP)] and away
        if found != [wanted]:
            wrong.append(f"response {alert.response_id} of {owner}: {found}, not {wanted}")
    return [
        told(f"critics of {ABSENT} while away, of these to {BACKUP}", f"{of_absent}, {to_backup}"),
        holds("cards in the right place", wrong, len(critics)),
    ]


def of_digests(story: Story) -> list[Fact]:
    """At most one a day, at the start of a working day, none to the absent; no promoter twice."""
    wrong, spans = [], defaultdict(list)
    per_day: Counter[tuple[str, str]] = Counter()
    sent = [(alert, story.posted(alert)) for alert in story.of("digest")]
    for alert, posted in sent:
        name = story.name(alert.member_id)
        spans[name].append(
            (
                datetime.fromisoformat(alert.detail["since"]),
                datetime.fromisoformat(alert.detail["until"]),
            )
        )
        for at, message in posted:
            per_day[name, f"{at.astimezone(ZONE):%Y-%m-%d}"] += 1
            begun = at.astimezone(ZONE).replace(hour=8, minute=0, second=0, microsecond=0)
            away = name == ABSENT and AWAY_FROM <= at < AWAY_UNTIL
            if not is_work(at) or not story.in_time(at, begun) or away:
                wrong.append(f"{name} {local(at)}")
            if message.place != (place(name) if name in MANAGERS else direct(name)):
                wrong.append(f"{name}: in {message.place}")
    heard = []
    promoters = [row for row in story.responses.values() if (row.score or 0) >= 9]
    for row in promoters:
        name = story.name(story.accounts[row.account_id].owner_id)
        times = sum(since < row.answered_at <= until for since, until in spans[name])
        if times != 1:
            heard.append(f"response {row.id} at {local(row.answered_at)}: in {times} digests")
    digests = sum(len(each) for _alert, each in sent)
    return [
        told("digests", digests),
        holds("digests at the start of work, none to the absent", wrong, digests),
        equal("two on one day", sum(n > 1 for n in per_day.values()), 0),
        holds("each promoter in one digest", heard, len(promoters)),
    ]


def direct(name: str) -> str:
    """Gives the direct messages of a colleague."""
    return f"console:{email(name)}"


def of_results(story: Story) -> list[Fact]:
    """The result of the wave: to CX, each manager and the team, once, at the next start of work."""
    results = story.of("wave_result")
    begun = next_work(story.closes_at)
    wrong = []
    for alert in results:
        posted = story.posted(alert)
        if len(posted) != 1 or not story.in_time(posted[0][0], begun):
            wrong.append(f"{alert.key}: {[(local(at), each.place) for at, each in posted]}")
    people = sorted(story.name(alert.member_id) for alert in results if alert.member_id)
    return [
        equal("results to", people, sorted((*MANAGERS, CX))),
        holds("results once, at the start of work", wrong, len(results)),
    ]


def _mails(story: Story, what: str) -> list[tuple[datetime, Posted]]:
    chat = story.weeks.chat
    both: Iterable[tuple[datetime, Posted]] = zip(chat.times, chat.posted, strict=True)
    return [(at, posted) for at, posted in both if posted.message.key.startswith(f"{what}:")]


def _is_critic(row: Response) -> bool:
    return row.status == "confirmed" and row.score is not None and row.score <= 6


def _before(given: dict[int, datetime], invitation: int, at: datetime) -> bool:
    return invitation in given and given[invitation] < at


def _sending_time(at: datetime) -> bool:
    local = at.astimezone(ZONE)
    first, last = SENDING
    # A batch that began in time may end a moment after the hour.
    end = local.replace(hour=last, minute=0, second=0, microsecond=0) + timedelta(minutes=15)
    return local.weekday() < 5 and local.hour >= first and local <= end
