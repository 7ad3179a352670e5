"""The password file of analysts' logins: libpq's own format, one line a login, mode 600, under JARVIS_HOME.

psql and every libpq client read it through PGPASSFILE, so that a password is never an argument, which other users of
the machine could see. Called by `jarvis analyst`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

FIELDS = 5


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """The file, whether it is there or not."""

    path: Path

    def put(self, url: str, *, role_name: str, password: str) -> None:
        """The role's password for the database of this URL stands in the file, which only its owner reads."""
        target = (*_target(url), role_name)
        lines = [line for line in self._lines() if _fields(line)[:4] != target]
        self._write([*lines, ":".join(_escaped(field) for field in (*target, password))])

    def drop(self, url: str, *, role_name: str) -> None:
        """The file holds no password of the role for that database."""
        target = (*_target(url), role_name)
        lines = self._lines()
        kept = [line for line in lines if _fields(line)[:4] != target]
        if len(kept) != len(lines):
            self._write(kept)

    def roles(self, url: str) -> list[str]:
        """The roles whose password for the database of this URL is known here."""
        return [fields[3] for line in self._lines() if (fields := _fields(line))[:3] == _target(url)]

    def _lines(self) -> list[str]:
        if not self.path.is_file():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if len(_fields(line)) == FIELDS]

    def _write(self, lines: list[str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(self.path.name + ".new")
        beside.unlink(missing_ok=True)
        # Never readable by others, not even for a moment.
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        beside.replace(self.path)


def url_as(url: str, role_name: str) -> str:
    """The database of this URL with that login and no password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{quote(role_name)}@{parts.hostname}:{parts.port or 5432}"))


def _target(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", str(parts.port or 5432), unquote(parts.path.removeprefix("/"))


def _escaped(field: str) -> str:
    return field.replace("\\", "\\\\").replace(":", "\\:")


def _fields(line: str) -> tuple[str, ...]:
    """The fields of one line; a backslash keeps a colon or a backslash inside one."""
    fields, current, is_kept = [], "", False
    for character in line:
        if is_kept:
            current, is_kept = current + character, False
        elif character == "\\":
            is_kept = True
        elif character == ":":
            fields.append(current)
            current = ""
        else:
            current += character
    return (*fields, current)
