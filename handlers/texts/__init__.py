"""Every text that a contact or a member reads, by key and language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "da", "nl")


class Texts:
    """The texts of one language: `t("case.taken", name="Anna")`.

    A language that addresses people in two ways writes both, `{u/je}`: the first is the formal one.
    """

    def __init__(self, language: str, texts: dict[str, str], informal: bool = False) -> None:
        self.language = language
        self.informal = informal
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """Gives the text with its values filled in; raises KeyError for an unknown key."""
        text = self._texts[key]
        for name, value in values.items():
            if isinstance(value, str) and value.endswith("."):
                text = text.replace(f"{{{name}}}.", f"{{{name}}}")  # Acme B.V. ends the sentence
        return text.format_map(_Values(values, self.informal))

    def count(self, key: str, n: int, **values: object) -> str:
        """Gives `key.one` or `key.many` with `n` filled in."""
        return self(f"{key}.{'one' if n == 1 else 'many'}", n=n, **values)

    def raw(self, key: str) -> str:
        """Gives the text with its {values} unfilled."""
        return self._texts[key]

    def __contains__(self, key: str) -> bool:
        """Tells whether there is a text of this key."""
        return key in self._texts

    def keys(self) -> frozenset[str]:
        """All keys of this language."""
        return frozenset(self._texts)


class _Values(dict[str, object]):
    """The values of a text; a name such as `u/je` is the choice between two ways to address a person."""

    def __init__(self, values: dict[str, object], informal: bool) -> None:
        super().__init__(values)
        self._informal = informal

    def __missing__(self, name: str) -> str:
        formal, slash, informal = name.partition("/")
        if not slash:
            raise KeyError(name)
        return informal if self._informal else formal


def of(language: str | None, otherwise: str = "en", informal: bool = False) -> Texts:
    """Gives the texts of a language (`da`, `da-DK`), else of `otherwise`, else English."""
    for wanted in (language, otherwise):
        short = (wanted or "").replace("_", "-").split("-")[0].lower()
        if short in LANGUAGES:
            return _load(short, informal)
    return _load("en", informal)


@cache
def _load(language: str, informal: bool) -> Texts:
    raw = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    return Texts(language, dict(_flatten(raw)), informal)


def _flatten(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat.extend(_flatten(value, f"{prefix}{key}."))
        else:
            flat.append((prefix + key, value))
    return flat
