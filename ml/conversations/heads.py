"""Linear heads over text features: fitting, answering, and a file that is the same byte for byte.

What ships is numbers, not objects: each head is its classes, weights and offsets in a skops
archive that holds only arrays, lists and texts, so loading trusts no type at all. Called by
`train` (fits and saves) and `local` (loads and asks).
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.conversations.features import TextFeatures

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

WEIGHTS = Path(__file__).parent / "weights" / "heads.skops"

# Every type a weights file may hold beyond skops' own defaults: none, so a foreign object is refused.
TRUSTED_TYPES: list[str] = []

# A fixed date for the archive's entries; zip files carry one, and equal weights must be equal bytes.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class WeightsError(RuntimeError):
    """The weights file is absent or not one of ours; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Head:
    """One question with closed answers."""

    classes: tuple[str, ...]
    weights: "Array"
    """One row per class, one column per feature."""
    offsets: "Array"
    is_exclusive: bool
    """True where exactly one class holds (probabilities sum to 1), False where each is judged alone."""

    def probabilities(self, features: Any) -> "Array":
        """One row per text, one column per class, each in 0..1."""
        import numpy

        scores = numpy.asarray(features @ self.weights.T) + self.offsets
        if not self.is_exclusive:
            return numpy.asarray(1 / (1 + numpy.exp(-numpy.clip(scores, -30, 30))))
        powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        return numpy.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class HeadSet:
    """Everything the local engine learnt."""

    features: TextFeatures
    public: TextFeatures | None
    """What the head for public texts reads instead; None where none was fitted."""
    heads: Mapping[str, Head]
    stances: "Array"
    """How well each sentiment goes with each emotion: rows and columns as in the conversation's two heads' classes."""
    training: str
    """What it was fitted on, in words: sets and counts."""


def fit_exclusive(features: Any, labels: Sequence[str], *, strength: float) -> Head:
    """A head that chooses one class; classes weigh the same however rare.

    Args:
        strength: inverse of the regularisation, as scikit-learn's C.
    """
    import numpy
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
    model.fit(features, list(labels))
    rows, offsets = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        rows, offsets = numpy.vstack([-rows / 2, rows / 2]), numpy.array([-offsets[0] / 2, offsets[0] / 2])
    return Head(tuple(str(name) for name in model.classes_), *_stored(rows, offsets), is_exclusive=True)


def fit_several(
    features: Any,
    labels: Sequence[frozenset[str]],
    *,
    classes: Sequence[str],
    strength: float,
    weights: Sequence[float] | None = None,
) -> Head:
    """A head that says of each class alone whether it holds; a class never seen is never given.

    Args:
        strength: inverse of the regularisation, as scikit-learn's C.
        weights: how much each example counts; all the same when None.
    """
    import numpy
    from sklearn.linear_model import LogisticRegression

    rows = numpy.zeros((len(classes), features.shape[1]))
    offsets = numpy.full(len(classes), -30.0)
    for place, name in enumerate(classes):
        holds = numpy.array([name in given for given in labels])
        if holds.sum() < 2 or holds.all():
            continue
        # liblinear: many columns, few rows, two classes; ten times faster than the general solver here.
        model = LogisticRegression(C=strength, class_weight="balanced", solver="liblinear", random_state=0)
        model.fit(features, holds, sample_weight=weights)
        rows[place], offsets[place] = model.coef_[0], model.intercept_[0]
    return Head(tuple(classes), *_stored(rows, offsets), is_exclusive=False)


def save(heads: HeadSet, path: Path = WEIGHTS) -> None:
    """The heads are in the file; equal heads make equal bytes."""
    import skops.io

    content: dict[str, Any] = {
        "training": heads.training,
        "centre": heads.features.centre,
        "rarity": heads.features.rarity,
        "public": [] if heads.public is None else [heads.public.centre, heads.public.rarity],
        "stances": heads.stances,
        "heads": {
            name: {
                "classes": list(head.classes),
                "weights": head.weights.astype("float16"),
                "offsets": head.offsets,
                "is_exclusive": head.is_exclusive,
            }
            for name, head in sorted(heads.heads.items())
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_repeatable(skops.io.dumps(content)))


def load(path: Path = WEIGHTS) -> HeadSet:
    """The heads of the file.

    Raises:
        WeightsError: when the file is absent, is not a skops archive, or holds any type we did not write.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        content = skops.io.load(path, trusted=TRUSTED_TYPES)
        if content["public"] and "opinion" not in content["heads"]:
            raise WeightsError(f"{path.name}: found no head for opinions; run python -m ml.conversations.train")
        return HeadSet(
            features=TextFeatures(content["centre"], content["rarity"]),
            public=TextFeatures(*content["public"]) if content["public"] else None,
            heads={
                name: Head(
                    tuple(head["classes"]), head["weights"].astype("float32"), head["offsets"], head["is_exclusive"]
                )
                for name, head in content["heads"].items()
            },
            stances=content["stances"],
            training=content["training"],
        )
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: found no weights; run python -m ml.conversations.train") from error
    except (UntrustedTypesFoundException, zipfile.BadZipFile, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{path.name}: not weights of this engine ({type(error).__name__}); run python -m ml.conversations.train"
        ) from error


def _stored(rows: "Array", offsets: "Array") -> tuple["Array", "Array"]:
    """The numbers as the file will hold them, so that a fresh head and a loaded one answer alike."""
    return rows.astype("float16").astype("float32"), offsets.astype("float32")


def _repeatable(archive: bytes) -> bytes:
    """The same archive without what changes from run to run: memory addresses used as names, and dates."""
    source = zipfile.ZipFile(io.BytesIO(archive))
    names: dict[str, str] = {}
    numbers = count()

    def renumber(node: Any) -> Any:
        if isinstance(node, list):
            return [renumber(item) for item in node]
        if not isinstance(node, dict):
            return node
        renewed = {key: renumber(value) for key, value in node.items()}
        # Whether two equal texts are one object depends on the interpreter, so each node gets its own number.
        if "__id__" in renewed:
            renewed["__id__"] = next(numbers)
        if isinstance(node.get("file"), str):
            renewed["file"] = names.setdefault(node["file"], f"{len(names):04d}.npy")
        return renewed

    schema = json.dumps(renumber(json.loads(source.read("schema.json"))), indent=1, sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, data in [("schema.json", schema), *((new, source.read(old)) for old, new in names.items())]:
            target.writestr(zipfile.ZipInfo(name, _ZIP_DATE), data, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()
