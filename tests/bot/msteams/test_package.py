"""The app package: what Microsoft's own schema says of it, its icons, and what it refuses."""

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import jsonschema  # type: ignore[import-untyped]  # it has no types, and judges here only
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from typer.testing import CliRunner

from bot.cli import app
from bot.msteams.incoming import command_words
from bot.msteams.package import PERMISSIONS, PackageError, manifest_data, package, translation
from bot.web import about
from handlers import routes
from handlers.context import Context

SCHEMAS = Path(__file__).parents[2] / "data" / "teams_manifest"
APP_ID = "8f1e3c52-9b1a-4f6e-8f27-0d9b1c2a3d4e"
URL = "https://nps.nordfab.example"


def fits(data: dict[str, Any], name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    problems = list(jsonschema.Draft7Validator(schema).iter_errors(data))
    assert not problems, [f"{list(p.absolute_path)}: {p.message}" for p in problems]


def opened(made: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(made)) as zip_file:
        assert zip_file.testzip() is None
        return {name: zip_file.read(name) for name in zip_file.namelist()}


def pixels(png: bytes) -> tuple[int, int, list[tuple[int, int, int, int]]]:
    """Gives width, height and the red, green, blue and opacity of every pixel."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) == (8, 6), "eight bits, with transparency"
    place, packed = 8, b""
    while place < len(png):
        length, chunk = struct.unpack(">I4s", png[place : place + 8])
        packed += png[place + 8 : place + 8 + length] if chunk == b"IDAT" else b""
        place += 12 + length
    raw = zlib.decompress(packed)
    rows: list[bytearray] = []
    for number in range(height):
        start = number * (width * 4 + 1)
        rows.append(_unfiltered(raw[start], raw[start + 1 : start + 1 + width * 4], rows))
    flat = [tuple(row[at : at + 4]) for row in rows for at in range(0, width * 4, 4)]
    return width, height, [(p[0], p[1], p[2], p[3]) for p in flat]


def _unfiltered(kind: int, line: bytes, rows: list[bytearray]) -> bytearray:
    above = rows[-1] if rows else bytearray(len(line))
    made = bytearray(len(line))
    for at, value in enumerate(line):
        left, up = (made[at - 4] if at > 3 else 0), above[at]
        corner = above[at - 4] if at > 3 else 0
        guess = left + up - corner
        near = min((left, up, corner), key=lambda tried: abs(guess - tried))
        added = (0, left, up, (left + up) // 2, near)[kind]
        made[at] = (value + added) % 256
    return made


def test_the_manifest_and_its_translations_fit_microsofts_schema() -> None:
    files = opened(package(APP_ID, URL, "Nordfab A/S, Værktøj og Maskiner i Danmark"))
    fits(json.loads(files["manifest.json"]), "MicrosoftTeams.schema.json")
    for language in ("da", "nl"):
        fits(json.loads(files[f"{language}.json"]), "MicrosoftTeams.Localization.schema.json")


def test_the_schema_would_find_a_wrong_manifest() -> None:
    with pytest.raises(AssertionError, match="botId"):
        fits(
            {**manifest_data(APP_ID, URL, "x"), "bots": [{"botId": "x", "scopes": ["team"]}]},
            "MicrosoftTeams.schema.json",
        )


def test_the_package_holds_what_the_manifest_names_and_nothing_else() -> None:
    files = opened(package(APP_ID, URL, "Nordfab"))
    manifest = json.loads(files["manifest.json"])
    named = [*manifest["icons"].values()]
    named += [each["file"] for each in manifest["localizationInfo"]["additionalLanguages"]]
    assert set(files) == {"manifest.json", *named}


def test_the_bot_stands_in_personal_team_and_group_chats_with_its_commands() -> None:
    manifest = manifest_data(APP_ID, URL, "Nordfab")
    (bot,) = manifest["bots"]
    assert bot["botId"] == manifest["webApplicationInfo"]["id"] == APP_ID
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    for listed in bot["commandLists"]:
        typed = [command["title"] for command in listed["commands"]]
        assert all(words == "nps" or words.startswith("nps ") for words in typed)
        known = {words.removeprefix("nps").strip() for words in typed} - {"", "[customer]"}
        assert known <= set(routes.COMMANDS)
    assert manifest["validDomains"] == ["nps.nordfab.example"]
    assert manifest["supportsChannelFeatures"] == "tier1"


def test_every_command_is_told_in_every_language() -> None:
    commands = manifest_data(APP_ID, URL, "x")["bots"][0]["commandLists"][0]["commands"]
    for language in ("da", "nl"):
        told = translation(language)
        for place, command in enumerate(commands):
            key = f"bots[0].commandLists[0].commands[{place}].description"
            assert told[key] != command["description"]
        (hint,) = {title for name, title in told.items() if "title" in name and "[" in title}
        assert command_words(hint) == "", "the hint sent as it is names no customer"
        assert told["composeExtensions[0].commands[0].title"]


def test_permissions_are_few_and_each_has_its_reason() -> None:
    manifest = manifest_data(APP_ID, URL, "x")
    assert manifest["permissions"] == list(PERMISSIONS)
    assert "authorization" not in manifest, "no message is read that is not for the bot"
    assert all(PERMISSIONS.values())


def test_the_icons_have_the_sizes_and_colours_that_teams_asks_for() -> None:
    files = opened(package(APP_ID, URL, "Nordfab"))
    width, height, colour = pixels(files["color.png"])
    assert (width, height) == (192, 192)
    assert all(pixel[3] == 255 for pixel in colour), "no see-through places"
    width, height, outline = pixels(files["outline.png"])
    assert (width, height) == (32, 32)
    assert all(pixel[:3] == (255, 255, 255) for pixel in outline if pixel[3] > 0), "white only"
    assert any(pixel[3] == 0 for pixel in outline)


def test_the_same_settings_make_the_same_file() -> None:
    assert package(APP_ID, URL, "Nordfab") == package(APP_ID, URL, "Nordfab")


@pytest.mark.parametrize(
    ("app_id", "url", "said"),
    [
        (None, URL, "app_id is missing"),
        ("", URL, "app_id is missing"),
        ("my-bot", URL, "'my-bot' is no Microsoft App ID"),
        (APP_ID, "http://127.0.0.1:8400", "needs an https:// address"),
        (APP_ID, "https://", "needs an https:// address"),
    ],
)
def test_settings_that_teams_would_refuse_are_refused_first(
    app_id: str | None, url: str, said: str
) -> None:
    with pytest.raises(PackageError, match=said):
        package(app_id, url, "Nordfab")


def test_the_command_writes_the_package_and_says_where_it_goes(tmp_path: Path) -> None:
    config = tmp_path / "npsbot.toml"
    config.write_text(
        f'[server]\npublic_url = "{URL}"\nsecret_key = "{"k" * 40}"\n'
        f'[teams]\napp_id = "{APP_ID}"\napp_password = "p"\ntenant_id = "{APP_ID}"\n'
    )
    out = tmp_path / "npsbot.zip"
    done = CliRunner().invoke(app, ["--config", str(config), "teams-package", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Teams admin center" in done.output
    assert "messageTeamMembers" in done.output
    assert json.loads(opened(out.read_bytes())["manifest.json"])["id"] == APP_ID


def test_the_command_says_which_setting_is_missing(tmp_path: Path) -> None:
    config = tmp_path / "npsbot.toml"
    config.write_text("")
    out = tmp_path / "npsbot.zip"
    done = CliRunner().invoke(app, ["--config", str(config), "teams-package", "--out", str(out)])
    assert done.exit_code == 2
    assert "[teams] app_id is missing" in done.output
    assert "needs an https:// address" in done.output
    assert not out.exists()


async def test_the_pages_that_the_manifest_names_exist(ctx: Context) -> None:
    application = web.Application()
    about.add_routes(application, ctx)
    manifest = manifest_data(APP_ID, URL, "x")
    async with TestClient(TestServer(application)) as http:
        for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl"):
            path, _, place = manifest["developer"][name].removeprefix(URL).partition("#")
            answer = await http.get(path, headers={"Accept-Language": "sv, da-DK;q=0.8, en"})
            text = await answer.text()
            assert answer.status == 200
            assert ctx.programme.company in text
            assert "Om npsbot" in text
            assert not place or f'id="{place}"' in text
