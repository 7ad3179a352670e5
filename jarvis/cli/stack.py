"""`jarvis up`, `doctor` and `url`: the whole installation, run and looked at."""

import argparse
import json
import os
import sys

from jarvis.cli.arguments import Commands, add_command
from jarvis.settings import Settings


def add(commands: Commands) -> None:
    """`up`, `doctor` and `url` stand beside the other commands."""
    add_command(commands, "up", _up, text="start everything and run until Ctrl-C")
    doctor = add_command(commands, "doctor", _doctor, text="check this machine and say what to do about each fault")
    doctor.add_argument(
        "--watch", action="store_true", help="then watch the pipeline and e-mail its failures, until Ctrl-C"
    )
    add_command(commands, "url", _url, text="print one JSON line of addresses")


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
