"""`jarvis ask`: a manager's question, answered from what members said."""

import argparse
import json
import sys
from dataclasses import asdict

from jarvis.cli.arguments import Commands, add_command, day, identifier, sentence, word_of
from jarvis.conversations import Sentiment, Topic
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`ask` stands beside the other commands."""
    ask = add_command(
        commands, "ask", _ask, text="answer a question from what members said in one gym, with quotes, or decline"
    )
    ask.add_argument("question", type=sentence, metavar="QUESTION")
    ask.add_argument("--gym", required=True, metavar="SLUG")
    ask.add_argument("--as", dest="email", metavar="EMAIL", help="whose rights count (the gym's manager)")
    for flag, text in (("--since", "the first day"), ("--until", "the last day")):
        ask.add_argument(flag, type=day, metavar="YYYY-MM-DD", help=text)
    ask.add_argument("--sentiment", type=word_of(Sentiment), choices=list(Sentiment), help="of the conversation")
    ask.add_argument(
        "--topic", type=word_of(Topic), choices=list(Topic), metavar="TOPIC", help="as docs/glossary.md names it"
    )
    ask.add_argument("--member", type=identifier, metavar="ID", help="one member's conversations")
    ask.add_argument("--json", action="store_true", help="print the claims and every citation as one JSON line")


def _ask(settings: Settings, options: argparse.Namespace) -> int:
    from jarvis.search import Filters
    from jarvis.up import database_server
    from orchestration.questions import QuestionRefused, ask
    from warehouse.connection import connect
    from warehouse.stores.search import person_to_ask_as

    if options.since and options.until and options.since > options.until:
        print("jarvis: found --until before --since, expected the later day there", file=sys.stderr)
        return 2
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
