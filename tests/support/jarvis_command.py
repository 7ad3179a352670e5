"""The `jarvis` command as an operator runs it, on the database of a test."""

import os
import subprocess
import sys
from pathlib import Path

from jarvis.settings import Settings


def run_jarvis(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command said and its exit code."""
    return subprocess.run(
        [Path(sys.executable).with_name("jarvis"), *arguments],
        env={
            **os.environ,
            "JARVIS_HOME": str(settings.home),
            "JARVIS_SECRET_KEY": settings.secret_key,
            "JARVIS_DATABASE_URL": settings.administration_url,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
