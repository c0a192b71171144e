"""Let the card of a model that ships say all that is known of it: what people write, and the scores of these very weights.

    python resources/recipes/finish_card.py [--model bundled|paper] [--docs]

The words come from bundled_card.toml or paper_card.toml, the scores from `make benchmark-skill`, and only if that judged the weights which are in the
file: otherwise it ends with an error, and `--without-scores` writes the words alone. Where the training of the model
differs from the recipe as it is now, the card says in what. Weights and maps stay as they are, bit for bit; the hash of the
file changes, that of its weights does not. `--docs` also writes the card into the documentation. It can be run any number of times.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Sequence

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from scores_for_card import evaluation_for  # noqa: E402

from model_core.configuration import TrainingConfiguration, read_configuration  # noqa: E402
from model_core.errors import InputError, ReanalysisError  # noqa: E402
from model_core.jobs import JOBS  # noqa: E402
from model_core.model_file import Model, load_model, replace_card  # noqa: E402
from model_core.progress import Progress  # noqa: E402

WORDS = Path(__file__).parent / "bundled_card.toml"
RECORD = ROOT / ".build" / "benchmarks" / "skill" / "evaluation.json"
PAGE = ROOT / "docs" / "model_card.md"
DIFFERENCES = "differs_from_the_recipe"
# What a training finds out itself; a configuration only has first values.
_FOUND = {"correction_share", "uncertainty_share", "background_share"}


def finish_card(file: Path, record: Path | None, series: Sequence[str], configuration: str, words: Path = WORDS) -> Model:
    """Write words, scores and differences into the card of a model file.

    Parameters
    ----------
    record : scores as the skill benchmark leaves them; with None, scores of these weights that the card has are kept
    series : names of the CTM files of the recipe, as often as each is given
    configuration : of the recipe, a name or a file
    words : what people say of the model

    Returns
    -------
    Model
        As it now is in the file.

    Raises
    ------
    InputError
        If the scores are of another model; the file is then as it was.
    """
    model = load_model(str(file))
    evaluation = evaluation_for(model, record) if record else model.card.get("evaluation", {})
    card = {**model.card, **read_words(words), DIFFERENCES: differences(model, series, configuration)}
    card.pop("evaluation", None)
    if evaluation.get("weights_sha256") == model.weights_sha256:
        card["evaluation"] = evaluation
    replace_card(file, card)
    finished = load_model(str(file))
    if finished.weights_sha256 != model.weights_sha256:
        raise InputError(f"the weights in '{file}' changed while its card was written; run this again when nothing else writes it")
    return finished


def read_words(file: Path) -> dict[str, Any]:
    """The texts and tables that people wrote, by the names that the card gives them."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def differences(model: Model, series: Sequence[str], configuration: str) -> list[str]:
    """In what the training that a card tells of differs from the recipe, one sentence each; empty where it doesn't."""
    network, training = read_configuration(configuration)
    # What a card is silent on was no option yet when it was written, and was then as its default is.
    told = {**_plain(TrainingConfiguration().to_dict()), **model.card["training"]} if model.card.get("training") else {}
    pairs = [("network", _plain(model.configuration.to_dict()), _plain(network.to_dict())), ("training", told, _plain(training.to_dict()))]
    found = [
        f"{part}.{key} was {json.dumps(was.get(key))}, in the recipe it is {json.dumps(asked)}."
        for part, was, recipe in pairs
        for key, asked in recipe.items()
        if key not in _FOUND and was.get(key) != asked
    ]
    used, listed = Counter(source.get("file") for source in told.get("data", [])), Counter(series)
    for words, some in (("Not trained on, though in the recipe", listed - used), ("Trained on, though not in the recipe", used - listed)):
        if some:
            found.append(f"{words}: {', '.join(f'{name} × {count}' if count > 1 else str(name) for name, count in sorted(some.items()))}.")
    if "from" in told:
        found.append(f"It was trained on from {told['from'].get('name')}; the recipe begins anew.")
    if "stopped_at" in told:
        found.append(f"Its training was stopped at iteration {told['stopped_at']}.")
    return found


def write_page(model: Path, page: Path = PAGE) -> None:
    """The card as Markdown, in the documentation."""
    JOBS["modelcard"]({"model": str(model), "out": str(page)}, Progress())


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives them back: tuples are lists."""
    return json.loads(json.dumps(values))


def main() -> int:
    from make_model import RECIPES, file_of, series_names  # here, as that module ends with this step

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=tuple(RECIPES), default="bundled", help="(default: %(default)s)")
    parser.add_argument("--record", type=Path, default=RECORD, help="scores that the skill benchmark left (default: %(default)s)")
    parser.add_argument("--without-scores", action="store_true", help="write the words alone; scores of these weights that are there stay")
    parser.add_argument("--docs", action="store_true", help=f"also write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    recipe, file = RECIPES[options.model], file_of(options.model)
    try:
        model = finish_card(file, None if options.without_scores else options.record, series_names(), recipe.configuration, recipe.words)
        if options.docs and options.model == "bundled":
            write_page(file)
    except ReanalysisError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{file}\n  file     {model.sha256}\n  weights  {model.weights_sha256}")
    print(f"  scores   {'of these weights, ' + model.card['evaluation']['judged'] if 'evaluation' in model.card else 'none'}")
    for sentence in model.card[DIFFERENCES]:
        print(f"  differs  {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
