"""The model card: what the model is, what it was made from, and how well it does, from numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WORST_DOCUMENTS = 10
WHOLE_MODEL = "whole model"
"""The name of the model among the systems that are measured; the others are its parts."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that the card states; ``metrics`` is the content of ``metrics.json``.

    ``encoder`` is empty for the default family.
    """

    encoder: str
    codebook_version: str
    n_labels: int
    dimensions: Sequence[str]
    languages: Sequence[str]
    training_languages: Sequence[str]
    n_sentences: int
    n_contents: int
    n_documents: int
    n_cues: int
    metrics: Mapping[str, Any]


def write_card(facts: CardFacts) -> str:
    """Return the card in Markdown, with the metadata block that model hubs read."""
    metrics = facts.metrics
    low, high = metrics["all"]["interval"] or (None, None)
    interval = f" (95 % interval {low:.2f} to {high:.2f})" if low is not None else ""
    return f"""---
language: [{", ".join(facts.languages)}]
pipeline_tag: text-classification
tags: [multi-label, {"transformers" if facts.encoder else "lexicon, n-grams"}]
---

# Model card

Labels sentences with {facts.n_labels} labels of the codebook (version {facts.codebook_version},
dimensions {", ".join(facts.dimensions)}); a sentence carries any number of labels, none included.

## How it works

{_how_it_works(facts)}

## What it was made from

{facts.n_sentences:,} labelled sentences in {", ".join(facts.training_languages)}:
{facts.n_contents:,} contents from {facts.n_documents} documents, each content once a language.
See the data card beside them.

## How well it does

{metrics["method"]}. Threshold and calibration were chosen without the documents they are measured
on. The sentences are of the same kind as those it was trained on, so expect less on other texts.

Micro-F1 {metrics["all"]["micro_f1"]:.3f}{interval}, macro-F1 {metrics["all"]["macro_f1"]:.3f},
expected calibration error {metrics["expected_calibration_error"]:.3f}.

{_table("System", metrics["systems"])}

{_table("Dimension", metrics["dimensions"])}

{_language_table(metrics["systems by language"])}

{_transfer(metrics, facts.n_cues)}

{_label_table(metrics["labels"])}

### Where it does worst

{_table("Document", _worst(metrics["documents"]))}

`metrics.json` has every document that was held out.

### Is 0.8 right eight times in ten?

Expected calibration error {metrics["expected_calibration_error"]:.3f}, over all pairs of a sentence
and a label:

{_reliability_table(metrics["reliability"])}

### When the doubtful ones are left to a person

A sentence is as sure as its label nearest to its threshold.

{_abstention_table(metrics["abstention"])}

## Limits

It codes what a sentence itself says, not what its neighbours imply. Rare labels rest on few
examples: read the support column. Rows with `needs_review` = 1 should be read by a person.
"""


def _how_it_works(facts: CardFacts) -> str:
    cues = f"a lexicon of {facts.n_cues:,} cues in {len(facts.languages)} languages"
    if facts.encoder:
        joined = f" Log-odds are weighed together with {cues}." if facts.n_cues else ""
        return (
            f"A sequence classifier fine-tuned from `{facts.encoder}`. Calibration and thresholds, "
            "chosen on held-out documents, are folded into its last layer: in a plain "
            f"`transformers` pipeline a label counts from 0.5 on.{joined}"
        )
    return (
        f"{_linear_layer(facts.n_cues, cues)} A ridge Platt scaling calibrates each label that has "
        "enough examples, and thresholds, chosen on held-out documents, decide."
    )


def _linear_layer(n_cues: int, cues: str) -> str:
    if not n_cues:
        return "A ridge regression sees the sentence's hashed word and character n-grams."
    return (
        f"A ridge regression sees which labels have a cue in the sentence, from {cues}, and its "
        "hashed word and character n-grams. A logistic layer shared by all labels and languages "
        "weighs what it says against the label's own cues."
    )


def _table(head: str, metrics_by_name: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        f"| {head} | Sentences | Labels given by hand | Precision | Recall | Micro-F1 | Macro-F1 |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, found in metrics_by_name.items():
        numbers = (
            found[key] for key in ("micro_precision", "micro_recall", "micro_f1", "macro_f1")
        )
        cells = " | ".join(map(_number, numbers))
        lines.append(f"| {name} | {found['n_sentences']:,} | {found['support']:,} | {cells} |")
    return "\n".join(lines)


def _language_table(systems: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return micro- and macro-F1 of each language, for the model and for its parts."""
    head = "".join(f" {name}: micro-F1 | macro-F1 |" for name in systems)
    lines = [f"| Language | Sentences |{head}", f"|---|---:|{'---:|---:|' * len(systems)}"]
    for language, whole in systems[WHOLE_MODEL].items():
        cells = [
            _number(found[language][key])
            for found in systems.values()
            for key in ("micro_f1", "macro_f1")
        ]
        lines.append(f"| {language} | {whole['n_sentences']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _worst(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the documents with the lowest micro-F1, the lowest first."""
    known = [name for name in documents if documents[name]["micro_f1"] is not None]
    known.sort(key=lambda name: documents[name]["micro_f1"])
    return {name: documents[name] for name in known[:WORST_DOCUMENTS]}


def _transfer(metrics: Mapping[str, Any], n_cues: int) -> str:
    """Return how languages fare that the training sentences did not hold, if that was measured."""
    others = metrics.get("languages held out")
    if not others:
        return ""
    whole = metrics["systems by language"][WHOLE_MODEL]
    pairs = [(whole[name]["micro_f1"], others[name]["micro_f1"]) for name in others]
    known = [(seen, unseen) for seen, unseen in pairs if seen is not None and unseen is not None]
    if not known:
        return ""
    lost = sum(seen - unseen for seen, unseen in known) / len(known)
    lead = "Its lexicon carries a language without training sentences. " if n_cues else ""
    return (
        f"{lead}With each language held out in turn micro-F1 changes by {-lost:+.3f} on average."
        f"\n\n{_table('Language held out', others)}"
    )


def _reliability_table(points: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| Probability | Pairs | Mean probability | Share true |", "|---|---:|---:|---:|"]
    lines += [
        f"| {point['low']:.1f} to {point['high']:.1f} | {point['n_pairs']:,} | "
        f"{_number(point['mean_probability'])} | {_number(point['share_true'])} |"
        for point in points
    ]
    return "\n".join(lines)


def _abstention_table(points: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| Sentences kept | Micro-F1 | All labels right |", "|---|---:|---:|"]
    lines += [
        f"| {point['kept_fraction']:.0%} ({point['n_sentences']:,}) | {_number(point['micro_f1'])} "
        f"| {_number(point['exact_match'])} |"
        for point in points
    ]
    return "\n".join(lines)


def _label_table(labels: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| Label | Support | Precision | Recall | F1 | Average precision |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for found in labels:
        numbers = (found[key] for key in ("precision", "recall", "f1", "average_precision"))
        lines.append(
            f"| `{found['label']}` | {found['support']} | {' | '.join(map(_number, numbers))} |"
        )
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.2f}"
