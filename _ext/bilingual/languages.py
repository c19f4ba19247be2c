"""The languages of a book, as its configuration names them."""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape
from sphinx.errors import ConfigError

SEPARATOR = " · "


@dataclass(frozen=True)
class Language:
    """One language: its cell tag, its BCP 47 code, its label in the switch."""

    tag: str
    code: str
    label: str

    @property
    def classes(self):
        """Classes for a docutils node; docutils turns the second into ``lang``."""
        return [f"lang-{self.tag}", f"language-{self.code.lower()}"]


def read_languages(config):
    """Return the configured languages in reading order.

    Raises
    ------
    ConfigError
        If an entry lacks a key, a tag is not a plain word or a tag comes twice.
    """
    languages = []
    for entry in config.bilingual_languages:
        if not isinstance(entry, dict) or set(entry) != {"tag", "code", "label"}:
            raise ConfigError(
                "bilingual_languages: expected entries with tag, code and label, "
                f"got {entry!r}"
            )
        if not re.fullmatch(r"[a-z][a-z0-9-]*", entry["tag"]) or entry["tag"] == "both":
            raise ConfigError(
                "bilingual_languages: a tag is a lower-case word other than 'both', "
                f"got {entry['tag']!r}"
            )
        languages.append(Language(**entry))
    tags = [language.tag for language in languages]
    if len(set(tags)) != len(tags):
        raise ConfigError(f"bilingual_languages: each tag once, got {tags}")
    return languages


def by_language(text, languages):
    """Return (language, part) for ``Pehle · First``; nothing if a part is missing."""
    parts = text.split(SEPARATOR)
    if len(parts) != len(languages):
        return []
    return list(zip(languages, parts, strict=True))


def spans(text, languages):
    """Return ``Pehle · First`` as markup: one span for each language."""
    return spans_of(by_language(text, languages)) or escape(text)


def spans_of(parts):
    """Return pairs of a language and its text as markup: one span for each."""
    separator = Markup('<span class="lang-separator">{}</span>').format(SEPARATOR)
    span = Markup('<span class="lang-{0.tag}" lang="{0.code}">{1}</span>')
    return separator.join(span.format(*part) for part in parts)
