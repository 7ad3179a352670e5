"""A churn model as bytes and back: a skops file with its preprocessing and columns, and no pickle anywhere.

Pure. Loading trusts our own transformers and the few scikit-learn parts we write, nothing else: a foreign
object in the file is refused before anything of it runs. `warehouse/stores/churn_models.py` keeps the bytes.
"""

import hashlib
from typing import Any

from ml.churn.features import FEATURES, FEATURES_VERSION
from ml.churn.model import ChurnModel

TRUSTED_TYPES = frozenset(
    {
        "ml.churn.model.Filled",
        "ml.churn.model.Known",
        "ml.churn.model.Logs",
        "ml.churn.model.Ratios",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "numpy.dtype",
    }
)


class RegistryError(ValueError):
    """Some bytes are no model of ours; the message says what was found."""


def dump(model: ChurnModel) -> bytes:
    """The model as a skops file, checked to be one that `load` takes."""
    import skops.io

    content = skops.io.dumps(
        {
            "columns": list(model.columns),
            "learners": dict(model.learners),
            "weights": dict(model.weights),
            "calibration": model.calibration,
            "about": dict(model.about),
        }
    )
    load(content)
    return bytes(content)


def load(content: bytes) -> ChurnModel:
    """The model that the bytes hold.

    Raises:
        RegistryError: when the file holds a type that we did not write, or is none of ours.
    """
    import skops.io

    try:
        found = skops.io.get_untrusted_types(data=content)
    except Exception as error:
        raise RegistryError(
            f"found no skops file ({type(error).__name__}), expected one of ours: train again"
        ) from error
    foreign = sorted(set(found) - TRUSTED_TYPES)
    if foreign:
        raise RegistryError(f"found the type {foreign[0]} in a model's file, expected only our own: do not use it")
    parts: dict[str, Any] = skops.io.loads(content, trusted=sorted(found))
    return ChurnModel(
        columns=tuple(parts["columns"]),
        learners=parts["learners"],
        weights=parts["weights"],
        calibration=parts["calibration"],
        about=parts["about"],
    )


def knows_todays_features(model: ChurnModel) -> bool:
    """True when today's snapshots have exactly the model's columns, and they mean what they meant to it.

    A file of before the meanings were counted learned the first one.
    """
    return model.columns == FEATURES and model.about.get("features_version", 1) == FEATURES_VERSION


def sha256(content: bytes) -> str:
    """The name under which the bytes are kept."""
    return hashlib.sha256(content).hexdigest()
