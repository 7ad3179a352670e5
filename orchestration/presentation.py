"""What the data team sees of every asset beside its result: who owns it, how fresh it is promised, where its code is.

One place for both code locations, so that no asset is forgotten; the assets themselves say group, kinds and meaning.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dagster import (
    AssetSpec,
    BetaWarning,
    Definitions,
    FreshnessPolicy,
    PreviewWarning,
    apply_freshness_policy,
    with_source_code_references,
)

from jarvis.freshness import FOLLOWS_EVENTS, promise_of

# Group to the team that is asked when it is red; the pipeline's stages are the data team's.
OWNERS = {
    "raw": "team:gateway",
    "staging": "team:analytics",
    "intermediate": "team:analytics",
    "marts": "team:analytics",
}
DATA_TEAM = "team:data"


def linked(assets: Sequence[Any]) -> list[Any]:
    """The assets with a link to the lines that compute each."""
    with _quietly():
        return list(with_source_code_references(assets))


def presented(definitions: Definitions) -> Definitions:
    """The definitions with an owner for every asset, and a freshness policy for every promise that a build keeps."""
    with _quietly():
        return definitions.map_asset_specs(func=_present)


@contextmanager
def _quietly() -> Iterator[None]:
    """What is new in Dagster warns at each use; our version of it is pinned, and every cold start would log pages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BetaWarning)
        warnings.simplefilter("ignore", PreviewWarning)
        yield


def _present(spec: AssetSpec) -> AssetSpec:
    owned = spec if spec.owners else spec.replace_attributes(owners=[OWNERS.get(spec.group_name or "", DATA_TEAM)])
    asset = spec.key.to_user_string()
    promise = promise_of(asset)
    # A quiet night is not late: what follows events is judged by what waits, in `app.freshness()`.
    if promise is None or asset in FOLLOWS_EVENTS:
        return owned
    promised: AssetSpec = apply_freshness_policy(owned, FreshnessPolicy.time_window(fail_window=promise))
    return promised
