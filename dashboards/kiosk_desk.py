"""What a person changes of kiosks, as one call each: done and audited by the database, or refused in a sentence.

The same functions as the gateway's API (`warehouse/queries/network.sql`); `jarvis/kiosk_config.py` says what may be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from dashboards import texts_fr
from dashboards.alerts import Change, Refused
from dashboards.kiosk_texts import refusal
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.kiosk_config import KioskConfigError, checked
from jarvis.kiosks import CODE_VALID_MINUTES, Holder, has_slug, new_codes, slug_of, stored_code
from jarvis.tenancy import Permission, Scope

LONGEST_NAME = 80

NAME_MISSING = "Donnez à la borne un nom avec au moins une lettre de A à Z ou un chiffre."
NAME_TOO_LONG = "Ce nom est trop long : 80 caractères au plus."
NAME_TAKEN = "Une borne de cette salle porte déjà ce nom, ou un nom qui donne la même adresse. Choisissez-en un autre."
KIOSK_GONE = "Cette borne n'existe pas, ou elle n'est pas dans votre périmètre."
NOT_ALLOWED = "Votre rôle permet de voir les bornes, pas de les régler. Adressez-vous au responsable de la salle."
CHANGED_MEANWHILE = (
    "Quelqu'un d'autre vient de changer ces réglages : rien n'a été enregistré. Les voici tels qu'ils sont maintenant."
)
RENAMED = "Borne enregistrée."
PAUSED = "Borne en maintenance : son silence n'alerte plus personne."
RESUMED = "Borne remise en service : elle s'affiche en ligne à son prochain signe de vie."
ALREADY_SO = "La borne est déjà dans cet état."
REVOKED = "Accès révoqués : la borne est déconnectée et attend un nouveau code."
CONFIGURED = "Réglages enregistrés : la borne les applique à son prochain signe de vie."
NOTHING_NEW = "Rien n'a changé."


class Level(StrEnum):
    """Whom settings are for."""

    KIOSK = "kiosk"
    GYM = "gym"
    FRANCHISE = "franchise"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A provisioning code as it is shown, this once; only its hash is kept."""

    kiosk_id: UUID
    slug: str
    name: str
    holder: Holder
    code: str
    issued_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it opens nothing any more."""
        return self.issued_at + timedelta(minutes=CODE_VALID_MINUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSettings:
    """What a person had before them when they began to change settings."""

    level: Level
    gym_id: UUID
    kiosk_id: UUID
    layers: Row
    """As `network.kiosk_setting_layers` answered."""

    @property
    def own(self) -> Mapping[str, Any]:
        """What is set at this level itself."""
        own: Mapping[str, Any] = self.layers[f"of_{self.level}"]
        return own

    @property
    def version(self) -> int:
        """Of what is set at this level; 0 where nothing ever was."""
        return int(self.layers[f"{self.level}_version"])

    @property
    def inherited(self) -> Mapping[str, Any]:
        """What the wider levels say."""
        wider = {Level.KIOSK: ("of_franchise", "of_gym"), Level.GYM: ("of_franchise",), Level.FRANCHISE: ()}
        return {key: value for layer in wider[self.level] for key, value in self.layers[layer].items()}


class KioskDesk:
    """Kiosks as one signed-in person may set them up."""

    def __init__(self, scope: Scope, records: Records) -> None:
        self._scope = scope
        self._records = records

    @property
    def may_change(self) -> bool:
        """True for who manages gyms; the database asks again."""
        return self._scope.may(Permission.MANAGE_GYMS)

    def create(self, *, gym_id: UUID, name: str, location: str) -> tuple[Change, IssuedCode | None]:
        """The kiosk waits for its code, which comes with it."""
        name = name.strip()
        wrong = _name_refused(name)
        if wrong is not None:
            return Change(False, say(wrong)), None
        made, refused = self._ask(
            "create_kiosk", gym_id=gym_id, slug=slug_of(name), name=name, location_in_gym=location.strip() or None
        )
        if refused is not None:
            return refused, None
        issued_change, issued = self.issue_code(made, slug=slug_of(name), name=name, holder=Holder.PAGE)
        return issued_change, issued

    def issue_code(self, kiosk_id: UUID, *, slug: str, name: str, holder: Holder) -> tuple[Change, IssuedCode | None]:
        """A code provisions this holder once; the codes before it are worthless, the device that works goes on."""
        for code in new_codes():
            stored = stored_code(code)
            answer, refused = self._ask(
                "issue_kiosk_code", id=kiosk_id, holder=holder.value, lookup=stored.lookup, code_hash=stored.hash,
                valid_minutes=CODE_VALID_MINUTES,
            )  # fmt: skip
            if refused is not None and refused.reason is Refused.TAKEN:
                continue
            if refused is None and answer is False:
                refused = Change(False, say(KIOSK_GONE))
            if refused is not None:
                return refused, None
            return Change(True, say("Code prêt.")), IssuedCode(
                kiosk_id=kiosk_id, slug=slug, name=name, holder=holder, code=code, issued_at=datetime.now(UTC)
            )
        return Change(False, say(texts_fr.FAILED)), None

    def rename(self, kiosk_id: UUID, *, seen: tuple[str, str | None], name: str, location: str) -> Change:
        """The kiosk has this name and place, unless they changed since they were read; its address stays."""
        name = name.strip()
        wrong = _name_refused(name)
        if wrong is not None:
            return Change(False, say(wrong))
        answer, refused = self._ask(
            "change_kiosk", id=kiosk_id, seen_name=seen[0], seen_location=seen[1], name=name,
            location_in_gym=location.strip() or None,
        )  # fmt: skip
        if refused is not None:
            return refused
        return Change(True, say(RENAMED)) if answer else _outdated()

    def pause(self, kiosk_id: UUID, *, is_paused: bool) -> Change:
        """The kiosk is out of service, or back in it."""
        answer, refused = self._ask("pause_kiosk", id=kiosk_id, is_paused=is_paused)
        if refused is not None:
            return refused
        return Change(True, say(PAUSED if is_paused else RESUMED)) if answer else Change(False, say(ALREADY_SO))

    def revoke(self, kiosk_id: UUID) -> Change:
        """No code or token of the kiosk opens anything any more, and its connections are cut off."""
        _, refused = self._ask("revoke_kiosk", id=kiosk_id)
        return refused or Change(True, say(REVOKED))

    def configure(self, seen: SeenSettings, wanted: Mapping[str, Any]) -> Change:
        """These settings hold at the level, unless somebody changed them since they were read.

        Args:
            wanted: each key with its value at this level; None leaves the key to the wider levels.
        """
        try:
            changed = {
                key: checked(key, value)
                for key, value in wanted.items()
                if value is not None and (key not in seen.own or seen.own[key] != value)
            }
        except KioskConfigError:
            reasons = [refusal(key, value) for key, value in wanted.items()]
            return Change(False, " ".join(reason for reason in reasons if reason))
        removed = [key for key, value in wanted.items() if value is None and key in seen.own]
        if not changed and not removed:
            return Change(False, say(NOTHING_NEW))
        _, refused = self._ask(
            "change_kiosk_settings",
            franchise_id=seen.layers["franchise_id"] if seen.level is Level.FRANCHISE else None,
            gym_id=None if seen.level is Level.FRANCHISE else seen.gym_id,
            kiosk_id=seen.kiosk_id if seen.level is Level.KIOSK else None,
            seen_version=seen.version,
            settings=Jsonb(changed),
            removed=removed,
        )
        return refused or Change(True, say(CONFIGURED))

    def _ask(self, change: str, **values: object) -> tuple[Any, Change | None]:
        """What the change's function answers, or why it was refused."""
        if not self.may_change:
            return None, Change(False, say(NOT_ALLOWED))
        try:
            row = self._records.row(self._scope, f"network.{change}", **values)
        except psycopg.errors.InsufficientPrivilege:
            return None, Change(False, say(NOT_ALLOWED))
        except psycopg.errors.UniqueViolation:
            return None, Change(False, say(NAME_TAKEN), reason=Refused.TAKEN)
        except psycopg.errors.SerializationFailure:
            return None, _outdated()
        answer = None if row is None else row["answer"]
        return answer, Change(False, say(KIOSK_GONE)) if answer is None else None


def _outdated() -> Change:
    return Change(False, say(CHANGED_MEANWHILE), reason=Refused.OUTDATED)


def _name_refused(name: str) -> str | None:
    if len(name) > LONGEST_NAME:
        return NAME_TOO_LONG
    return None if has_slug(name) else NAME_MISSING
