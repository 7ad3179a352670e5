"""`jarvis`, the command line: reads arguments, loads settings, calls one function, prints its answer.

The composition root with `up` and `doctor`: the only modules of the kernel that may import the
other packages, and only inside the command that needs them, so that `jarvis url` stays quick.
"""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from uuid import UUID

from jarvis.consents import NOTICE_VERSION, PURPOSES
from jarvis.conversations import Sentiment, Topic
from jarvis.settings import Settings, SettingsError, load_settings
from jarvis.storage import StorageLevel

# Errors of ours whose message is the whole story; anything else is a fault and keeps its traceback.
_EXPECTED = (
    "UpError",
    "EmbeddedPostgresError",
    "DatabaseUnreachable",
    "MigrationError",
    "SimulationError",
    "KioskError",
    "GymNotFound",
    "EngineError",
    "DbtError",
    "ReaderUnavailable",
    "PasswordRefused",
    "UnknownAccount",
    "QuestionRefused",
    "TableError",
    "UnknownMember",
    "MemberIsTalking",
    "UnknownRule",
    "RegistryError",
    "NoChampion",
    "EngineRefused",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command has run; its exit code: 0 done, 1 refused or failed, 2 wrong arguments or settings."""
    options = parser().parse_args(arguments)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"jarvis: wrong settings (see .env.example)\n{error}", file=sys.stderr)
        return 2
    try:
        code: int = options.run(settings, options)
    except Exception as error:
        if not any(kind.__name__ in _EXPECTED for kind in type(error).__mro__):
            raise
        print(f"jarvis: {error}", file=sys.stderr)
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    """Every command and its arguments."""
    root = argparse.ArgumentParser(prog="jarvis", description="A voice assistant for gyms.")
    commands = root.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("up", _up, "start everything and run until Ctrl-C")
    doctor = command("doctor", _doctor, "check this machine and say what to do about each fault")
    doctor.add_argument(
        "--watch", action="store_true", help="then watch the pipeline and e-mail its failures, until Ctrl-C"
    )
    command("url", _url, "print one JSON line of addresses")

    migrate = command("migrate", _migrate, "bring the database's schema up or down, or show where it stands")
    migrate.add_argument("direction", choices=("up", "down", "status"))
    migrate.add_argument("--to", metavar="NAME", help="with down: keep this migration and the ones before it")

    simulate = command("simulate", _simulate, "fill an empty database with a repeatable network")
    simulate.add_argument("--days", type=_positive, default=90, help="days of history (90)")
    simulate.add_argument("--members", type=_positive, default=2000, help="members over all gyms (2000)")
    simulate.add_argument("--seed", type=int, default=7, help="the same seed gives the same network (7)")
    simulate.add_argument("--gyms", type=_positive, help="how many, at most 102 (as many as fit the members)")
    simulate.add_argument(
        "--talk", type=float, default=1.0, metavar="TIMES", help="conversations, times this (1: one in ten visits)"
    )
    simulate.add_argument(
        "--pending-days", type=_positive, metavar="DAYS",
        help="conversations of so many days wait for the analysis engine (a few hundred, at most 30 days)",
    )  # fmt: skip
    simulate.add_argument(
        "--truth", type=Path, metavar="FILE", help="write what no table knows: who leaves when, and why (JSON lines)"
    )

    analyse = command("analyse", _analyse, "transcripts.jsonl on stdin, analyses.jsonl on stdout")
    analyse.add_argument("--engine", choices=("local", "openai"), help="default: the setting")
    analyse.add_argument(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="instead: re-run past sessions with two versions (local, local@WEIGHTS, openai, openai@PROMPT)",
    )
    analyse.add_argument("--gym", metavar="SLUG", help="with --compare: sessions of one gym")
    analyse.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="with --compare: the first day")
    analyse.add_argument("--limit", type=_positive, default=200, help="with --compare: at most so many sessions (200)")
    analyse.add_argument("--json", action="store_true", help="with --compare: one JSON line with every flip")
    analyse.add_argument("--estimate", action="store_true", help="with --compare: what it would cost, and no more")
    analyse.add_argument("--yes", action="store_true", help="with --compare: pay a hosted version for it")

    engine = commands.add_parser("engine", help="which version of an engine may analyse").add_subparsers(
        metavar="ACTION", required=True
    )
    versions = engine.add_parser("list", help="print every version with its scores on the golden set, a line each")
    versions.set_defaults(run=_engine_list)
    score = engine.add_parser("score", help="score a version on the golden set and put it in service when it passes")
    score.add_argument("--engine", metavar="ENGINE", help="local, openai, local@WEIGHTS or openai@PROMPT (the setting)")
    score.add_argument("--yes", action="store_true", help="pay a hosted engine for it")
    score.set_defaults(run=_engine_score)
    accept = engine.add_parser("accept", help="put a refused version in service, with a reason for the audit trail")
    accept.add_argument("version", metavar="VERSION", help="as `jarvis engine list` prints it")
    accept.add_argument("--reason", required=True, help="one sentence")
    accept.set_defaults(run=_engine_accept)

    golden = commands.add_parser("golden", help="conversations that engines are compared on").add_subparsers(
        metavar="ACTION", required=True
    )
    export = golden.add_parser("export", help="print the conversations whose labels people looked at, redacted")
    export.add_argument("--gym", metavar="SLUG", help="of one gym only")
    export.set_defaults(run=_golden_export)

    redact = command("redact", _redact, "texts on stdin, a line each; on stdout the same lines without personal data")
    redact.add_argument(
        "--known", action="append", default=[], metavar="DATA", help="what is known of the speaker: a name, an e-mail"
    )
    redact.add_argument("--spans", action="store_true", help="print JSON lines: the text and where each piece stood")

    ask = command("ask", _ask, "answer a question from what members said in one gym, with quotes, or decline")
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument("--gym", required=True, metavar="SLUG")
    ask.add_argument("--as", dest="email", metavar="EMAIL", help="whose rights count (the gym's manager)")
    for flag, text in (("--since", "the first day"), ("--until", "the last day")):
        ask.add_argument(flag, type=date.fromisoformat, metavar="YYYY-MM-DD", help=text)
    ask.add_argument("--sentiment", type=Sentiment, choices=list(Sentiment), help="of the conversation")
    ask.add_argument("--topic", type=Topic, choices=list(Topic), metavar="TOPIC", help="as docs/glossary.md names it")
    ask.add_argument("--member", type=UUID, metavar="ID", help="one member's conversations")
    ask.add_argument("--json", action="store_true", help="print the claims and every citation as one JSON line")

    kiosk = commands.add_parser("kiosk", help="make, provision and play a kiosk").add_subparsers(
        metavar="ACTION", required=True
    )
    code = kiosk.add_parser("code", help="create a kiosk and print its slug and provisioning code")
    code.add_argument("--gym", required=True, metavar="SLUG")
    code.add_argument("--name", required=True)
    code.add_argument("--agent", action="store_true", help="for the agent beside the page, which keeps its own token")
    code.set_defaults(run=_kiosk_code)
    provision = kiosk.add_parser("provision", help="redeem a provisioning code and print the device token")
    provision.add_argument("--code", required=True)
    provision.add_argument("--device-id", required=True)
    provision.set_defaults(run=_kiosk_provision)
    revoke = kiosk.add_parser("revoke", help="end every token of a kiosk; its open connections are cut off")
    revoke.add_argument("--gym", required=True, metavar="SLUG")
    revoke.add_argument("--kiosk", required=True, metavar="SLUG")
    revoke.set_defaults(run=_kiosk_revoke)
    config = kiosk.add_parser("config", help="what is set for a franchise's, a gym's or one kiosk").add_subparsers(
        metavar="get|set", required=True
    )
    for action, text in (("get", "print what is set"), ("set", "set key=value, or key= for the wider scope's word")):
        added = config.add_parser(action, help=text)
        whose = added.add_mutually_exclusive_group(required=True)
        whose.add_argument("--franchise", metavar="NAME")
        whose.add_argument("--gym", metavar="SLUG")
        added.add_argument("--kiosk", metavar="SLUG", help="one kiosk of the gym")
        if action == "set":
            added.add_argument("assignments", nargs="+", metavar="KEY=VALUE")
        added.set_defaults(run=_kiosk_config, assignments=[])
    rotate = kiosk.add_parser("rotate", help="print a new device token; the old one ends with its first use")
    rotate.add_argument("--token", required=True)
    rotate.set_defaults(run=_kiosk_rotate)
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
    talk.set_defaults(run=_kiosk_talk, utterances=[])
    replay = kiosk.add_parser("replay", help="hold one session per dialogue of a JSONL file")
    replay.add_argument("file", type=Path)
    replay.add_argument("--token", help="the kiosk to replay on; a kiosk of the first gym is made when left out")
    replay.add_argument("--limit", type=_positive, help="only the first dialogues")
    _add_consent(replay)
    replay.set_defaults(run=_kiosk_replay)
    kiosk.add_parser("badges", help="print each badge held to the card reader").set_defaults(run=_kiosk_badges)

    gym = commands.add_parser("gym", help="what holds for a whole gym").add_subparsers(metavar="ACTION", required=True)
    budget = gym.add_parser("budget", help="set a gym's monthly voice budget; print it and what the month has cost")
    budget.add_argument("--gym", required=True, metavar="SLUG")
    limit = budget.add_mutually_exclusive_group()
    limit.add_argument("--usd", type=_dollars, help="US dollars a calendar month; 0 for text only")
    limit.add_argument("--none", action="store_true", help="no limit")
    budget.add_argument("--cheaper-share", type=_share, metavar="0.8", help="from here on new sessions get cheaper")
    budget.set_defaults(run=_gym_budget)
    storage = gym.add_parser(
        "storage", help="set what a gym keeps of what is said; print it and how its sessions stand"
    )
    storage.add_argument("--gym", required=True, metavar="SLUG")
    storage.add_argument("--level", type=StorageLevel, choices=list(StorageLevel), help="from the next session on")
    storage.add_argument("--past", action="store_true", help="lower earlier sessions too; what goes does not come back")
    storage.set_defaults(run=_gym_storage)

    churn = commands.add_parser("churn", help="judge, train, promote churn models").add_subparsers(
        metavar="ACTION", required=True
    )
    evaluate = churn.add_parser("evaluate", help="fit the model on one flat table, print its figures on another")
    evaluate.add_argument("--train", type=Path, required=True, metavar="A.csv")
    evaluate.add_argument("--test", type=Path, required=True, metavar="B.csv")
    evaluate.add_argument("--label", required=True, metavar="COLUMN", help="who left: 1/0, yes/no, oui/non")
    evaluate.add_argument("--id", dest="identifier", metavar="COLUMN", help="names the rows; not learned from")
    evaluate.add_argument("--drop", action="append", default=[], metavar="COLUMN", help="leave this column out")
    evaluate.set_defaults(run=_churn_evaluate)

    alerts = commands.add_parser("alerts", help="what the managers' alerts do").add_subparsers(
        metavar="ACTION", required=True
    )
    preview = alerts.add_parser("preview", help="how often a threshold would have fired over the last days")
    preview.add_argument("--gym", required=True, metavar="SLUG")
    preview.add_argument("--type", required=True, choices=("churn_risk", "negative_feedback"))
    preview.add_argument("--threshold", required=True, type=float, help="score: at least for a risk, under for a mood")
    preview.add_argument("--days", type=_positive, default=30, help="days up to yesterday (30)")
    preview.set_defaults(run=_alerts_preview)
    for action, run, text in (
        ("score", _churn_score, "score every member today, as the nightly job does"),
        ("train", _churn_train, "train a candidate; it decides if it beats the rules and the champion"),
        ("card", _churn_card, "print the model card of the champion, or of the newest model"),
        ("models", _churn_models, "print a JSON line per model, the newest first"),
    ):
        churn.add_parser(action, help=text).set_defaults(run=run)
    rollback = churn.add_parser("rollback", help="the model before the champion decides again, or the rules")
    rollback.add_argument("--reason", required=True, help="goes to the audit trail")
    rollback.set_defaults(run=_churn_rollback)

    choices = alerts.add_parser("budget", help="set a gym's weekly churn alerts and control group; print them")
    choices.add_argument("--gym", required=True, metavar="SLUG")
    choices.add_argument("--per-week", type=_alerts_a_week, metavar="15", help="churn alerts a week; the rest: digest")
    choices.add_argument("--control-share", type=_control_share, metavar="0.1", help="held back at random; 0 for none")
    choices.set_defaults(run=_alerts_budget)

    password = command("password", _password, "set a person's password (asked for, or one line on stdin)")
    password.add_argument("email", metavar="EMAIL")

    member = commands.add_parser("member", help="what is kept of a member: show it, or erase it").add_subparsers(
        metavar="ACTION", required=True
    )
    for action, run, text in (
        ("export", _member_export, "print all that is kept of a member, as one JSON object"),
        ("erase", _member_erase, "erase a member with every word of theirs; print the certificate"),
    ):
        about = member.add_parser(action, help=text, description=text)
        about.add_argument("member", type=UUID, metavar="ID", help="the member's id")
        about.set_defaults(run=run)
    consent = member.add_parser("consent", help="put on record what a member says at the desk about one purpose")
    consent.add_argument("member", type=UUID, metavar="ID", help="the member's id")
    consent.add_argument("--purpose", required=True, choices=PURPOSES)
    said = consent.add_mutually_exclusive_group(required=True)
    said.add_argument("--yes", dest="is_granted", action="store_true", help="the member agrees")
    said.add_argument("--no", dest="is_granted", action="store_false", help="the member does not, or no longer")
    consent.set_defaults(run=_member_consent)

    retention = command("retention", _retention, "how long everything is kept, and when that was last seen to")
    doing = retention.add_mutually_exclusive_group()
    doing.add_argument("--run", action="store_true", help="archive, aggregate and delete now what is past its term")
    doing.add_argument("--dry-run", action="store_true", help="count what would go")
    doing.add_argument("--set", nargs=2, metavar=("RULE", "DAYS"), help="keep so many days from the next run on")
    return root


def _add_consent(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--consent",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the member's answer to the notice about the analysis, where it asks",
    )


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


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of at least 1")
    return value


def _dollars(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < 10**8 or value != round(value, 2):
        raise argparse.ArgumentTypeError(
            f"found {text}, expected US dollars such as 50 or 49.90, or --none for no limit"
        )
    return value


def _share(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= 1 or value != round(value, 2):
        raise argparse.ArgumentTypeError(f"found {text}, expected a share of the budget from 0.01 to 1, such as 0.8")
    return value


def _alerts_a_week(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 200):
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of alerts from 0 to 200")
    return int(text)


def _control_share(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= Decimal("0.5") or value != round(value, 2):
        raise argparse.ArgumentTypeError(f"found {text}, expected a share of the members at risk from 0 to 0.5")
    return value


def _up(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import up

    return up(settings)


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.doctor import examine

    findings = examine(settings)
    for finding in findings:
        print(f"{'ok   ' if finding.is_well else 'FAULT'} {finding.subject}: {finding.text}")
    if options.watch:
        return _watch(settings)
    return 0 if all(finding.is_well for finding in findings) else 1


def _watch(settings: Settings) -> int:
    from orchestration import instance, watch

    if not settings.tells_operators:
        print("jarvis: --watch needs JARVIS_SMTP_URL and JARVIS_OPERATORS_MAIL: nobody would be told", file=sys.stderr)
        return 2
    # Dagster finds its instance by its environment alone.
    os.environ.update(instance.environment(settings))
    return watch.main()


def _url(settings: Settings, options: argparse.Namespace) -> int:
    addresses = {
        "database": settings.administration_url,
        "gateway": f"http://127.0.0.1:{settings.gateway_port}",
        "dagster": f"http://127.0.0.1:{settings.dagster_port}",
        "dashboards": f"http://127.0.0.1:{settings.dashboards_port}",
    }
    print(json.dumps(addresses))
    return 0


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.migrate import migrate_down, migrate_up, migration_status

    with database_server(settings):
        if options.direction == "status":
            for migration in migration_status(settings.administration_url):
                print(f"{'applied' if migration.is_applied else 'pending'}  {migration.name}")
            return 0
        if options.direction == "up":
            names = migrate_up(settings.administration_url)
        else:
            names = migrate_down(settings.administration_url, to=options.to)
    for name in names:
        print(f"{'applied' if options.direction == 'up' else 'taken back'}  {name}")
    print(f"{len(names)} migrations {options.direction}")
    return 0


def _simulate(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import migrated_database, simulate_network
    from warehouse.connection import connect

    with ExitStack() as stack:
        truth = stack.enter_context(options.truth.open("w", encoding="utf-8")) if options.truth else None
        stack.enter_context(migrated_database(settings))
        connection = stack.enter_context(connect(settings.database_url_for("pipeline")))
        simulate_network(
            settings, connection, days=options.days, members=options.members, seed=options.seed, gyms=options.gyms,
            talk=options.talk, pending_days=options.pending_days, truth=truth,
        )  # fmt: skip
    return 0


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
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.engine_versions import every

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        for one in every(connection):
            told = {"version": one.version, "status": one.status, "since": one.created_at.isoformat()}
            print(json.dumps(told | dict(one.metrics), default=str))
    return 0


def _engine_score(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from ml.conversations.engine import engine_for
    from orchestration.engine_gate import PAID, Shelf, judge, version_of
    from warehouse.connection import connect

    engine = engine_for(settings, name=options.engine)
    if engine.name in PAID and not options.yes:
        print("jarvis: the golden set is paid for with a hosted engine; add --yes to pay", file=sys.stderr)
        return 2
    with database_server(settings), connect(settings.database_url_for("pipeline"), autocommit=True) as connection:
        known = judge(connection, engine, shelf=Shelf(settings), may_pay=True)
    told = {} if known is None else {"status": known.status} | dict(known.metrics)
    print(json.dumps({"version": version_of(engine)} | told, default=str))
    return 0 if known is not None and known.is_in_service else 1


def _engine_accept(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.engine_gate import accept
    from warehouse.connection import connect

    with database_server(settings), connect(settings.database_url_for("pipeline"), autocommit=True) as connection:
        accepted = accept(connection, options.version, reason=options.reason)
    print(f"{accepted.version} is in service")
    return 0


def _golden_export(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.golden import export
    from warehouse.connection import connect

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        written = export(connection, sys.stdout, gym_slug=options.gym)
    print(f"jarvis: {written} conversations", file=sys.stderr)
    return 0


def _redact(settings: Settings, options: argparse.Namespace) -> int:
    from ml.conversations.jsonl import redact_lines

    return redact_lines(sys.stdin, sys.stdout, known=options.known, with_spans=options.spans)


def _ask(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.search import Filters
    from jarvis.up import database_server
    from orchestration.questions import QuestionRefused, ask
    from warehouse.connection import connect
    from warehouse.stores.search import person_to_ask_as

    filters = Filters(
        since=options.since,
        until=options.until,
        sentiment=options.sentiment,
        topic=options.topic,
        member_id=options.member,
    )
    with database_server(settings):
        with connect(settings.administration_url) as operator:
            user_id = person_to_ask_as(operator, slug=options.gym, email=options.email)
        if user_id is None:
            raise QuestionRefused("found nobody active to ask as, expected a person who sees the gym: --as EMAIL")
        with connect(settings.database_url_for("dashboard")) as connection:
            answer, _ = ask(connection, user_id, slug=options.gym, question=options.question, filters=filters)
    if options.json:
        print(json.dumps(asdict(answer) | {"is_supported": answer.is_supported}, ensure_ascii=False, default=str))
        return 0
    print(answer.text)
    for number, citation in enumerate((one for claim in answer.claims for one in claim.citations), start=1):
        print(f"[{number}] session {citation.session_id}, tour {citation.turn_id}")
    return 0


def _alerts_preview(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.alert_choices import preview_churn_alerts, preview_feedback_alerts

    preview = preview_churn_alerts if options.type == "churn_risk" else preview_feedback_alerts
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        found = preview(
            connection, gym_slug=options.gym, threshold=options.threshold, days=options.days, last_day=yesterday
        )
    asked = {"gym": options.gym, "type": options.type, "threshold": options.threshold, "days_asked": options.days}
    print(json.dumps(asked | asdict(found)))
    return 0


def _alerts_budget(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.alert_choices import set_budget

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        per_week, share = set_budget(
            connection, gym_slug=options.gym, per_week=options.per_week, control_share=options.control_share
        )
    print(json.dumps({"gym": options.gym, "alerts_per_week": per_week, "control_share": share}))
    return 0


def _kiosk_code(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.kiosks import Holder
    from voice_gateway.kiosk.commands import create_code

    holder = Holder.AGENT if options.agent else Holder.PAGE
    print(json.dumps(create_code(settings, options.gym, options.name, holder=holder)))
    return 0


def _kiosk_revoke(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import revoke

    print(json.dumps(revoke(settings, options.gym, options.kiosk)))
    return 0


def _kiosk_config(settings: Settings, options: argparse.Namespace) -> int:
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


def _kiosk_rotate(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import rotate

    print(rotate(_gateway(settings), options.token))
    return 0


def _kiosk_provision(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import provision

    print(provision(_gateway(settings), options.code, options.device_id))
    return 0


def _kiosk_talk(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.commands import talk

    if not options.utterances:
        print("jarvis: found nothing to say, expected --say, --wav or --text", file=sys.stderr)
        return 2
    held = talk(_gateway(settings), options.token, options.badge, options.utterances, consent=options.consent)
    print(json.dumps(held))
    return 0


def _kiosk_replay(settings: Settings, options: argparse.Namespace) -> int:
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


def _kiosk_badges(settings: Settings, options: argparse.Namespace) -> int:
    from voice_gateway.kiosk.reader import read_badges

    print("hold a badge to the reader; Ctrl-C ends", file=sys.stderr)
    try:
        for badge in read_badges(should_stop=lambda: False):
            print(badge, flush=True)
    except KeyboardInterrupt:
        return 0
    return 0


def _churn_evaluate(settings: Settings, options: argparse.Namespace) -> int:
    from ml.churn.evaluate import evaluate

    report, warnings = evaluate(
        options.train, options.test, label=options.label, identifier=options.identifier, drop=options.drop
    )
    for warning in warnings:
        print(f"jarvis: {warning}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False))
    return 0


def _churn_score(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.churn import score_day
    from warehouse.connection import connect

    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-churn") as connection,
    ):
        scored = score_day(connection, thresholds=settings.churn)
    print(json.dumps(asdict(scored), default=str))
    return 0


def _churn_train(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.churn import promote_waiting, train_candidate, waiting_candidate
    from warehouse.connection import connect

    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-churn") as connection,
    ):
        training = train_candidate(connection, thresholds=settings.churn)
        waiting = waiting_candidate(connection) if training.candidate_id else None
        promoted = promote_waiting(connection, by=getpass.getuser()) if training.candidate_id else None
    print(
        json.dumps(
            {
                "version": training.version,
                "told": training.told,
                "promoted": promoted is not None,
                "comparisons": waiting.reasons if waiting else [],
                **{name: training.metrics[name] for name in ("model", "rules", "champion") if name in training.metrics},
            },
            ensure_ascii=False,
        )
    )
    return 0


def _churn_models(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.churn_models import models

    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-churn") as connection,
    ):
        for one in models(connection):
            told = asdict(one) | {"metrics": {name: one.metrics.get(name) for name in ("model", "rules", "champion")}}
            print(json.dumps(told, ensure_ascii=False, default=str))
    return 0


def _churn_card(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.churn import model_card
    from warehouse.connection import connect

    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-churn") as connection,
    ):
        print(model_card(connection))
    return 0


def _churn_rollback(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from orchestration.churn import roll_back
    from warehouse.connection import connect

    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-churn") as connection,
    ):
        back_to = roll_back(connection, by=getpass.getuser(), reason=options.reason)
    print(json.dumps({"decides": back_to or "rules"}))
    return 0


def _gym_budget(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.budgets import gym_budget, set_gym_budget

    moment = datetime.now(UTC)
    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-gym") as connection,
    ):
        is_given = options.none or options.usd is not None
        gym_budget(connection, gym_slug=options.gym, moment=moment)  # An unknown gym is told before anything is set.
        if is_given or options.cheaper_share is not None:
            set_gym_budget(
                connection,
                gym_slug=options.gym,
                is_given=is_given,
                usd=options.usd,
                cheaper_share=options.cheaper_share,
            )
        found = gym_budget(connection, gym_slug=options.gym, moment=moment)
    told = {
        "gym": options.gym,
        "budget_usd": None if found.budget_usd is None else float(found.budget_usd),
        "cheaper_share": float(found.cheaper_share),
        "month": f"{found.month:%Y-%m}",
        "spent_usd": float(found.spent_usd),
        "next_session": found.mode.value,
    }
    print(json.dumps(told))
    return 0


def _gym_storage(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.words import gym_storage, set_storage_level

    if options.past and options.level is None:
        print("jarvis: --past: found no --level, expected the level to lower earlier sessions to", file=sys.stderr)
        return 2
    with (
        database_server(settings),
        connect(settings.database_url_for("pipeline"), application_name="jarvis-gym") as connection,
    ):
        if options.level is not None:
            set_storage_level(connection, gym_slug=options.gym, level=options.level, is_past_too=options.past)
        found = gym_storage(connection, gym_slug=options.gym)
    print(json.dumps({"gym": options.gym, **asdict(found)}))
    return 0


def _password(settings: Settings, options: argparse.Namespace) -> int:
    from dashboards.accounts import set_password
    from jarvis.up import database_server
    from warehouse.connection import connect

    # Never an argument: the shell's history and the process list would keep it.
    password = getpass.getpass("New password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with database_server(settings), connect(settings.administration_url) as connection:
        set_password(connection, options.email, password)
    print(f"password of {options.email} set; their open sessions are over")
    return 0


def _member_export(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.privacy import export_member

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        print(json.dumps(export_member(connection, options.member), ensure_ascii=False))
    return 0


def _member_consent(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.privacy import record_consent

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        record_consent(
            connection,
            options.member,
            purpose=options.purpose,
            is_granted=options.is_granted,
            notice_version=NOTICE_VERSION,
        )
    told = {"member": str(options.member), "purpose": options.purpose, "is_granted": options.is_granted}
    print(json.dumps(told))
    return 0


def _member_erase(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores.privacy import erase_member

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        certificate = erase_member(connection, options.member)
    print(json.dumps(asdict(certificate), default=str))
    return 0


def _retention(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.up import database_server
    from warehouse.connection import connect
    from warehouse.stores import retention

    with database_server(settings), connect(settings.database_url_for("pipeline")) as connection:
        if options.run or options.dry_run:
            proofs = retention.keep_house(connection, now=datetime.now(UTC), is_dry=options.dry_run)
            for proof in proofs:
                print(json.dumps(asdict(proof), default=str))
            return 0 if all(proof.is_kept for proof in proofs) else 1
        if options.set:
            retention.set_keep_days(connection, options.set[0], keep_days=_keep_days(options.set[1]))
            connection.commit()
        last = {one.rule_name: one for one in retention.last_proofs(connection)}
        for rule in retention.rules(connection):
            kept = last[rule.name]
            print(json.dumps(asdict(rule) | {"last_run_at": kept.ran_at, "remaining": kept.remaining}, default=str))
    return 0


def _keep_days(text: str) -> int:
    from warehouse.stores.retention import UnknownRule

    if not text.isdecimal() or not 1 <= int(text) <= 3650:
        raise UnknownRule(f"found {text}, expected whole days from 1 to 3650")
    return int(text)


def _gateway(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.gateway_port}"


if __name__ == "__main__":
    sys.exit(main())
