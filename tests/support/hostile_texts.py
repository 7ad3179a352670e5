"""What somebody may say to a kiosk so that the analysis obeys him."""

from pathlib import Path

_FILE = Path(__file__).parents[1] / "golden" / "injections.txt"


def hostile_texts() -> list[str]:
    """At least 150 texts, mostly French and English; lines that begin with # and a space are remarks."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]
