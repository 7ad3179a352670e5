"""`jarvis analyse`, `engine`, `golden` and `redact`: what the analysis engines do, and which may do it."""

import argparse
import json
import sys
from dataclasses import asdict

from jarvis.cli.arguments import Commands, add_command, add_noun, day, positive
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`analyse`, `engine`, `golden` and `redact` stand beside the other commands."""
    _add_analyse(commands)
    _add_engine(add_noun(commands, "engine", text="which version of an engine may analyse"))

    golden = add_noun(commands, "golden", text="conversations that engines are compared on")
    export = golden.add_parser("export", help="print the conversations whose labels people looked at, redacted")
    export.add_argument("--gym", metavar="SLUG", help="of one gym only")
    export.set_defaults(handler=_golden_export)

    add_command(
        commands,
        "redact",
        _redact,
        text="texts.jsonl on stdin ({id, text, member?} a line), on stdout the same without personal data, with spans",
    )


def _add_analyse(commands: Commands) -> None:
    analyse = add_command(commands, "analyse", _analyse, text="transcripts.jsonl on stdin, analyses.jsonl on stdout")
    analyse.add_argument("--engine", choices=("local", "openai"), help="default: the setting")
    analyse.add_argument(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="instead: re-run past sessions with two versions (local, local@WEIGHTS, openai, openai@PROMPT)",
    )
    analyse.add_argument("--gym", metavar="SLUG", help="with --compare: sessions of one gym")
    analyse.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="with --compare: the first day")
    analyse.add_argument("--limit", type=positive, default=200, help="with --compare: at most so many sessions (200)")
    analyse.add_argument("--json", action="store_true", help="with --compare: one JSON line with every flip")
    analyse.add_argument("--estimate", action="store_true", help="with --compare: what it would cost, and no more")
    analyse.add_argument("--yes", action="store_true", help="with --compare: pay a hosted version for it")


def _add_engine(engine: Commands) -> None:
    versions = engine.add_parser("list", help="print every version with its scores on the golden set, a line each")
    versions.set_defaults(handler=_engine_list)
    score = engine.add_parser("score", help="score a version on the golden set and put it in service when it passes")
    score.add_argument("--engine", metavar="ENGINE", help="local, openai, local@WEIGHTS or openai@PROMPT (the setting)")
    score.add_argument("--yes", action="store_true", help="pay a hosted engine for it")
    score.set_defaults(handler=_engine_score)
    accept = engine.add_parser("accept", help="put a refused version in service, with a reason for the audit trail")
    accept.add_argument("version", metavar="VERSION", help="as `jarvis engine list` prints it")
    accept.add_argument("--reason", required=True, help="one sentence")
    accept.set_defaults(handler=_engine_accept)


def _analyse(settings: Settings, options: argparse.Namespace) -> int:
    from ml.conversations.engine import engine_for
    from ml.conversations.jsonl import analyse_lines

    if options.compare:
        return _compare(settings, options)
    if options.engine == "openai" and settings.openai_api_key is None:
        print("jarvis: --engine openai needs OPENAI_API_KEY; give the key, or use --engine local", file=sys.stderr)
        return 2
    return analyse_lines(sys.stdin, engine_for(settings, name=options.engine), sys.stdout, sys.stderr)


def _compare(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from ml.conversations.engine import engine_for
    from orchestration.comparison import as_json, compare, estimate, write_text
    from warehouse.connection import connect
    from warehouse.stores.comparison import past_conversations
    from warehouse.stores.gyms import gym_id_of
    from warehouse.stores.paid_replies import KeptReplies

    url = settings.database_url_for("pipeline")
    with database_server(settings):
        # A reply that was paid for is kept a week: asked again by then, it costs nothing.
        first, second = (
            engine_for(settings, name=name, paid_replies=KeptReplies(url), has_vectors=False)
            for name in options.compare
        )
        with connect(url, application_name="jarvis-compare") as connection:
            connection.read_only = True
            if options.gym:
                gym_id_of(connection, options.gym)
            past = past_conversations(connection, limit=options.limit, gym_slug=options.gym, since=options.since)
        costs = [estimate(engine, past) for engine in (first, second)]
        if options.estimate or (any(cost.tokens for cost in costs) and not options.yes):
            told = {"sessions": len(past), "first": asdict(costs[0]), "second": asdict(costs[1])}
            print(json.dumps(told))
            if not options.estimate:
                print("jarvis: this would be paid for; add --yes to pay, or --estimate to look only", file=sys.stderr)
            return 0 if options.estimate else 2
        found = compare(first, second, past, negative_feedback_below=settings.negative_feedback_below)
    if options.json:
        print(json.dumps(as_json(found)))
    else:
        write_text(found, sys.stdout)
    return 0


def _engine_list(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.engine_versions import agreements, every

    with pipeline_connection(settings) as connection:
        judged = agreements(connection)
        for one in every(connection):
            told: dict[str, object] = {
                "version": one.version, "status": one.status, "since": one.created_at.isoformat(),
                "agreement": None, "judged_labels": 0,
            }  # fmt: skip
            if by_people := judged.get(one.version):
                told |= {"agreement": round(by_people.rate, 4), "judged_labels": by_people.judged_count}
            print(json.dumps(told | dict(one.metrics), default=str))
    return 0


def _engine_score(settings: Settings, options: argparse.Namespace) -> int:
    from ml.conversations.engine import engine_for
    from orchestration.engine_gate import PAID, Shelf, judge, version_of

    engine = engine_for(settings, name=options.engine)
    if engine.name in PAID and not options.yes:
        print("jarvis: the golden set is paid for with a hosted engine; add --yes to pay", file=sys.stderr)
        return 2
    with pipeline_connection(settings, autocommit=True) as connection:
        known = judge(connection, engine, shelf=Shelf(settings), may_pay=True)
    told = {} if known is None else {"status": known.status} | dict(known.metrics)
    print(json.dumps({"version": version_of(engine)} | told, default=str))
    return 0 if known is not None and known.is_in_service else 1


def _engine_accept(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.engine_gate import accept

    with pipeline_connection(settings, autocommit=True) as connection:
        accepted = accept(connection, options.version, reason=options.reason)
    print(f"{accepted.version} is in service")
    return 0


def _golden_export(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.golden import export
    from warehouse.stores.gyms import gym_id_of

    with pipeline_connection(settings) as connection:
        if options.gym:
            gym_id_of(connection, options.gym)
        written = export(connection, sys.stdout, gym_slug=options.gym)
    print(f"jarvis: {written} conversations", file=sys.stderr)
    return 0


def _redact(settings: Settings, options: argparse.Namespace) -> int:
    from ml.conversations.jsonl import redact_lines

    return redact_lines(sys.stdin, sys.stdout, sys.stderr)
