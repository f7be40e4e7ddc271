"""Measures our sentence segmentation beside other libraries: agreement, Council rules, speed.

Running text and Council cases are JSON Lines files, plain or gzipped, one object a line with
``language`` and ``sentences`` (and ``text`` and ``rule`` for the cases). They are arguments, for
the corpora are not ours to ship; without them only the golden table of the tests is read. The
other libraries come with ``pip install 'conclabel[bench]'``; one that is not installed is left
out of the tables.

    python bench/segmentation.py --corpus ud_dev.jsonl.gz --cases council.jsonl --docs
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from pipeline.segmentation import boundaries as engine
from pipeline.segmentation import rules as engine_rules
from pipeline.segmentation.boundaries import sentence_spans
from pipeline.segmentation.language_rules import LANGUAGES, LanguageRules, load_language_rules

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "segmentation" / "golden"
DOCS = ROOT / "docs" / "segmentation.md"
OURS = "conclabel"

Cutter = Callable[[str, str], Sequence[str]]
"""Cuts a text of a language into sentences."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text and the sentences it should be cut into."""

    language: str
    rule: str
    text: str
    sentences: tuple[str, ...]

    @property
    def is_layout(self) -> bool:
        """Whether line breaks, not marks, decide."""
        return "\n" in self.text


@dataclass(frozen=True, slots=True)
class Counts:
    """How many boundaries were found, missed and made up."""

    found: int = 0
    missed: int = 0
    wrong: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both texts together."""
        return Counts(
            self.found + other.found, self.missed + other.missed, self.wrong + other.wrong
        )

    @property
    def f1_percent(self) -> float:
        """F1 in percent; 100 where there is nothing to find and nothing was made up."""
        total = 2 * self.found + self.missed + self.wrong
        return 200 * self.found / total if total else 100.0


# --- the libraries -----------------------------------------------------------------------------


def cut_by_us(text: str, language: str) -> list[str]:
    """Return the sentences that this package finds."""
    return [text[start:end] for start, end in sentence_spans(text, language)]


def load_punkt() -> Cutter:
    """Return Punkt with its trained models; a language without one gets the English model."""
    punkt = import_module("punkt")
    name_by_language = {
        **{"cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english"},
        **{"es": "spanish", "et": "estonian", "fi": "finnish", "fr": "french", "it": "italian"},
        **{"nl": "dutch", "pl": "polish", "pt": "portuguese", "sl": "slovene", "sv": "swedish"},
    }
    tokenizers = {
        language: punkt.PunktSentenceTokenizer(
            punkt.load_model(name_by_language.get(language, "english"))
        )
        for language in LANGUAGES
    }
    return lambda text, language: tokenizers[language].tokenize(text)


def load_syntok() -> Cutter:
    """Return syntok, one engine for all languages."""
    segmenter = import_module("syntok.segmenter")

    def cut(text: str, language: str) -> list[str]:
        sentences = (
            sentence for paragraph in segmenter.analyze(text) for sentence in paragraph if sentence
        )
        starts = [sentence[0].offset for sentence in sentences]
        return [text[start:end] for start, end in pairwise([*starts, len(text)])]

    return cut


def load_pysbd() -> Cutter:
    """Return pySBD; a language without rules gets the English ones."""
    pysbd = import_module("pysbd")
    known = import_module("pysbd.languages").LANGUAGE_CODES
    segmenters = {
        language: pysbd.Segmenter(language=language if language in known else "en", clean=False)
        for language in LANGUAGES
    }
    return lambda text, language: segmenters[language].segment(text)


def load_blingfire() -> Cutter:
    """Return Bling Fire, one automaton for all languages."""
    blingfire = import_module("blingfire")

    def cut(text: str, language: str) -> list[str]:
        # It reads a line break as a space, and gives sentences back one a line.
        return list(blingfire.text_to_sentences(text).split("\n"))

    return cut


def load_sentencex() -> Cutter:
    """Return sentencex, which falls back to a related language by itself."""
    sentencex = import_module("sentencex")
    return lambda text, language: list(sentencex.segment(language, text))


def load_nupunkt() -> Cutter:
    """Return nupunkt, trained on English legal text."""
    nupunkt = import_module("nupunkt")
    return lambda text, language: nupunkt.sent_tokenize(text)


LOADERS: Mapping[str, Callable[[], Cutter]] = {
    "punkt": load_punkt,
    "syntok": load_syntok,
    "blingfire": load_blingfire,
    "nupunkt": load_nupunkt,
    "sentencex": load_sentencex,
    "pysbd": load_pysbd,
}


def load_cutters(names: Iterable[str]) -> dict[str, Cutter]:
    """Return ours and those of the named libraries that are installed."""
    cutters: dict[str, Cutter] = {OURS: cut_by_us}
    for name in names:
        try:
            cutters[name] = LOADERS[name]()
        except ImportError as error:
            print(f"{name}: not installed ({error}); left out")
    return cutters


# --- the texts ---------------------------------------------------------------------------------


def read_cases(path: Path) -> list[Case]:
    """Read a JSON Lines file; sentences without a text are joined by one space."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [_as_case(json.loads(line)) for line in lines]


def _as_case(row: Mapping[str, object]) -> Case:
    sentences = row["sentences"]
    if not isinstance(sentences, list):
        raise TypeError(f"sentences must be a list, not {sentences!r}")
    text = str(row.get("text") or " ".join(sentences))
    return Case(str(row["language"]), str(row.get("rule", "")), text, tuple(sentences))


def read_aligned(path: Path, n_units: int = 20) -> list[Case]:
    """Read a table of aligned units, one column per language, as texts of ``n_units`` each."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header, *rows = [line.split("\t") for line in lines if not line.startswith("#")]
    cases = []
    for column, language in enumerate(header):
        units = [row[column].strip() for row in rows if len(row) == len(header)]
        for batch in (units[start : start + n_units] for start in range(0, len(units), n_units)):
            if language in LANGUAGES:
                cases.append(Case(language, "", " ".join(batch), tuple(filter(None, batch))))
    return cases


def read_golden() -> list[Case]:
    """Read the golden table of the tests."""
    return [
        Case(path.stem, rule, ("\n\n" if rule == "heading" else " ").join(sentences), (*sentences,))
        for path in sorted(GOLDEN.glob("*.yaml"))
        for rule, sentences in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    ]


# --- agreement ---------------------------------------------------------------------------------


def boundaries(sentences: Iterable[str]) -> list[int]:
    """Return the inner boundaries, counted in characters that are not white space.

    So a library that drops or keeps the space between sentences is measured like the others.

    >>> boundaries(["Hi all. ", "Yes."])
    [6]
    """
    return list(accumulate(len("".join(sentence.split())) for sentence in sentences))[:-1]


_CORE_END = re.compile(r"[.?!…][\"'”’“‘»«›‹)\]\s]*$")
_LOWER_START = re.compile(r"[\"'”’“‘„»«›‹(\[\s–—-]*([^\W\d_])")


def is_core(before: str, after: str) -> bool:
    """Say whether a boundary is one that any reader of edited text can see.

    The sentence before it ends in ``. ? ! …`` and the one after it does not start in lower case.
    """
    first = _LOWER_START.match(after)
    starts_lower = first is not None and first[1].islower()
    return _CORE_END.search(before) is not None and not starts_lower


def gold_boundaries(case: Case) -> tuple[set[int], set[int]]:
    """Return all boundaries of a text, and those in the core."""
    gold = boundaries(case.sentences)
    core = {
        position
        for position, (before, after) in zip(gold, pairwise(case.sentences), strict=True)
        if is_core(before, after)
    }
    return set(gold), core


def count(case: Case, sentences: Sequence[str]) -> Counts:
    """Compare one text; boundaries outside the core are neither asked for nor held against."""
    gold, core = gold_boundaries(case)
    predicted = set(boundaries(sentences))
    return Counts(len(core & predicted), len(core - predicted), len(predicted - gold))


def count_by_language(cases: Iterable[Case], cut: Cutter) -> dict[str, Counts]:
    """Return the counts of each language."""
    counts: dict[str, Counts] = {}
    for case in cases:
        counts[case.language] = counts.get(case.language, Counts()) + count(
            case, cut(case.text, case.language)
        )
    return dict(sorted(counts.items()))


def passes(case: Case, cut: Cutter) -> bool:
    """Say whether a case is cut exactly as it should be."""
    pieces = [" ".join(piece.split()) for piece in cut(case.text, case.language)]
    return [piece for piece in pieces if piece] == [" ".join(s.split()) for s in case.sentences]


def macro(counts: Mapping[str, Counts]) -> float:
    """Return the mean F1 over languages, in percent."""
    return statistics.fmean(each.f1_percent for each in counts.values())


# --- speed -------------------------------------------------------------------------------------


def paragraphs(cases: Iterable[Case], n_characters: int) -> list[tuple[str, str]]:
    """Return one text per language, of the wanted length, with the language's code."""
    texts: dict[str, str] = {}
    for case in cases:
        texts[case.language] = f"{texts.get(case.language, '')}{case.text} "
    return [
        ((text * (n_characters // len(text) + 1))[:n_characters], language)
        for language, text in sorted(texts.items())
    ]


def seconds_of(cut: Cutter, texts: Iterable[tuple[str, str]]) -> float:
    """Return how long a library takes for some texts."""
    started = time.perf_counter()
    for text, language in texts:
        cut(text, language)
    return time.perf_counter() - started


def speeds(
    cutters: Mapping[str, Cutter], texts: Sequence[tuple[str, str]], n_rounds: int
) -> dict[str, float]:
    """Return characters per second, the median of rounds in which the libraries take turns."""
    n_characters = sum(len(text) for text, _ in texts)
    seconds: dict[str, list[float]] = {name: [] for name in cutters}
    for _ in range(n_rounds + 1):
        for name, cut in cutters.items():
            seconds[name].append(seconds_of(cut, texts))
    # The first round fills the caches of every library and does not count.
    return {name: n_characters / statistics.median(each[1:]) for name, each in seconds.items()}


def speed_by_length(lengths: Sequence[int], text: str, language: str) -> dict[int, float]:
    """Return our characters per second on single paragraphs of growing length."""
    paragraph = text * (max(lengths) // len(text) + 1)
    return {
        length: length / seconds_of(cut_by_us, [(paragraph[:length], language)])
        for length in lengths
    }


# --- ablation ----------------------------------------------------------------------------------

WORD_LISTS = (
    "ending_by_abbreviation",
    "openers",
    "reference_words",
    "fronting_words",
    "ordinal_leads",
    "continuations",
    "digraph_initials",
    "unfinished_words",
    "months",
)
"""The parts of a language's table that can be emptied one at a time."""


def without_rule(rule: engine_rules.Rule) -> AbstractContextManager[object]:
    """Leave one rule out of the engine."""
    rest = tuple(each for each in engine_rules.RULES if each is not rule)
    return patch.object(engine_rules, "RULES", rest)


def without_list(name: str) -> AbstractContextManager[object]:
    """Empty one list in the tables of all languages."""

    @cache
    def load(language: str) -> LanguageRules:
        rules = load_language_rules(language)
        nothing: Any = {} if name == "ending_by_abbreviation" else frozenset()
        return replace(rules, **{name: nothing})

    return patch.object(engine, "load_language_rules", load)


def ablations() -> Iterator[tuple[str, AbstractContextManager[object]]]:
    """Yield what can be left out, with the context in which it is."""
    yield "nothing", nullcontext()
    for rule in engine_rules.RULES:
        yield f"rule {rule.__name__.strip('_')}", without_rule(rule)
    for name in WORD_LISTS:
        yield f"list {name}", without_list(name)


def ablation_table(corpus: Sequence[Case], cases: Sequence[Case]) -> str:
    """Return what each rule and each list is worth."""
    rows = []
    for name, context in ablations():
        with context:
            f1 = f"{macro(count_by_language(corpus, cut_by_us)):.2f}" if corpus else "–"
            rows.append([name, f1, str(_n_passed(cases, cut_by_us))])
    return table(["left out", "macro F1", f"cases ({len(cases)})"], rows)


# --- tables ------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def agreement_table(cases: Sequence[Case], cutters: Mapping[str, Cutter]) -> str:
    """Return F1 per language and library, with the number of boundaries it rests on."""
    counts = {name: count_by_language(cases, cut) for name, cut in cutters.items()}
    ours = counts[OURS]
    rows = [
        [
            language,
            str(ours[language].found + ours[language].missed),
            *(f"{counts[name][language].f1_percent:.1f}" for name in cutters),
        ]
        for language in ours
    ]
    n_boundaries = sum(each.found + each.missed for each in ours.values())
    macros = [f"**{macro(each):.2f}**" for each in counts.values()]
    lowest = [f"{min(each.f1_percent for each in by.values()):.1f}" for by in counts.values()]
    return table(
        ["language", "boundaries", *cutters],
        [*rows, ["macro", str(n_boundaries), *macros], ["lowest", "", *lowest]],
    )


def case_table(groups: Mapping[str, Sequence[Case]], cutters: Mapping[str, Cutter]) -> str:
    """Return how many cases of each group every library cuts exactly right."""
    rows = [
        [f"{name} ({len(cases)})", *(str(_n_passed(cases, cut)) for cut in cutters.values())]
        for name, cases in groups.items()
        if cases
    ]
    return table(["cases", *cutters], rows)


def _n_passed(cases: Iterable[Case], cut: Cutter) -> int:
    return sum(passes(case, cut) for case in cases)


def speed_table(speed_by_name: Mapping[str, float]) -> str:
    """Return the speed of every library and how many times faster ours is."""
    ours = speed_by_name[OURS]
    return table(
        ["library", "million characters per second", "ours is … times as fast"],
        [
            [name, f"{speed / 1e6:.2f}", f"{ours / speed:.2f}"]
            for name, speed in speed_by_name.items()
        ],
    )


def length_table(speed_by_length: Mapping[int, float]) -> str:
    """Return our speed on one paragraph of growing length."""
    return table(
        ["characters in one paragraph", "million characters per second"],
        [[f"{length:,}", f"{speed / 1e6:.2f}"] for length, speed in speed_by_length.items()],
    )


def groups_of(corpora: Mapping[str, Sequence[Case]]) -> dict[str, Sequence[Case]]:
    """Split every set of cases into inline and layout ones."""
    return {
        f"{name}, {kind}": [case for case in cases if case.is_layout == is_layout]
        for name, cases in corpora.items()
        for kind, is_layout in (("inline", False), ("layout", True))
    }


def write_section(path: Path, name: str, content: str) -> None:
    """Replace what stands between the marks of a section of a Markdown file.

    Raises:
        ValueError: The file has no such section.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(text) is None:
        raise ValueError(f"{path}: no section {begin} … {end}")
    path.write_text(pattern.sub(lambda _: f"{begin}\n{content}\n{end}", text), encoding="utf-8")


# --- errors, for whoever deepens the tables ----------------------------------------------------


def error_lines(cases: Iterable[Case], cut: Cutter, reach: int = 45) -> Iterator[str]:
    """Yield our errors, each with the text around it: ``-`` was missed, ``+`` was made up."""
    for case in cases:
        gold, core = gold_boundaries(case)
        predicted = set(boundaries(cut(case.text, case.language)))
        filled = [position for position, char in enumerate(case.text) if not char.isspace()]
        for position in sorted((core - predicted) | (predicted - gold)):
            sign, at = "-" if position in core else "+", filled[position - 1] + 1
            before, after = case.text[max(0, at - reach) : at], case.text[at : at + reach]
            yield f"{case.language} {sign} {before!r} | {after!r}"


# --- the command -------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--corpus", type=Path, help="running text (JSON Lines)")
    parser.add_argument("--cases", type=Path, help="Council cases (JSON Lines)")
    parser.add_argument("--aligned", type=Path, help="aligned units (TSV, one column a language)")
    parser.add_argument("--libraries", nargs="*", default=[*LOADERS], choices=[*LOADERS])
    parser.add_argument("--languages", nargs="*", default=[*LANGUAGES], choices=LANGUAGES)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the race (0: no race)")
    parser.add_argument(
        "--ablate", action="store_true", help="leave out each rule and list in turn"
    )
    parser.add_argument("--errors", action="store_true", help="list our errors and stop")
    parser.add_argument("--docs", action="store_true", help=f"write the tables to {DOCS.name}")
    return parser.parse_args()


_Formatter = argparse.RawDescriptionHelpFormatter


def main() -> None:
    """Measure, print and, if asked, document."""
    arguments = parse_arguments()
    select = partial(_of_languages, languages=frozenset(arguments.languages))
    corpus = select(read_cases(arguments.corpus)) if arguments.corpus else []
    cases = {"golden table": select(read_golden())}
    if arguments.cases:
        cases["Council cases"] = select(read_cases(arguments.cases))
    if arguments.errors:
        every = [*corpus, *(case for group in cases.values() for case in group)]
        print("\n".join(error_lines(every, cut_by_us)))
        return
    cutters = load_cutters(arguments.libraries)
    sections = {"cases": case_table(groups_of(cases), cutters)}
    if corpus:
        sections["agreement"] = agreement_table(corpus, cutters)
    if arguments.aligned:
        aligned = select(read_aligned(arguments.aligned))
        sections["aligned"] = agreement_table(aligned, cutters)
    if arguments.rounds:
        texts = paragraphs(corpus or cases["golden table"], 20_000)
        sections["speed"] = speed_table(speeds(cutters, texts, arguments.rounds))
        sections["length"] = length_table(speed_by_length([10**5, 10**6, 10**7], *texts[0]))
    if arguments.ablate:
        every = [case for group in cases.values() for case in group]
        sections["ablation"] = ablation_table(corpus, every)
    for name, content in sections.items():
        print(f"\n{content}")
        if arguments.docs:
            write_section(DOCS, name, content)


def _of_languages(cases: Iterable[Case], languages: frozenset[str]) -> list[Case]:
    return [case for case in cases if case.language in languages]


if __name__ == "__main__":
    main()
