"""What `jarvis kiosk` does: make a kiosk, provision it, hold a session as it would, replay dialogues.

Each function returns data; `jarvis/cli/kiosks.py` prints it. Turns are shown on stderr as they are heard, so that
stdout stays one answer.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from jarvis.kiosk_config import RULES, KioskConfigError, checked
from jarvis.kiosks import CODE_TRIES, Holder, new_codes, slug_of, stored_code
from jarvis.settings import Settings
from voice_gateway.kiosk import audio
from voice_gateway.kiosk.client import HeardTurn, connected
from voice_gateway.kiosk.errors import KioskError
from voice_gateway.kiosk.replay import Dialogue, control_url, read_dialogues, replay_dialogue
from warehouse.connection import connect
from warehouse.stores.gyms import GymNotFound, slugs
from warehouse.stores.kiosk_settings import ScopeNotFound, change_settings, find_scope, own_settings
from warehouse.stores.kiosks import KioskNotFound, revoke_kiosk, store_code

Utterance = tuple[str, str]
"""Kind (say, wav or text) and the sentence or path."""

_HTTP_SECONDS = 15
# Most of a replay is waiting for the stand-in to think; more than this adds little on two cores.
_REPLAYED_TOGETHER = 4


def create_code(settings: Settings, gym_slug: str, name: str, *, holder: Holder = Holder.PAGE) -> dict[str, str]:
    """The kiosk exists, and the code provisions it once in the next ten minutes.

    Raises:
        KioskError: when there is no such gym, or the name gives no slug.
    """
    try:
        slug = slug_of(name)
    except ValueError as error:
        raise KioskError(str(error)) from None
    with connect(settings.database_url_for("pipeline"), application_name="jarvis-kiosk") as connection:
        for code in new_codes():
            try:
                kiosk_id = store_code(
                    connection, gym_slug=gym_slug, slug=slug, name=name, code=stored_code(code), holder=holder
                )
            except psycopg.errors.UniqueViolation:
                continue
            except GymNotFound as error:
                raise KioskError(str(error)) from None
            return {"slug": slug, "code": code, "gym": gym_slug, "kiosk_id": str(kiosk_id)}
    raise KioskError(f"found {CODE_TRIES} new codes taken, expected a free one: try again")


def revoke(settings: Settings, gym_slug: str, slug: str) -> dict[str, object]:
    """Nothing opens the kiosk's door any more, and its open connections are cut off.

    Raises:
        KioskError: when there is no such kiosk.
    """
    with connect(settings.database_url_for("pipeline"), application_name="jarvis-kiosk") as connection:
        try:
            count = revoke_kiosk(connection, gym_slug=gym_slug, slug=slug)
        except (KioskNotFound, GymNotFound) as error:
            raise KioskError(str(error)) from None
    return {"gym": gym_slug, "slug": slug, "tokens_revoked": count}


def configure(
    settings: Settings,
    *,
    franchise: str | None = None,
    gym: str | None = None,
    kiosk: str | None = None,
    assignments: Sequence[str] = (),
) -> dict[str, object]:
    """What is set for exactly this franchise, gym or kiosk, after these `key=value` were set and `key=` taken away.

    Raises:
        KioskError: when there is no such scope, or a key or value cannot be set; nothing is changed then.
    """
    values, removed = {}, []
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign:
            raise KioskError(f"found '{assignment}', expected key=value, or key= to leave it to the wider scope")
        if text == "":
            removed.append(key)
        else:
            values[key] = _value_in(text)
    try:
        for key in removed:
            if key not in RULES:
                checked(key, None)
        changes = {key: checked(key, value) for key, value in values.items()}
        with connect(settings.database_url_for("pipeline"), application_name="jarvis-kiosk") as connection:
            scope = find_scope(connection, franchise=franchise, gym=gym, kiosk=kiosk)
            if assignments:
                kept = change_settings(connection, scope, settings=changes, removed=removed)
            else:
                kept = own_settings(connection, scope)
    except (KioskConfigError, ScopeNotFound, GymNotFound, KioskNotFound) as error:
        raise KioskError(str(error)) from None
    return {"settings": dict(kept.settings), "version": kept.version}


def _value_in(text: str) -> object:
    """Numbers, true and false as such; everything else is the text itself."""
    try:
        return orjson.loads(text) if text[:1] in "-0123456789tf" else text
    except orjson.JSONDecodeError:
        return text


def rotate(gateway_url: str, token: str) -> str:
    """A new device token, shown this once; the old one ends with its first use.

    Raises:
        KioskError: with the gateway's own words when it refuses.
    """
    if not (token and token.isascii() and token.isprintable()):
        raise KioskError("found a token that cannot be one, expected what `jarvis kiosk provision` printed")
    try:
        answer = httpx.post(
            f"{gateway_url}/api/kiosk/token/rotate",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_HTTP_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise KioskError(
            f"the gateway at {gateway_url} does not answer ({type(error).__name__}): start it with `jarvis up`"
        ) from None
    if answer.is_error:
        raise KioskError(f"the gateway refused to renew the token: {_message(answer)}")
    return str(answer.json()["token"])


def provision(gateway_url: str, code: str, device_id: str) -> str:
    """The code is spent; the device token, which is shown this once.

    Raises:
        KioskError: with the gateway's own words when it refuses.
    """
    body = {"code": code, "device_id": device_id, "hardware_info": {"kind": "simulated"}}
    try:
        answer = httpx.post(f"{gateway_url}/api/kiosk/provision", json=body, timeout=_HTTP_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise KioskError(
            f"the gateway at {gateway_url} does not answer ({type(error).__name__}): start it with `jarvis up`"
        ) from None
    if answer.is_error:
        raise KioskError(f"the gateway refused the code: {_message(answer)}")
    return str(answer.json()["token"])


def talk(
    gateway_url: str,
    token: str,
    badge: str,
    utterances: Sequence[Utterance],
    *,
    is_fast: bool = False,
    consent: bool = True,
) -> dict[str, Any]:
    """One whole session was held as a kiosk would hold it: badge, utterances and their answers, hang-up.

    Args:
        is_fast: sends sound faster than a person speaks; the answers are the same.
        consent: the member's answer to the notice, where it asks; a refusal is said where it does not ask, too.

    Raises:
        KioskError: when the gateway refuses, or does not answer in time.
    """
    if not all(value.strip() for _, value in utterances):
        raise KioskError("found nothing to say, expected words after --say and --text, a file after --wav")
    sounds = [_prepared(kind, value) for kind, value in utterances]
    return asyncio.run(_talk(gateway_url, token, badge, sounds, is_fast=is_fast, consent=consent))


def replay(
    settings: Settings,
    gateway_url: str,
    file: Path,
    *,
    token: str | None = None,
    limit: int | None = None,
    consent: bool = True,
) -> Iterator[dict[str, Any]]:
    """Yields one answer a dialogue of the file, each held as a session of its own.

    Raises:
        KioskError: when the upstream is not the stand-in, or a line is no dialogue.
    """
    if not settings.uses_standin:
        raise KioskError(
            "found OPENAI_API_KEY, expected none: only the stand-in says a file's lines; unset it to replay dialogues"
        )
    dialogues = list(read_dialogues(file, limit=limit))
    if not dialogues:
        raise KioskError(f"{file}: found no dialogue, expected one JSON object a line")
    kiosk_token = token or _own_kiosk(settings, gateway_url)
    for start in range(0, len(dialogues), _REPLAYED_TOGETHER):
        together = dialogues[start : start + _REPLAYED_TOGETHER]
        standin_url = control_url(settings.realtime_url)
        yield from asyncio.run(_replay_together(gateway_url, kiosk_token, together, standin_url, consent=consent))


async def _replay_together(
    gateway_url: str, token: str, dialogues: Sequence[Dialogue], standin_url: str, *, consent: bool
) -> list[dict[str, Any]]:
    return await asyncio.gather(
        *(
            replay_dialogue(gateway_url, token, dialogue, standin_url=standin_url, consent=consent)
            for dialogue in dialogues
        )
    )


async def _talk(
    gateway_url: str, token: str, badge: str, sounds: Sequence[bytes | str], *, is_fast: bool, consent: bool
) -> dict[str, Any]:
    async with connected(gateway_url, token, on_turn=_show, consent=consent) as kiosk:
        session_id = await kiosk.badge(badge)
        if not consent and kiosk.notice and kiosk.notice["analysis"]:
            # Asked once a version of the notice: who has said yes before may say no at any time.
            await kiosk.answer_notice(analysis=False)
            await kiosk.seen(lambda: not (kiosk.notice or {}).get("analysis"), "the refusal to be taken")
        for sound in sounds:
            if isinstance(sound, str):
                await kiosk.type_text(sound)
                await kiosk.ask_answer()
            else:
                await kiosk.say(sound, is_fast=is_fast)
        reason = await kiosk.hang_up()
        return {
            "session_id": session_id,
            "badge_outcome": kiosk.badge_outcome,
            "analysis": kiosk.notice["analysis"] if kiosk.notice else None,
            "close_reason": reason,
            "turns": [{"role": turn.role, "text": turn.text} for turn in kiosk.turns],
        }


def _prepared(kind: str, value: str) -> bytes | str:
    if kind == "say":
        return audio.spoken(value)
    if kind == "wav":
        return audio.read_wav(Path(value))
    if kind == "text":
        return value
    raise KioskError(f"found an utterance of kind '{kind}', expected say, wav or text")


def _own_kiosk(settings: Settings, gateway_url: str) -> str:
    with connect(settings.database_url_for("pipeline"), application_name="jarvis-kiosk") as connection:
        gyms = slugs(connection, limit=1)
    if not gyms:
        raise KioskError("found no gym, expected one: fill the database with `jarvis simulate`")
    code = create_code(settings, gyms[0], "Borne relecture")["code"]
    return provision(gateway_url, code, "replay")


def _show(turn: HeardTurn) -> None:
    speaker = "adhérent" if turn.role == "member" else "jarvis"
    sys.stderr.write(f"{speaker:>9} : {turn.text}\n")


def _message(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return f"status {answer.status_code}"
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    # One plain sentence, whoever answers at that address: a body of another shape is not shown.
    return " ".join(message.split()) if isinstance(message, str) else f"status {answer.status_code}"
