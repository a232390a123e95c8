"""A believable portfolio as import files: the same for the same day."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from random import Random

from bot.demo import words

TEAMS = ("Nordics", "Benelux", "Britain", "Industry")
LANGUAGE_OF_TEAM = {"Nordics": "da", "Benelux": "nl", "Britain": "en", "Industry": "en"}
ACCOUNTS = 84
QUARTERS = 8
QUARTER_DAYS = 91
ROTATION = 4  # a quarter of the contacts is asked each quarter
LAST_WAVE_DAYS_AGO = 80

Row = dict[str, str]


@dataclass(frozen=True)
class Portfolio:
    """The four import files, by what they hold."""

    files: dict[str, bytes]
    cx_lead: str
    manager: str
    contacts: int


def make(today: date) -> Portfolio:
    """Gives 84 accounts, some 540 contacts, 30 members in 4 teams, 8 quarters of answers."""
    random = Random(2026)  # the same people at every start
    members = _members(random)
    accounts = _accounts(random, today, members)
    contacts = _contacts(random, accounts)
    responses = _responses(random, today, accounts, contacts)
    files = {
        "members": _csv(members),
        "accounts": _csv(accounts),
        "contacts": _csv(contacts),
        "responses": _csv(responses),
    }
    managers = [row["email"] for row in members if row["role"] == "account_manager"]
    return Portfolio(files, "clara.lind@nordfab.example", managers[0], len(contacts))


def _members(random: Random) -> list[Row]:
    rows = [
        _member("Clara Lind", "cx_lead", "", "", "en"),
        _member("Adam Roth", "admin", "", "", "en"),
    ]
    used = {row["name"] for row in rows}
    for team in TEAMS:
        language = LANGUAGE_OF_TEAM[team]
        posts = [("team_lead", "")] + [("account_manager", "account manager")] * 3
        posts += [("account_manager", function) for function in words.FUNCTIONS]
        for role, function in posts:
            name = _name(random, language, used)
            rows.append(_member(name, role, team, function, language))
    return rows


def _member(name: str, role: str, team: str, function: str, language: str) -> Row:
    return {
        "email": f"{_ascii(name).replace(' ', '.')}@nordfab.example",
        "name": name,
        "role": role,
        "team": team,
        "function": function,
        "timezone": words.TIME_ZONE[language],
        "language": language,
    }


def _accounts(random: Random, today: date, members: list[Row]) -> list[Row]:
    names = [
        f"{first} {second}"
        for second in words.COMPANY_SECOND
        for first in words.COMPANY_FIRST.split()
    ]
    rows = []
    for index in range(ACCOUNTS):
        team = TEAMS[index % len(TEAMS)]
        language = LANGUAGE_OF_TEAM[team]
        owners = [
            row["email"]
            for row in members
            if row["team"] == team and row["function"] == "account manager"
        ]
        value = round(random.lognormvariate(11.2, 1.0), -3)
        rows.append(
            {
                "account_key": f"N{index + 1:03}",
                "name": f"{names[index]} {words.COMPANY_FORM[language]}",
                "aliases": names[index],
                "segment": ("industry", "food", "transport")[index % 3],
                "region": words.COUNTRY[language],
                "country": words.COUNTRY[language],
                "tier": "A" if value > 150_000 else "B" if value > 60_000 else "C",
                "annual_value": f"{value:.0f}",
                "currency": "EUR",
                "strategic": "yes" if index % 17 == 0 else "no",
                "renewal_date": (today + timedelta(days=random.randint(20, 400))).isoformat(),
                "owner_email": owners[index // len(TEAMS) % len(owners)],
                "team": team,
                "recommend_policy": "forbidden" if index == 40 else "allowed",
            }
        )
    return rows


def _contacts(random: Random, accounts: list[Row]) -> list[Row]:
    rows = []
    for account in accounts:
        language = LANGUAGE_OF_TEAM[account["team"]]
        domain = _ascii(account["aliases"]).replace(" ", "") + ".example"
        used: set[str] = set()
        for title, department, role, judges in random.sample(words.POSTS, random.randint(5, 8)):
            name = _name(random, language, used)
            digits = random.randint(20, 99), random.randint(10, 99)
            rows.append(
                {
                    "account_key": account["account_key"],
                    "email": f"{_ascii(name).replace(' ', '.')}@{domain}",
                    "name": name,
                    "phone": words.PHONE[language].format(*digits),
                    "title": title,
                    "department": department,
                    "role": role if random.random() < 0.93 else "",
                    "takes_part_in_buying": "yes" if role != "user" else "no",
                    "experiences_service": "yes" if role != "decision_maker" else "no",
                    "judges": judges,
                    "language": language,
                    "timezone": words.TIME_ZONE[language],
                    "status": "inactive" if random.random() < 0.02 else "active",
                }
            )
    return rows


def _responses(random: Random, today: date, accounts: list[Row], contacts: list[Row]) -> list[Row]:
    mood = {row["account_key"]: random.gauss(7.9, 1.1) for row in accounts}
    value = {row["account_key"]: row["annual_value"] for row in accounts}
    rows = []
    for quarter in range(QUARTERS):
        sent = today - timedelta(days=LAST_WAVE_DAYS_AGO + QUARTER_DAYS * (QUARTERS - 1 - quarter))
        wave = f"{sent.year} Q{(sent.month - 1) // 3 + 1}"
        for index, contact in enumerate(contacts):
            if index % ROTATION != quarter % ROTATION:
                continue
            row = {
                "account_key": contact["account_key"],
                "email": contact["email"],
                "survey_kind": "relationship",
                "wave": wave,
                "invited_at": sent.isoformat(),
                "language": contact["language"],
                "value_at_invite": value[contact["account_key"]],
            }
            if random.random() < 0.55:
                score = score_near(random, mood[contact["account_key"]] + quarter * 0.05)
                comment, reasons = say(random, contact["language"], score)
                answered = sent + timedelta(days=random.randint(0, 9))
                row |= {
                    "answered_at": answered.isoformat(),
                    "score": str(score),
                    "comment": comment,
                    "reasons": reasons,
                }
            rows.append(row)
    return rows


def score_near(random: Random, mood: float) -> int:
    """Gives a score 0-10 around a mood; now and then somebody is far off."""
    spread = 3.5 if random.random() < 0.12 else 1.3
    return max(0, min(10, round(random.gauss(mood, spread))))


def say(random: Random, language: str, score: int) -> tuple[str, str]:
    """Gives (comment, reasons) for a score; many say nothing."""
    if random.random() < 0.35:
        return "", ""
    group = "promoter" if score >= 9 else "passive" if score >= 7 else "critic"
    return random.choice(words.COMMENTS[language][group])


def _name(random: Random, language: str, used: set[str]) -> str:
    while True:
        first = random.choice(words.FIRST_NAMES[language].split())
        name = f"{first} {random.choice(words.LAST_NAMES[language].split())}"
        if name not in used:
            used.add(name)
            return name


def _ascii(text: str) -> str:
    plain = text.lower()
    for letter, spelled in {"ø": "oe", "æ": "ae", "å": "aa"}.items():
        plain = plain.replace(letter, spelled)
    return plain


def _csv(rows: list[Row]) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
