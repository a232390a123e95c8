"""Settings: everything documented, every problem told at once, no secret repeated."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.config import ConfigError, Settings, hours, load

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def keys_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_example_loads_and_states_the_defaults() -> None:
    settings = load(EXAMPLE, {})
    database = settings.database.url
    assert database == f"sqlite:///{EXAMPLE.parent / 'npsbot.db'}"
    formality = {"nl": "u"}
    expected = Settings.model_validate({"programme": {"formality": formality}})
    assert settings.model_copy(update={"database": expected.database}) == expected


def test_every_key_stands_in_the_example_with_a_comment() -> None:
    text = EXAMPLE.read_text("utf-8")
    uncommented = re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", text)
    documented = tomllib.loads(uncommented)
    assert set(documented) == keys_of(Settings)
    for section, field in Settings.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        assert set(documented[section]) == keys_of(model), section


def test_all_problems_are_told_at_once_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError) as told:
        load(None, {"NPSBOT_SLACK__BOT_TOKN": "x", "NPSBOT_MAILS__HOST": "h"})
    assert told.value.problems == [
        "[slack] bot_tokn is not known; did you mean bot_token?",
        "[mails] is not known; did you mean mail?",
    ]


def test_a_wrong_value_names_its_key_and_never_repeats_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "npsbot.toml"
    path.write_text('[server]\nport = "many"\nsecret_key = ["hunter2"]\n', "utf-8")
    with pytest.raises(ConfigError) as told:
        load(path, {})
    assert any("[server] port" in problem for problem in told.value.problems)
    assert any("[server] secret_key" in problem for problem in told.value.problems)
    assert "hunter2" not in str(told.value)


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / "npsbot.toml"
    path.write_text('[programme]\ncompany = "File"\n', "utf-8")
    settings = load(path, {"NPSBOT_PROGRAMME__COMPANY": "Env", "NPSBOT_MAIL__STARTTLS": "false"})
    assert settings.programme.company == "Env"
    assert settings.mail.starttls is False


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="npsbot init"):
        load(tmp_path / "npsbot.toml", {})


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"NPSBOT_SERVER__PUBLIC_URL": "https://nps.example.com"}, "secret_key: needed"),
        (
            {
                "NPSBOT_SERVER__PUBLIC_URL": "http://nps.example.com",
                "NPSBOT_SERVER__SECRET_KEY": "k" * 32,
            },
            "need https",
        ),
        ({"NPSBOT_SERVER__SECRET_KEY": "short"}, "32 characters or more"),
        ({"NPSBOT_SLACK__BOT_TOKEN": "xoxb-1"}, "signing_secret: needed in http mode"),
        (
            {"NPSBOT_SLACK__BOT_TOKEN": "xoxb-1", "NPSBOT_SLACK__MODE": "socket"},
            "app_token: needed in socket mode",
        ),
        (
            {"NPSBOT_CONSOLE__ENABLED": "true", "NPSBOT_SERVER__HOST": "0.0.0.0"},
            "the console is for this machine only",
        ),
        ({"NPSBOT_PROGRAMME__TIMEZONE": "Mars/Base"}, "is no time zone"),
        ({"NPSBOT_PROGRAMME__SENDING_HOURS": "16:00-09:00"}, "must be earlier"),
        ({"NPSBOT_PROGRAMME__WORKING_HOURS": "all day"}, "write it as 09:00-16:00"),
        ({"NPSBOT_TEAMS__APP_ID": "1"}, "[teams] app_password: needed with the others"),
        (
            {"NPSBOT_TEAMS__APP_PASSWORD": "s", "NPSBOT_TEAMS__TENANT_ID": "t"},
            "[teams] app_id: needed with the others",
        ),
        (
            {
                "NPSBOT_TEAMS__APP_ID": " ",
                "NPSBOT_TEAMS__APP_PASSWORD": "s",
                "NPSBOT_TEAMS__TENANT_ID": "t",
            },
            "[teams] app_id: needed with the others",
        ),
        (
            {"NPSBOT_TEAMS__APP_ID": "1", "NPSBOT_TEAMS__APP_PASSWORD": "s"},
            "[teams] tenant_id: needed with the others",
        ),
        (
            {"NPSBOT_TEAMS__OPENID_METADATA_URL": "http://keys.example.com/x"},
            "[teams] openid_metadata_url: must begin with https://",
        ),
        ({"NPSBOT_TEAMS__TOKEN_URL": "http://localhost/x"}, "[teams] token_url: must begin with"),
        (
            {"NPSBOT_PRIVACY__KEEP_MONTHS": "5"},
            "[privacy] keep_months: 5 is shorter than the 150 days of rest between surveys;",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    environment: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)):
        load(None, environment)


def test_the_rules_carry_every_setting_that_handlers_obey() -> None:
    environment = {
        "NPSBOT_DEADLINES__CRITIC_TAKE_HOURS": "8",
        "NPSBOT_PRIVACY__CONTROLLER": "A",
        "NPSBOT_PRIVACY__CONTACT": "b@example.com",
        "NPSBOT_PRIVACY__KEEP_MONTHS": "24",
        "NPSBOT_MAIL__HOST": "127.0.0.1",
    }
    environment |= {
        "NPSBOT_TEAMS__APP_ID": "1",
        "NPSBOT_TEAMS__APP_PASSWORD": "s",
        "NPSBOT_TEAMS__TENANT_ID": "t",
        "NPSBOT_TEAMS__TOKEN_URL": "http://127.0.0.1:9/token",
    }
    rules = load(None, environment).rules()
    assert rules.critic_take_hours == 8
    assert rules.privacy.complete
    assert dict(rules.pace) == {"mail": 10.0, "teams": 1.0}
    assert rules.sending_hours == hours("09:00-16:00")


def test_secrets_stay_out_of_what_is_printed() -> None:
    settings = load(
        None, {"NPSBOT_SLACK__BOT_TOKEN": "xoxb-hide", "NPSBOT_SLACK__SIGNING_SECRET": "hide-too"}
    )
    assert "hide" not in repr(settings)
