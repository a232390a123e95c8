"""What a card looks like as text and as HTML of a mail."""

import re
from html import unescape

import pytest

from bot.links import Addresses
from bot.mail.html import charts, content_id, draw
from handlers.cards import Buttons, Card, Link, Scale, Text, Tone
from tests.bot.mail_cards import ACCOUNT, EVERYTHING, HOSTILE, SURVEY, TOKEN, TREND

ADDRESSES = Addresses("https://nps.example.com", "s" * 40)


def addresses_in(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]*)"', html)]


def words_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_every_number_of_the_scale_is_a_link_in_both_parts() -> None:
    text, html = draw(SURVEY, "en", ADDRESSES)
    for number in range(11):
        address = f"https://nps.example.com/s/{TOKEN}?score={number}"
        assert addresses_in(html).count(address) == 1
        assert f"{number}: {address}\n" in text
    for label in ("Not at all likely", "Extremely likely"):
        assert label in text
        assert label in html


def test_all_links_of_the_html_are_in_the_text_but_the_trap() -> None:
    text, html = draw(SURVEY, "en", ADDRESSES)
    assert [link for link in addresses_in(html) if link not in text] == [ADDRESSES.trap(TOKEN)]


def test_the_trap_has_no_words_and_stands_in_survey_mails_only() -> None:
    _, survey = draw(SURVEY, "en", ADDRESSES)
    assert re.search(rf'<a href="{re.escape(ADDRESSES.trap(TOKEN))}"[^>]*></a>', survey)
    text, other = draw(EVERYTHING, "en", ADDRESSES)
    assert "/t" not in other.replace("/td>", "").replace("/tr>", "").replace("/th>", "").replace(
        "/table>", ""
    ).replace("/title>", "")
    assert ADDRESSES.trap(TOKEN) not in text


def test_what_people_wrote_stays_plain_text() -> None:
    text, html = draw(EVERYTHING, "en", ADDRESSES)
    assert "<script" not in html
    assert HOSTILE in words_of(html)
    assert f"{ACCOUNT}: 3 of 10" in words_of(html)
    assert f"> {HOSTILE}" in text
    assert f"{ACCOUNT} | +31" in text


def test_a_script_address_is_no_link() -> None:
    card = Card("x", (Buttons((Link("press", url="javascript:alert(1)"),)),))
    text, html = draw(card, "en", ADDRESSES)
    assert "javascript" not in text + html


def test_acts_of_the_chat_are_named_but_not_drawn() -> None:
    text, html = draw(EVERYTHING, "da", ADDRESSES)
    assert "Take it" not in text + html
    assert "Åbn den i chatten" in text
    assert "Åbn den i chatten" in words_of(html)
    assert "https://nordfab.example/case" in addresses_in(html)
    assert 'lang="da"' in html
    assert "212 af 334" in text


def test_a_chart_is_a_part_of_the_mail_with_its_words() -> None:
    text, html = draw(EVERYTHING, "en", ADDRESSES)
    assert charts(EVERYTHING) == (TREND,)
    assert f'src="cid:{content_id(TREND)}"' in html
    assert f'alt="{TREND.alt}"' in html
    assert TREND.alt in text


@pytest.mark.parametrize("tone", ["neutral", "critical", "warning", "attention", "good"])
def test_every_tone_is_drawn(tone: Tone) -> None:
    _, html = draw(Card("x", tone=tone), "en", ADDRESSES)
    assert "border-top" in html


def test_a_scale_of_five_numbers_has_five_links() -> None:
    card = Card("x", (Scale("answer", "t", 1, 5, "low", "high", "effort"),))
    _, html = draw(card, "nl", ADDRESSES)
    assert len([link for link in addresses_in(html) if "?score=" in link]) == 5


def test_a_long_card_stays_below_what_gmail_shows() -> None:
    card = Card(SURVEY.title, (*SURVEY.body, Text("word " * 2000)))
    _, html = draw(card, "en", ADDRESSES)
    assert len(html.encode()) < 102_000


def test_no_style_sheet_and_no_script_is_left() -> None:
    for card in (SURVEY, EVERYTHING):
        _, html = draw(card, "en", ADDRESSES)
        assert "<style" not in html
        assert "<body" not in html
        assert not re.search(r"border-radius|display:\s*(none|flex|grid)|position:", html)


def test_answers_of_equal_weight_are_buttons_alike_and_a_way_out_is_a_link() -> None:
    answers = [Link(each, f"https://n.example/{each}", style="primary") for each in ("yes", "no")]
    way_out = Link("stop", "https://n.example/stop")
    card = Card("Settled?", (Buttons(tuple(answers)), Buttons((way_out,))))
    _text, drawn = draw(card, "en", ADDRESSES)
    buttons = re.findall(r"<td[^>]*bgcolor[^>]*><a[^>]*>(\w+)</a>", drawn)
    assert buttons == ["yes", "no"]
    assert ">stop</a>" in drawn
