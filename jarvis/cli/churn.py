"""`jarvis churn`: judge, train and promote the models of who is about to leave."""

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from pathlib import Path

from jarvis.cli.arguments import Commands, add_noun
from jarvis.cli.connection import pipeline_connection
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`churn` stands beside the other commands."""
    churn = add_noun(commands, "churn", text="judge, train, promote churn models")
    evaluate = churn.add_parser("evaluate", help="fit the model on one flat table, print its figures on another")
    evaluate.add_argument("--train", type=Path, required=True, metavar="A.csv")
    evaluate.add_argument("--test", type=Path, required=True, metavar="B.csv")
    evaluate.add_argument("--label", required=True, metavar="COLUMN", help="who left: 1/0, yes/no, oui/non")
    evaluate.add_argument("--id", dest="identifier", metavar="COLUMN", help="names the rows; not learned from")
    evaluate.add_argument("--drop", action="append", default=[], metavar="COLUMN", help="leave this column out")
    evaluate.add_argument(
        "--slice", dest="slices", action="append", default=[], metavar="COLUMN",
        help="print the figures by this column as well: age, sex, tenure; once for each",
    )  # fmt: skip
    evaluate.set_defaults(handler=_evaluate)
    for action, run, text in (
        ("score", _score, "score every member today, as the nightly job does"),
        ("train", _train, "train a candidate; it decides if it beats the rules and the champion"),
        ("card", _card, "print the model card of the champion, or of the newest model"),
        ("models", _models, "print a JSON line per model, the newest first"),
    ):
        churn.add_parser(action, help=text).set_defaults(handler=run)
    rollback = churn.add_parser("rollback", help="the model before the champion decides again, or the rules")
    rollback.add_argument("--reason", required=True, help="goes to the audit trail")
    rollback.set_defaults(handler=_rollback)
    lift = churn.add_parser("lift", help="a model that was taken back bars its like no longer")
    lift.add_argument("version", metavar="MODEL", help="as 'jarvis churn models' names it: churn-2026-11-23")
    lift.add_argument("--reason", required=True, help="goes to the audit trail")
    lift.set_defaults(handler=_lift)


def _evaluate(settings: Settings, options: argparse.Namespace) -> int:
    from ml.churn.evaluate import evaluate

    report, warnings = evaluate(
        options.train,
        options.test,
        label=options.label,
        identifier=options.identifier,
        drop=options.drop,
        slices=options.slices,
    )
    for warning in warnings:
        print(f"jarvis: {warning}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False))
    return 0


def _score(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.churn import score_day

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
        scored = score_day(connection, thresholds=settings.churn)
    print(json.dumps(asdict(scored), default=str))
    return 0


def _train(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.churn import promote_waiting, train_candidate, waiting_candidate

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
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


def _card(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.churn import model_card

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
        print(model_card(connection))
    return 0


def _models(settings: Settings, options: argparse.Namespace) -> int:
    from warehouse.stores.churn_models import models

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
        for one in models(connection):
            told = asdict(one) | {"metrics": {name: one.metrics.get(name) for name in ("model", "rules", "champion")}}
            print(json.dumps(told, ensure_ascii=False, default=str))
    return 0


def _rollback(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.churn import roll_back

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
        back_to = roll_back(connection, by=getpass.getuser(), reason=options.reason)
    print(json.dumps({"decides": back_to or "rules"}))
    return 0


def _lift(settings: Settings, options: argparse.Namespace) -> int:
    from orchestration.churn import lift_bar

    with pipeline_connection(settings, application_name="jarvis-churn") as connection:
        lift_bar(connection, options.version, by=getpass.getuser(), reason=options.reason)
    print(json.dumps({"lifted": options.version}))
    return 0
