"""The sample cards of the product's description, line for line, in three languages, everywhere.

The drawings themselves are held by test_golden.py; here stands what must be on them.
"""

import json
import re
from html import unescape
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
COMMENT = "“Third wrong invoice in a row, and nobody calls back.”"
REACH = "Wed morning · +45 12 34 56 78 · jane@acme.example"
HELPED = "Nordhavn Parts: one named person, credit note in 2 days (Mikkel; "

LINES: dict[str, list[str]] = {
    "story_en.new": [
        "🔴 Acme A/S: 3 of 10 from Jane Jensen, CFO, decision maker  new · take by 15:20",
        COMMENT,
        f"Wants a call  {REACH}",
        "Why  invoicing, communication · was 8 in March",
        "At stake  420,000 EUR a year · tier A · renews 7 January (in 44 days)",
        "Heard  4 of 6: 2 promoters, 1 passive, 1 critic (Jane)",
        f"Helped before  Invoicing at {HELPED}customer confirmed)",
        "[I called or wrote]  [Take it]  [Write to Jane]  [More ▾]",
        "You get this as owner of Acme · Autumn 2026 · answered 13:20",
    ],
    "story_en.taken": ["Anna has it since 13:24 · contact by Wed 13:20"],
    "story_en.solved": [
        "Outcome  Customer saved",
        "What was done  One named person checks each invoice",
        "Customer's word  Jane is asked on Friday whether it is settled",
    ],
    "story_en.not_settled": ["Jane says: not settled · contact by Mon 13:24"],
    "story_en.told_the_lead": [
        "🔴 Acme A/S: Jane says it is not settled. The case needs contact again.",
    ],
    "story_en.confirmed": ["confirmed by Jane"],
    "story_en.nobody_heard": [
        "Nobody at Acme has answered yet. 6 people can be asked; last asked: never.",
    ],
    "accounts.account_wrong_name.en": [
        "No account “acmee”. Did you mean Acme A/S, Acme Denmark or Ackmann?",
        "[Acme A/S]  [Acme Denmark]  [Ackmann]",
    ],
    "accounts.account.en": [
        "🔴 Acme A/S · at risk: a decision maker is a critic  only you see this",
        "Jane Jensen, CFO, 3 (was 8 in March) · Anna has it · contact by Wed 13:20",
        (
            "NPS +25 from 4 of 6: 2 promoters, 1 passive, 1 critic"
            " · −17 to +50 once the other two answer"
        ),
        "Deciders  3",
        "Influencers  7, –",
        "Users  9, 9, –",
        "Silent  Peter Holm (purchasing), Mia Lund (warehouse) · asked 12 Nov · reminder Thu",
        (
            "420,000 EUR a year · tier A · renews 7 January (in 44 days)"
            " · promised: invoice check by 1 December"
        ),
        "“Third wrong invoice…” Jane, 3, today · “great planners” Ole, 9, 2 days ago",
        "[Brief for the call]  [People]  [History]  [Cases]  [Show in channel]",
        "– = asked, silent · answers since 24 November 2025",
    ],
    "story_da.new": [
        "🔴 Acme A/S: 3 af 10 fra Jane Jensen, CFO, beslutningstager  ny · tag den inden 15:20",
        COMMENT,
        f"Vil ringes op  {REACH}",
        "Hvorfor  faktureringen, kommunikationen · var 8 i marts",
        "På spil  420.000 EUR om året · niveau A · fornyes 7. januar (om 44 dage)",
        "Hørt  4 af 6: 2 ambassadører, 1 passiv, 1 kritiker (Jane)",
        f"Hjalp før  Faktureringen hos {HELPED}kunden har bekræftet)",
        "[Jeg ringede eller skrev]  [Tag den]  [Skriv til Jane]  [Mere ▾]",
        "Du får det som ansvarlig for Acme · Autumn 2026 · besvaret 13:20",
    ],
    "story_da.taken": ["Anna har haft den siden 13:24 · kontakt inden ons 13:20"],
    "story_da.solved": ["Kundens ord  Jane bliver spurgt på fredag, om det er løst"],
    "story_da.not_settled": ["Jane siger: ikke løst · kontakt inden man 13:24"],
    "story_da.told_the_lead": [
        "🔴 Acme A/S: Jane siger, at det ikke er løst. Sagen skal tages op igen.",
    ],
    "story_da.confirmed": ["bekræftet af Jane"],
    "story_da.nobody_heard": [
        "Ingen hos Acme har svaret endnu. 6 personer kan spørges; senest spurgt: aldrig.",
    ],
    "accounts.account_wrong_name.da": [
        "Ingen kunde hedder “acmee”. Mente du Acme A/S, Acme Denmark eller Ackmann?",
    ],
    "accounts.account.da": [
        "🔴 Acme A/S · i fare: en beslutningstager er kritiker  kun du ser dette",
        "Jane Jensen, CFO, 3 (var 8 i marts) · Anna har den · kontakt inden ons 13:20",
        "Beslutningstagere  3",
        "“Third wrong invoice…” Jane, 3, i dag · “great planners” Ole, 9, for 2 dage siden",
        "[Overblik til opkaldet]  [Personer]  [Historik]  [Sager]  [Vis i kanalen]",
    ],
    "story_nl.new": [
        "🔴 Acme A/S: een 3 van Jane Jensen, CFO, beslisser  nieuw · oppakken vóór 15:20",
        COMMENT,
        f"Wil gebeld worden  {REACH}",
        "Waarom  de facturen, de communicatie · was 8 in maart",
        "Op het spel  420.000 EUR per jaar · niveau A · verlenging 7 januari (over 44 dagen)",
        "Gehoord  4 van 6: 2 promoters, 1 passief, 1 kritisch antwoord (Jane)",
        f"Hielp eerder  De facturen bij {HELPED}door de klant bevestigd)",
        "[Gebeld of geschreven]  [Ik pak dit op]  [Schrijf Jane]  [Meer ▾]",
        "Je krijgt dit als verantwoordelijke voor Acme · Autumn 2026 · beantwoord 13:20",
    ],
    "story_nl.taken": ["Anna heeft dit sinds 13:24 · contact vóór wo 13:20"],
    "story_nl.solved": ["Woord van de klant  Jane krijgt vrijdag de vraag of het is opgelost"],
    "story_nl.not_settled": ["Jane zegt: niet opgelost · contact vóór ma 13:24"],
    "story_nl.told_the_lead": [
        "🔴 Acme A/S: Jane zegt dat het niet is opgelost. De zaak vraagt weer om contact.",
    ],
    "story_nl.confirmed": ["bevestigd door Jane"],
    "story_nl.nobody_heard": [
        (
            "Bij Acme heeft nog niemand geantwoord. 6 mensen kunnen bevraagd worden;"
            " laatst gevraagd: nooit."
        ),
    ],
    "accounts.account_wrong_name.nl": [
        "Geen klant “acmee” gevonden. Bedoelde je Acme A/S, Acme Denmark of Ackmann?",
    ],
    "accounts.account.nl": [
        "🔴 Acme A/S · in gevaar: een beslisser gaf een kritisch antwoord  alleen jij ziet dit",
        "Beslissers  3",
        "“Third wrong invoice…” Jane, 3, vandaag · “great planners” Ole, 9, 2 dagen geleden",
        "[Voor het gesprek]  [Mensen]  [Geschiedenis]  [Zaken]  [Toon in kanaal]",
    ],
}
PUSHED = {
    "story_en.new": "Acme A/S: 3 of 10 from Jane Jensen (CFO). Take by 15:20.",
    "story_da.new": "Acme A/S: 3 af 10 fra Jane Jensen (CFO). Tag den inden 15:20.",
    "story_nl.new": "Acme A/S: een 3 van Jane Jensen (CFO). Pak het op vóór 15:20.",
}
TONES = {
    "new": "critical", "taken": "attention", "solved": "good", "not_settled": "critical",
    "confirmed": "good",
}  # fmt: skip
CHANNELS = ("slack.json", "teams.json", "html", "txt")


@pytest.mark.parametrize("ending", CHANNELS)
@pytest.mark.parametrize("card", LINES)
def test_a_sample_card_says_its_lines_in_their_order(card: str, ending: str) -> None:
    drawn = _words(card, ending)
    at = 0
    for line in LINES[card]:
        for part in _parts(line, ending):
            found = drawn.find(part, at if ending == "txt" else 0)
            assert found >= 0, (part, drawn)
            at = found


@pytest.mark.parametrize("card", PUSHED)
def test_a_lock_screen_shows_the_sentence_and_no_comment(card: str) -> None:
    slack = json.loads((GOLDEN / f"{card}.slack.json").read_text("utf-8"))
    assert slack["text"].removeprefix("🔴 ") == PUSHED[card]
    data = json.loads((GOLDEN / f"{card}.data.json").read_text("utf-8"))
    assert data["push"] == PUSHED[card]


@pytest.mark.parametrize("language", ["en", "da", "nl"])
def test_the_colour_follows_the_state(language: str) -> None:
    for state, tone in TONES.items():
        data = json.loads((GOLDEN / f"story_{language}.{state}.data.json").read_text("utf-8"))
        assert data["tone"] == tone, state


def _parts(line: str, ending: str) -> list[str]:
    """A line's words: beside each other in the terminal, each in its own place elsewhere."""
    found = [part.strip("[]").removesuffix(" ▾") for part in re.split(r" {2,}", line)]
    # The colour is a sign in some channels, a quote has marks in the terminal alone.
    found = [part.removeprefix("🔴 ") for part in found]
    return found if ending == "txt" else [part.strip("“”") for part in found]


def _words(card: str, ending: str) -> str:
    text = (GOLDEN / f"{card}.{ending}").read_text("utf-8")
    if ending.endswith("json"):
        text = "\n".join(_strings(json.loads(text)))
    # Marks and escapes of a channel are no words.
    text = unescape(unescape(re.sub(r"</?\w[^>]*>", "", text) if ending == "html" else text))
    return re.sub(r"\s+", " ", re.sub(r"[*_\\\u200b\u2060]", "", text))


def _strings(data: object) -> list[str]:
    if isinstance(data, dict):
        return [each for value in data.values() for each in _strings(value)]
    if isinstance(data, list):
        return [each for value in data for each in _strings(value)]
    return [data] if isinstance(data, str) else []
