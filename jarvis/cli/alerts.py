"""`jarvis alerts`: how often alerts fire, how many a gym gets, and incidents put right by hand."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jarvis.cli.arguments import Commands, add_noun, identifier, to_the_cent
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`alerts` stands beside the other commands."""
    alerts = add_noun(commands, "alerts", text="what the managers' alerts do")
    preview = alerts.add_parser("preview", help="how often a threshold would have fired over the last days")
    preview.add_argument("--gym", required=True, metavar="SLUG")
    preview.add_argument("--type", required=True, choices=("churn_risk", "negative_feedback"))
    preview.add_argument(
        "--threshold", required=True, type=_score, metavar="0.6", help="score: at least for a risk, under for a mood"
    )
    preview.add_argument("--days", type=_days, default=30, help="days up to yesterday (30)")
    preview.set_defaults(handler=_preview)
    choices = alerts.add_parser("budget", help="set a gym's weekly churn alerts and control group; print them")
    choices.add_argument("--gym", required=True, metavar="SLUG")
    choices.add_argument("--per-week", type=_alerts_a_week, metavar="15", help="churn alerts a week; the rest: digest")
    choices.add_argument("--control-share", type=_control_share, metavar="0.1", help="held back at random; 0 for none")
    choices.set_defaults(handler=_budget)
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


def _score(text: str) -> float:
    value = to_the_cent(text)
    if value is None or not -1 <= value <= 1:
        raise argparse.ArgumentTypeError(
            f"found {text}, expected a risk from 0 to 1 or a mood from -1 to 1, such as 0.6"
        )
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
    from warehouse.stores.alert_choices import preview_churn_alerts, preview_feedback_alerts

    preview = preview_churn_alerts if options.type == "churn_risk" else preview_feedback_alerts
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with pipeline_connection(settings) as connection:
        found = preview(
            connection, gym_slug=options.gym, threshold=options.threshold, days=options.days, last_day=yesterday
        )
    asked = {"gym": options.gym, "type": options.type, "threshold": options.threshold, "days_asked": options.days}
    print(json.dumps(asked | asdict(found)))
    return 0


def _budget(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.alert_choices import set_budget

    with pipeline_connection(settings) as connection:
        per_week, share = set_budget(
            connection, gym_slug=options.gym, per_week=options.per_week, control_share=options.control_share
        )
    print(json.dumps({"gym": options.gym, "alerts_per_week": per_week, "control_share": share}))
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
