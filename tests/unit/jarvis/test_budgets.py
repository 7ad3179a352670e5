"""How much of its month a gym has spent decides how its next session speaks."""

from datetime import date
from decimal import Decimal

import pytest

from jarvis.alerts_fr import voice_budget_description, voice_budget_title
from jarvis.budgets import Standing, VoiceMode, model_for

FULL, CHEAPER, TEXT = VoiceMode.FULL, VoiceMode.CHEAPER, VoiceMode.TEXT


def standing(spent: str, budget: str = "100", share: str = "0.80") -> Standing:
    return Standing(date(2026, 11, 1), Decimal(spent), Decimal(budget), Decimal(share))


@pytest.mark.parametrize(
    ("spent", "budget", "share", "mode"),
    [
        ("0", "100", "0.80", FULL),
        ("79.999999", "100", "0.80", FULL),
        ("80", "100", "0.80", CHEAPER),
        ("99.999999", "100", "0.80", CHEAPER),
        ("100", "100", "0.80", TEXT),
        ("250", "100", "0.80", TEXT),
        ("0", "0", "0.80", TEXT),
        ("99.999999", "100", "1", FULL),
    ],
)
def test_a_threshold_counts_from_the_cent_that_reaches_it(spent: str, budget: str, share: str, mode: VoiceMode) -> None:
    """Below, at and above each; a budget of nothing is text from the start."""
    assert standing(spent, budget, share).mode is mode


def test_a_downgrade_never_makes_a_session_dearer() -> None:
    """Where the gym's model is the cheaper one already, it stays."""
    dear, cheap = "gpt-realtime-2.1", "gpt-realtime-2.1-mini"
    assert model_for(FULL, model=dear, cheaper_model=cheap) == dear
    assert model_for(CHEAPER, model=dear, cheaper_model=cheap) == cheap
    assert model_for(CHEAPER, model=cheap, cheaper_model=dear) == cheap
    assert model_for(TEXT, model=dear, cheaper_model=cheap) == cheap


def test_a_manager_reads_what_changed_and_how_much() -> None:
    """French, in dollars, with the month."""
    assert voice_budget_title(TEXT) != voice_budget_title(CHEAPER)
    assert voice_budget_description(standing("81.5")) == (
        "81,50 $ dépensés sur un budget de 100,00 $ pour 11/2026. "
        "Les nouvelles conversations utilisent un modèle vocal moins cher."
    )


def test_a_manager_is_not_promised_a_model_that_is_in_use_already() -> None:
    """Where nothing gets cheaper the alert says so, and what comes next; text is text with any model."""
    assert "modèle" not in voice_budget_title(CHEAPER, is_cheapest=True)
    assert voice_budget_description(standing("81.5"), is_cheapest=True).endswith(
        "Les bornes utilisent déjà le modèle vocal le plus économique ; "
        "au-delà du budget, les conversations passent en texte."
    )
    assert voice_budget_title(TEXT, is_cheapest=True) == voice_budget_title(TEXT)
    spent = standing("100")
    assert voice_budget_description(spent, is_cheapest=True) == voice_budget_description(spent)
