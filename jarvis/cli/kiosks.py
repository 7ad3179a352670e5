"""`jarvis kiosk`: make, provision, configure and play a kiosk."""

import argparse
import json
import sys
from pathlib import Path

from jarvis.cli.arguments import Commands, add_noun, positive
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`kiosk` stands beside the other commands."""
    kiosk = add_noun(commands, "kiosk", text="make, provision and play a kiosk")
    code = kiosk.add_parser("code", help="create a kiosk and print its slug and provisioning code")
    code.add_argument("--gym", required=True, metavar="SLUG")
    code.add_argument("--name", required=True)
    code.add_argument("--agent", action="store_true", help="for the agent beside the page, which keeps its own token")
    code.set_defaults(handler=_code)
    provision = kiosk.add_parser("provision", help="redeem a provisioning code and print the device token")
    provision.add_argument("--code", required=True)
    provision.add_argument("--device-id", required=True)
    provision.set_defaults(handler=_provision)
    revoke = kiosk.add_parser("revoke", help="end every token of a kiosk; its open connections are cut off")
    revoke.add_argument("--gym", required=True, metavar="SLUG")
    revoke.add_argument("--kiosk", required=True, metavar="SLUG")
    revoke.set_defaults(handler=_revoke)
    _add_config(
        add_noun(kiosk, "config", text="what is set for a franchise's, a gym's or one kiosk", metavar="get|set")
    )
    rotate = kiosk.add_parser("rotate", help="print a new device token; the old one ends with its first use")
    rotate.add_argument("--token", required=True)
    rotate.set_defaults(handler=_rotate)
    talk = kiosk.add_parser("talk", help="hold one whole session: --say, --wav and --text in the order given")
    talk.add_argument("--token", required=True)
    talk.add_argument("--badge", required=True)
    for flag, text in (
        ("--say", "speak this sentence with the synthetic voice"),
        ("--wav", "play this file (16-bit PCM)"),
        ("--text", "send this sentence as text"),
    ):
        talk.add_argument(flag, dest="utterances", action=_Utterance, help=text)
    _add_consent(talk)
    talk.set_defaults(handler=_talk, utterances=[])
    replay = kiosk.add_parser("replay", help="hold one session per dialogue of a JSONL file")
    replay.add_argument("file", type=Path)
    replay.add_argument("--token", help="the kiosk to replay on; a kiosk of the first gym is made when left out")
    replay.add_argument("--limit", type=positive, help="only the first dialogues")
    _add_consent(replay)
    replay.set_defaults(handler=_replay)
    kiosk.add_parser("badges", help="print each badge held to the card reader").set_defaults(handler=_badges)


def _add_config(config: Commands) -> None:
    for action, text in (("get", "print what is set"), ("set", "set key=value, or key= for the wider scope's word")):
        added = config.add_parser(action, help=text)
        whose = added.add_mutually_exclusive_group(required=True)
        whose.add_argument("--franchise", metavar="NAME")
        whose.add_argument("--gym", metavar="SLUG")
        added.add_argument("--kiosk", metavar="SLUG", help="one kiosk of the gym")
        if action == "set":
            added.add_argument("assignments", nargs="+", metavar="KEY=VALUE")
        added.set_defaults(handler=_config, assignments=[])


class _Utterance(argparse.Action):
    """Collects --say, --wav and --text in the order they were given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        kind = (option_string or "").lstrip("-")
        namespace.utterances = [*namespace.utterances, (kind, str(values))]


def _add_consent(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--consent",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the member's answer to the notice about the analysis, where it asks",
    )


def _code(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.kiosks import Holder
    from voice_gateway.kiosk.commands import create_code

    holder = Holder.AGENT if options.agent else Holder.PAGE
    print(json.dumps(create_code(settings, options.gym, options.name, holder=holder)))
    return 0


def _provision(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import provision

    print(provision(_gateway(settings), options.code, options.device_id))
    return 0


def _revoke(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import revoke

    print(json.dumps(revoke(settings, options.gym, options.kiosk)))
    return 0


def _config(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import configure

    if options.kiosk and not options.gym:
        print("jarvis: found --kiosk without --gym, expected the kiosk's gym too", file=sys.stderr)
        return 2
    kept = configure(
        settings,
        franchise=options.franchise,
        gym=options.gym,
        kiosk=options.kiosk,
        assignments=options.assignments,
    )
    print(json.dumps(kept))
    return 0


def _rotate(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import rotate

    print(rotate(_gateway(settings), options.token))
    return 0


def _talk(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import talk

    if not options.utterances:
        print("jarvis: found nothing to say, expected --say, --wav or --text", file=sys.stderr)
        return 2
    held = talk(_gateway(settings), options.token, options.badge, options.utterances, consent=options.consent)
    print(json.dumps(held))
    return 0


def _replay(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import replay

    dialogues = replay(
        settings,
        _gateway(settings),
        options.file,
        token=options.token,
        limit=options.limit,
        consent=options.consent,
    )
    for held in dialogues:
        print(json.dumps(held, ensure_ascii=False), flush=True)
    return 0


def _badges(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.reader import read_badges

    print("hold a badge to the reader; Ctrl-C ends", file=sys.stderr)
    try:
        for badge in read_badges(should_stop=lambda: False):
            print(badge, flush=True)
    except KeyboardInterrupt:
        return 0
    return 0


def _gateway(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.gateway_port}"
