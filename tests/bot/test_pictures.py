"""Charts as pictures, and the address under which a posted one is found for good."""

import struct

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.charts import specification
from bot.links import MAX_POINTS, Addresses, read_picture
from bot.pictures import add_routes, picture
from handlers.cards import Chart, Point
from handlers.context import Context
from handlers.settings import Programme
from storage.db import Database
from tests.conftest import SECRET
from tests.fakes import FakeChat, FakeClock, FakeEngine, no_pace

PNG = b"\x89PNG\r\n\x1a\n"
CHARTS = {
    "trend": Chart(
        "trend", (Point("Q1", 10, -5, 20, 8), Point("Q2", None), Point("Q3", -3.25)), "t"
    ),
    "one point": Chart("trend", (Point("Q1", 100, 100, 100, 1),), "t"),
    "nothing heard": Chart("trend", (Point("Q1", None),), "t"),
    "no points": Chart("bars", (), "t"),
    "distribution": Chart("distribution", tuple(Point(str(n), n) for n in range(11)), "t"),
    "bars": Chart("bars", (Point("A&B <x>", -8, -30, 14, 44), Point("All", 18, 11, 25, 224)), "t"),
    "counts": Chart("bars", (Point("invoicing", 7), Point("price", None)), "t"),
    "coverage": Chart("coverage", (Point("Users", 1, n=2), Point("Deciders", 0, n=0)), "t"),
}


@pytest.mark.parametrize("name", CHARTS)
async def test_every_chart_becomes_a_picture_for_light_and_dark_pages(name: str) -> None:
    light = await picture(CHARTS[name])
    assert light.startswith(PNG)
    width, height = struct.unpack(">II", light[16:24])
    assert 20 < width <= 1200
    assert 20 < height <= 1200
    assert specification(CHARTS[name]) != specification(CHARTS[name], dark=True)


async def test_the_same_data_is_drawn_once() -> None:
    again = Chart("bars", (Point("invoicing", 7), Point("price", None)), "t")
    assert await picture(CHARTS["counts"]) is await picture(again)


def test_a_quarter_in_which_nobody_answered_keeps_its_place() -> None:
    drawn = specification(CHARTS["trend"])
    domains = [layer["encoding"]["x"]["scale"]["domain"] for layer in drawn["layer"][1:2]]
    assert [place.split("|")[1] for place in domains[0]] == ["Q1", "Q2", "Q3"]


def test_a_long_name_of_a_wave_is_broken_so_that_its_neighbours_have_room() -> None:
    names = [f"2025 Q{n}" for n in range(1, 8)]
    points = tuple(Point(name, 0) for name in [*names, "November 2026"])
    drawn = specification(Chart("trend", points, "t"))
    domain = drawn["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert [place.split("|")[1:] for place in domain] == [
        *([name] for name in names),
        ["November", "2026"],
    ]
    few = specification(Chart("trend", points[-2:], "t"))
    assert few["layer"][1]["encoding"]["x"]["scale"]["domain"][1].split("|")[1:] == [
        "November 2026"
    ]


def test_a_small_change_does_not_look_like_a_big_one() -> None:
    drawn = specification(Chart("trend", (Point("Q1", 20), Point("Q2", 22)), "t"))
    low, high = next(
        layer["encoding"]["y"]["scale"]["domain"]
        for layer in drawn["layer"]
        if "scale" in layer["encoding"]["y"]
    )
    assert high - low >= 80


def test_an_address_holds_the_data_itself_and_stays_short() -> None:
    many = Chart(
        "trend",
        tuple(
            Point(f"{2000 + n} Ærø with a long label {n}", 10.123, -5.5, 20, 88) for n in range(60)
        ),
        "t",
    )
    address = Addresses("https://nps.example.com", SECRET).picture(many)
    assert len(address) < 3000
    read = read_picture(SECRET, address.rpartition("/")[2].removesuffix(".png"))
    assert read is not None
    found, _ends = read
    assert len(found.series) == MAX_POINTS
    assert found.series[-1].label.startswith("2059 Ærø")
    assert (found.series[-1].value, found.series[-1].n) == (10.1, 88)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_found_again_from_its_address(name: str) -> None:
    address = Addresses("", SECRET).picture(CHARTS[name])
    read = read_picture(SECRET, address.removeprefix("/p/").removesuffix(".png"))
    assert read is not None
    found, _ends = read
    assert found.kind == CHARTS[name].kind
    assert [point.label for point in found.series] == [p.label for p in CHARTS[name].series]
    assert [point.n for point in found.series] == [p.n for p in CHARTS[name].series]


async def test_the_page_gives_the_picture_and_refuses_what_we_did_not_sign(
    db: Database,
) -> None:
    app = web.Application()
    clock = FakeClock()
    ctx = Context(Programme(), db, FakeChat(), clock, FakeEngine().soon, no_pace, SECRET)
    add_routes(app, ctx)
    address = Addresses("", SECRET, clock).picture(CHARTS["counts"])
    foreign = Addresses("", SECRET + "x", clock).picture(CHARTS["counts"])
    async with TestClient(TestServer(app)) as client:
        shown = await client.get(address)
        assert shown.status == 200
        assert shown.content_type == "image/png"
        clock.forward(days=30)
        assert (await client.get(address)).status == 200
        clock.forward(days=1)
        assert (await client.get(address)).status == 410
        clock.forward(days=-31)
        seconds = int(shown.headers["Cache-Control"].split("max-age=")[1].split(",")[0])
        assert 30 * 86400 <= seconds <= 31 * 86400
        assert (await shown.read()) == await picture(CHARTS["counts"])
        dark = await client.get(address + "?dark=1")
        assert (await dark.read()).startswith(PNG)
        for wrong in (
            foreign,
            "/p/x.png",
            "/p/a.b.png",
            address.replace("/p/W", "/p/X"),
            "/p/é.ø.png",
        ):
            assert (await client.get(wrong)).status == 404
