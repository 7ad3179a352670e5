"""The model card of a churn model, as Markdown: what it is for, what it was fitted on, how good and for whom.

Pure. Written from the figures that are kept with the model, so the card cannot say more than was measured.
`jarvis churn card` prints it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_SLICES = {"age": "Age", "tenure": "Tenure", "gym": "Gym"}


def card(
    *,
    version: str,
    status: str,
    window: tuple[str, str],
    training_rows: int,
    columns: Sequence[str],
    sha256: str | None,
    metrics: Mapping[str, Any],
    gyms: Mapping[str, str],
) -> str:
    """The card.

    Args:
        gyms: id to slug, for the slices.
    """
    lines = [
        f"# Model card: {version}",
        "",
        f"Status: {status}. File: skops, sha256 `{sha256 or 'not kept'}`. Learner: {metrics['learner']}, "
        f"calibrated on months later than those it was fitted on: {', '.join(metrics['calibration_days'])}.",
        "",
        "## What it is for",
        "",
        f"The probability that a member leaves within {metrics['horizon_days']} days: the membership is cancelled or "
        "runs out and none begins within 30 days of its end; without memberships, no visit for 30 days. It helps a "
        "manager choose whom to call. It decides nothing about a member, and nobody is charged, refused "
        "or ranked in public by it. "
        "Members who refused profiling are neither scored nor learned from; before 21 days nobody has a score.",
        "",
        "Not used: name, age, sex, health, emotion, anything after the day of the score, and what was written down of "
        "contracts, absences and closures after it began.",
        "",
        "## What it was fitted on",
        "",
        f"Monthly snapshots from {window[0]} to {window[1]}, {training_rows:,} rows, of which a fit draws some 10,000, "
        f"base rate {metrics['base_rate']:.1%}. {len(columns)} features: {', '.join(f'`{name}`' for name in columns)}.",
        "",
        "Split by time, with a gap of 90 days in which every label settles: months to fit on, later ones to compare "
        "the candidates on and to learn what their log odds mean, still later ones to judge on. The chosen candidate "
        "is then fitted again on all months before the test.",
        "",
        "## How good it is",
        "",
        f"On {', '.join(metrics['test_days'])}, months that begin after every label of the training was settled.",
        "",
        "| | ROC AUC | average precision | recall top 5 % | recall top 10 % | Brier |",
        "|---|---|---|---|---|---|",
    ]
    for name, title in (("model", "this model"), ("rules", "the seed's rules"), ("champion", "the champion before")):
        if name in metrics:
            one = metrics[name]
            keys = ("roc_auc", "average_precision", "recall_at_5pct", "recall_at_10pct", "brier")
            lines.append(f"| {title} | " + " | ".join(f"{one[key]:.3f}" for key in keys) + " |")
    gain = metrics["gain_over_rules"]
    lines += [
        "",
        f"Gain in ROC AUC over the rules: {gain['gain']:+.3f} (95 % by bootstrap over members: {gain['low']:+.3f} to "
        f"{gain['high']:+.3f}). Median days between a high score and the end of the membership: "
        f"{'none' if metrics['lead_days'] is None else round(metrics['lead_days'])}.",
        "",
        "| said | rows | came |",
        "|---|---|---|",
        *(f"| {one['predicted']:.2f} | {one['rows']} | {one['observed']:.2f} |" for one in metrics["reliability"]),
        "",
        "## For whom",
        "",
        f"Alert rate: share of rows at high or above (from {metrics['bands']['high_from']:.3f}). Recall: of those who "
        "left, share at high or above. No slices by sex: JARVIS records none, as it needs it for nothing, and asking "
        "every member for it only to compare would be one more thing to protect.",
    ]
    for dimension, title in _SLICES.items():
        lines += [
            "",
            f"| {title} | rows | leavers | alert rate | recall | said | came |",
            "|---|---|---|---|---|---|---|",
        ]
        for one in metrics["slices"]:
            if one["slice"] == dimension:
                name = gyms.get(one["value"], one["value"])
                recall = "–" if one["recall"] is None else f"{one['recall']:.2f}"
                lines.append(
                    f"| {name} | {one['rows']} | {one['leavers']} | {one['alert_rate']:.3f} | {recall} | "
                    f"{one['predicted']:.3f} | {one['observed']:.3f} |"
                )
    lines += [
        "",
        "## What it cannot do",
        "",
        "It sees visits, words at the kiosk and contracts, and no reason that shows in none of them. A gym whose "
        "check-ins fall silent makes everybody look absent: its scores are then held back, as are those of members "
        "on a declared absence. One model serves all gyms: an offset of each gym's own, shrunken by its size, made the "
        "scores of later months less true (`python -m bench.churn` prints both under `network.gym_offsets`), so there "
        "is none. A gym that gave fewer than 30 leavers weighed little in what was learned: its rows say `pooled`, "
        "and the member's file says so in words.",
        "",
    ]
    return "\n".join(lines)
