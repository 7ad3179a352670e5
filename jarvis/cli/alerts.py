"""`jarvis alerts`: how often alerts fire, how many a gym gets, and incidents put right by hand."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jarvis.alert_previews import THRESHOLDS
from jarvis.alert_thresholds import SET_BY_GYM, expected_steps, read_steps
from jarvis.alerts import CHURN_COOLDOWN, AlertType
from jarvis.cli.arguments import Commands, add_noun, identifier, to_the_cent
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`alerts` stands beside the other commands."""
    alerts = add_noun(commands, "alerts", text="what the managers' alerts do")
    preview = alerts.add_parser("preview", help="how often a threshold would have fired over the last days")
    preview.add_argument("--gym", required=True, metavar="SLUG")
    preview.add_argument("--type", required=True, choices=[str(one) for one in AlertType])
    preview.add_argument(
        "--threshold",
        type=_number,
        metavar="0.6",
        help="score (at least), mood (under), silent minutes, hours without check-ins, visits, US dollars a month; "
        "what holds now without it",
    )
    preview.add_argument("--days", type=_days, default=30, help="days up to yesterday (30)")
    preview.add_argument("--per-week", type=_alerts_a_week, metavar="15", help="churn_risk: budget of alerts a week")
    preview.add_argument("--rest-days", type=_days, metavar="14", help="churn_risk: rest after an alert ended (14)")
    preview.set_defaults(handler=_preview)
    choices = alerts.add_parser("budget", help="set a gym's weekly churn alerts and control group; print them")
    choices.add_argument("--gym", required=True, metavar="SLUG")
    choices.add_argument("--per-week", type=_alerts_a_week, metavar="15", help="churn alerts a week; the rest: digest")
    choices.add_argument("--control-share", type=_control_share, metavar="0.1", help="held back at random; 0 for none")
    choices.set_defaults(handler=_budget)
    thresholds = alerts.add_parser("threshold", help="set from when on a gym, or a franchise's gyms, are told")
    whose = thresholds.add_mutually_exclusive_group(required=True)
    whose.add_argument("--gym", metavar="SLUG")
    whose.add_argument("--franchise", metavar="NAME", help="for its gyms without a number of their own")
    thresholds.add_argument("--type", required=True, choices=[str(one) for one in SET_BY_GYM])
    thresholds.add_argument(
        "--to",
        required=True,
        metavar="45",
        help="silent minutes, hours without check-ins, or visits such as 50,100,200; default takes it back",
    )
    thresholds.set_defaults(handler=_threshold)
    incidents = alerts.add_parser("incidents", help="a gym's open machine incidents, a JSON line each")
    incidents.add_argument("--gym", required=True, metavar="SLUG")
    incidents.set_defaults(handler=_incidents)
    merge = alerts.add_parser("merge", help="the second incident becomes part of the first")
    merge.add_argument("kept", type=identifier, metavar="KEPT")
    merge.add_argument("folded", type=identifier, metavar="FOLDED")
    merge.set_defaults(handler=_merge)
    split = alerts.add_parser("split", help="what some sessions reported becomes an incident of its own")
    split.add_argument("alert", type=identifier, metavar="INCIDENT")
    split.add_argument("--session", dest="sessions", type=identifier, action="append", required=True, metavar="ID")
    split.set_defaults(handler=_split)


def _number(text: str) -> float:
    value = to_the_cent(text)
    if value is None:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number with at most two decimals, such as 0.6")
    return float(value)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 3650):
        raise argparse.ArgumentTypeError(f"found {text}, expected days from 1 to 3650")
    return int(text)


def _alerts_a_week(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 200):
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of alerts from 0 to 200")
    return int(text)


def _control_share(text: str) -> Decimal:
    value = to_the_cent(text)
    if value is None or not 0 <= value <= Decimal("0.5"):
        raise argparse.ArgumentTypeError(f"found {text}, expected a share of the members at risk from 0 to 0.5")
    return value


def _preview(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.alert_previews import NoThreshold, Question, asking, preview
    from warehouse.stores.gyms import gym_id_of

    alert_type = AlertType(options.type)
    kind = THRESHOLDS.get(alert_type)
    threshold = None
    if options.threshold is not None and kind is not None:
        threshold = options.threshold
        if not kind.low <= threshold <= kind.high:
            told = f"found {threshold:g}, expected {kind.unit} from {kind.low:g} to {kind.high:g}"
            print(f"jarvis: --threshold: {told}", file=sys.stderr)
            return 2
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    asked: dict[str, object] = {"gym": options.gym, "type": options.type, "threshold": threshold}
    with pipeline_connection(settings) as connection:
        question = Question(
            gym_id=gym_id_of(connection, options.gym),
            alert_type=alert_type,
            threshold=threshold,
            first_day=yesterday - timedelta(days=options.days - 1),
            last_day=yesterday,
            negative_feedback_below=settings.negative_feedback_below,
            per_week=options.per_week,
            rest=CHURN_COOLDOWN if options.rest_days is None else timedelta(days=options.rest_days),
        )
        try:
            found = preview(asking(connection), question)
        except NoThreshold as reason:
            print(json.dumps(asked | {"says": str(reason)}))
            return 0
    asked |= {"unit": None if kind is None else kind.unit, "days_asked": options.days} | asdict(found)
    print(json.dumps(asked))
    return 0


def _budget(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.alert_choices import set_budget

    with pipeline_connection(settings) as connection:
        per_week, share = set_budget(
            connection, gym_slug=options.gym, per_week=options.per_week, control_share=options.control_share
        )
    print(json.dumps({"gym": options.gym, "alerts_per_week": per_week, "control_share": share}))
    return 0


def _threshold(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.alert_thresholds import FranchiseNotFound, set_of_franchise, set_of_gym

    kind = AlertType(options.type)
    steps = None if options.to == "default" else read_steps(kind, options.to)
    if steps is None and options.to != "default":
        print(f"jarvis: --to: found {options.to}, expected {expected_steps(kind)}", file=sys.stderr)
        return 2
    with pipeline_connection(settings) as connection:
        if options.gym is not None:
            found = set_of_gym(connection, options.gym, kind, steps)
        else:
            try:
                found = set_of_franchise(connection, options.franchise, kind, steps)
            except FranchiseNotFound as reason:
                print(f"jarvis: {reason}", file=sys.stderr)
                return 1
    holds = {
        "kiosk_offline_minutes": found.kiosk_alert_after / timedelta(minutes=1),
        "milestone_visits": found.milestones,
        "data_quality_hours": found.checkins_silent_after / timedelta(hours=1),
    }
    print(json.dumps({"gym": options.gym, "franchise": options.franchise} | holds))
    return 0


def _incidents(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.gyms import gym_id_of
    from warehouse.stores.machine_incidents import open_incidents

    with pipeline_connection(settings) as connection:
        gym_id_of(connection, options.gym)  # An unknown gym is told, and is not one without incidents.
        for one in open_incidents(connection, gym_slug=options.gym):
            print(json.dumps(asdict(one), ensure_ascii=False, default=str))
    return 0


def _merge(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.machine_incidents import merge

    with pipeline_connection(settings) as connection:
        merge(connection, kept=options.kept, folded=options.folded)
    print(json.dumps({"kept": str(options.kept), "folded": str(options.folded)}))
    return 0


def _split(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.machine_incidents import split

    with pipeline_connection(settings) as connection:
        made = split(connection, options.alert, session_ids=options.sessions)
    print(json.dumps({"split": str(options.alert), "made": str(made)}))
    return 0
