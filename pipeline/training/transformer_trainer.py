"""Fine-tunes a Hugging Face encoder, and folds calibration and thresholds into its head."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from pipeline.config import TransformerConfig
from pipeline.errors import ConfigError, DataError, ModelError
from pipeline.tagging.lexicon import Lexicon
from pipeline.tagging.stacked import sigmoid, stack_features
from pipeline.tagging.transformer import (
    Encoder,
    Fusion,
    encode,
    number_of_window_tokens,
    pick_device,
)
from pipeline.training.calibration import (
    MIN_POSITIVES_FOR_PLATT,
    choose_thresholds,
    fit_platt,
)
from pipeline.training.trainer import (
    HeldOut,
    Progress,
    TrainingSet,
    find_cues,
    fit_stack,
    positive_groups,
)

TEST_FOLD, DEVELOPMENT_FOLD = 0, 1
"""One fold measures; one stops the training and chooses calibration and thresholds."""

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrainedTransformer:
    """A model with folded head, what goes with it, and held-out scores that vouch for it.

    ``thresholds`` are those of the probabilities that are reported; ``folded_thresholds`` those
    that the head's log-odds were shifted by, the same where no lexicon is joined.
    """

    model: Any
    tokenizer: Any
    max_tokens: int
    thresholds: Array
    folded_thresholds: Array
    reads_context: bool
    fusion: Fusion | None
    held_out: HeldOut


def fit_transformer(
    training: TrainingSet,
    label_ids: Sequence[str],
    lexicon: Lexicon,
    config: TransformerConfig,
    seed: int,
    checkpoints: Path,
    progress: Progress,
) -> TrainedTransformer:
    """Fine-tune an encoder; a run that was stopped goes on from its last checkpoint.

    Args:
        training: Sentences; fold 0 measures, fold 1 stops and calibrates, the others train.
        label_ids: The columns of the gold labels.
        lexicon: Joined where the configuration says so.
        config: Encoder and training settings.
        seed: Of everything that is drawn.
        checkpoints: A folder for them; it is removed when the training is through.
        progress: Told of every step.

    Raises:
        ModelError: The encoder cannot be loaded.
        DataError: There are too few documents for three folds.
    """
    if int(training.folds.max()) < 2:
        raise DataError(
            "a transformer needs documents for three folds (training, stopping, measuring). Give "
            "more documents, or set folds to 3 or more."
        )
    set_seed(seed)
    model, tokenizer = _load_encoder(config.encoder, label_ids)
    max_tokens = number_of_window_tokens(config.encoder, config.max_tokens)
    in_training = ~np.isin(training.folds, (TEST_FOLD, DEVELOPMENT_FOLD))
    _start_at_prior(model, training.gold[in_training])
    model = _with_method(model, config)
    trainer = _trainer(model, tokenizer, training, config, seed, checkpoints, max_tokens, progress)
    trainer.train(resume_from_checkpoint=_checkpoint(checkpoints, config, seed, training))
    if config.method == "lora":
        model = model.merge_and_unload()
    encoder = Encoder(model.to(pick_device()), tokenizer, max_tokens)
    trained = _finish(model, tokenizer, max_tokens, encoder, training, label_ids, lexicon, config)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return trained


def _load_encoder(encoder: str, label_ids: Sequence[str]) -> tuple[Any, Any]:
    try:
        if encoder.startswith((".", "/", "~")) and not Path(encoder).is_dir():
            raise OSError("no such folder")
        tokenizer = AutoTokenizer.from_pretrained(encoder)
        model = AutoModelForSequenceClassification.from_pretrained(
            encoder,
            use_safetensors=True,
            problem_type="multi_label_classification",
            id2label=dict(enumerate(label_ids)),
            label2id={label: place for place, label in enumerate(label_ids)},
            dtype=torch.float32,
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"encoder {encoder}: cannot be loaded ({reason}). Expected a hub id that the network "
            "reaches, or a folder with config.json, tokenizer and model.safetensors."
        ) from error
    return model, tokenizer


def _with_method(model: Any, config: TransformerConfig) -> Any:
    """Return the model with only those weights trainable that the method trains."""
    if config.method == "frozen":
        model.base_model.requires_grad_(False)
    if config.method != "lora":
        return model
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise ConfigError(
            "transformer.method lora needs peft. Run `pip install 'conclabel[transformers]'`."
        ) from error
    adapters = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return get_peft_model(model, adapters)


class _MultiLabelTrainer(Trainer):
    """Weighs the positives of rare labels in the loss, and lets the new head learn faster."""

    positive_weight: torch.Tensor
    head_learning_rate: float

    def create_optimizer(self, model: Any = None) -> Any:
        """Return AdamW with a learning rate for the encoder and one for the head."""
        if self.optimizer is None:
            tuned: Any = self.model
            base = f"{tuned.base_model_prefix}."
            named = [item for item in tuned.named_parameters() if item[1].requires_grad]
            head = [weight for name, weight in named if base not in name]
            encoder = [weight for name, weight in named if base in name]
            groups = [
                {"params": encoder, "lr": self.args.learning_rate},
                {"params": head, "lr": self.head_learning_rate},
            ]
            self.optimizer = torch.optim.AdamW(
                [group for group in groups if group["params"]],
                weight_decay=self.args.weight_decay,
            )
        return self.optimizer

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return binary cross-entropy over all labels."""
        gold = inputs.pop("labels")
        outputs = model(**inputs)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            outputs.logits.float(),
            gold.float(),
            pos_weight=self.positive_weight.to(gold.device),
        )
        return (loss, outputs) if return_outputs else loss


class _ProgressCallback(TrainerCallback):
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._progress("fine-tuning", state.global_step, state.max_steps)


def _trainer(
    model: Any,
    tokenizer: Any,
    training: TrainingSet,
    config: TransformerConfig,
    seed: int,
    checkpoints: Path,
    max_tokens: int,
    progress: Progress,
) -> Trainer:
    on_gpu = pick_device() == "cuda"
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=2 * config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        learning_rate=config.learning_rate,
        num_train_epochs=config.epochs,
        warmup_steps=config.warmup_fraction,
        weight_decay=config.weight_decay,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        bf16=on_gpu and torch.cuda.is_bf16_supported(),
        use_cpu=not on_gpu,
        seed=seed,
        data_seed=seed,
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
    )
    in_training = ~np.isin(training.folds, (TEST_FOLD, DEVELOPMENT_FOLD))
    in_development = training.folds == DEVELOPMENT_FOLD
    reads_context = config.reads_context
    trainer = _MultiLabelTrainer(
        model=model,
        args=arguments,
        train_dataset=_dataset(training, in_training, tokenizer, max_tokens, reads_context),
        eval_dataset=_dataset(training, in_development, tokenizer, max_tokens, reads_context),
        processing_class=tokenizer,
        compute_metrics=_macro_f1,
        callbacks=[EarlyStoppingCallback(config.patience), _ProgressCallback(progress)],
    )
    trainer.head_learning_rate = config.head_learning_rate
    trainer.positive_weight = _positive_weight(training.gold[in_training], config)
    return trainer


def _dataset(
    training: TrainingSet, rows: Bools, tokenizer: Any, max_tokens: int, reads_context: bool
) -> datasets.Dataset:
    """Return the chosen sentences as inputs, of long ones the first window."""
    texts, contexts = _segments(training, np.flatnonzero(rows), reads_context)
    windows, owners = encode(tokenizer, texts, contexts, max_tokens)
    firsts = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
    inputs = {key: [values[first] for first in firsts] for key, values in windows.items()}
    return datasets.Dataset.from_dict(inputs | {"labels": training.gold[rows].astype(np.float32)})


def _segments(
    training: TrainingSet, rows: NDArray[np.int64], reads_context: bool
) -> tuple[list[str], list[str] | None]:
    texts = [training.texts[row] for row in rows]
    return texts, [training.contexts[row] for row in rows] if reads_context else None


def _positive_weight(gold: Bools, config: TransformerConfig) -> torch.Tensor:
    """Return, for each label, the square root of negatives per positive, within bounds."""
    positives = np.maximum(gold.sum(axis=0), 1)
    weights = np.sqrt((len(gold) - positives) / positives)
    return torch.tensor(np.clip(weights, 1, config.max_positive_weight), dtype=torch.float32)


def _macro_f1(prediction: Any) -> dict[str, float]:
    """Return macro-F1 at the shared threshold that is best for it."""
    gold = prediction.label_ids > 0.5
    log_odds = np.asarray(prediction.predictions, dtype=np.float64)
    used = gold.any(axis=0)
    best = 0.0
    for threshold in np.quantile(log_odds, np.linspace(0.7, 0.99, 30)):
        given = log_odds >= threshold
        both = (gold & given).sum(axis=0)[used]
        total = (gold.sum(axis=0) + given.sum(axis=0))[used]
        best = max(best, float(np.mean(2 * both / np.maximum(total, 1))))
    return {"macro_f1": best}


def _checkpoint(
    folder: Path, config: TransformerConfig, seed: int, training: TrainingSet
) -> str | None:
    """Return the last checkpoint of the same training, if there is one; others are removed."""
    record = folder / "training.json"
    described = json.dumps(
        [config.model_dump(), seed, len(training.texts), int(training.gold.sum())], sort_keys=True
    )
    if record.exists() and record.read_text(encoding="utf-8") == described:
        last: str | None = get_last_checkpoint(str(folder))  # type: ignore[no-untyped-call]
        return last
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    record.write_text(described, encoding="utf-8")
    return None


def _finish(
    model: Any,
    tokenizer: Any,
    max_tokens: int,
    encoder: Encoder,
    training: TrainingSet,
    label_ids: Sequence[str],
    lexicon: Lexicon,
    config: TransformerConfig,
) -> TrainedTransformer:
    """Calibrate on the development fold, measure on the test fold, and fold into the head."""
    development = training.folds == DEVELOPMENT_FOLD
    test_rows = np.flatnonzero((training.folds == TEST_FOLD) & training.is_unseen)
    rows = np.concatenate([np.flatnonzero(development), test_rows])
    log_odds = np.zeros(training.gold.shape, dtype=np.float32)
    log_odds[rows] = encoder.log_odds(*_segments(training, rows, config.reads_context))
    slope, intercept = _calibrate(log_odds[development], training, development)
    calibrated = slope * log_odds + intercept
    own = _thresholds(sigmoid(calibrated), training, development)
    cue_counts = np.zeros_like(log_odds)
    fusion, thresholds, probabilities = None, own, sigmoid(calibrated)
    if config.join_lexicon and lexicon.languages:
        cue_counts = find_cues(training, lexicon, label_ids).counts()
        features = stack_features(calibrated, cue_counts)
        stack = fit_stack(features, training, development & training.is_unseen)
        fusion = Fusion(
            stack.weights.astype(np.float32),
            stack.slope.astype(np.float32),
            stack.intercept.astype(np.float32),
        )
        probabilities = stack.probabilities(features)
        thresholds = stack.thresholds.astype(np.float32)
    _fold_into_head(model, slope, intercept - np.log(own / (1 - own)))
    return TrainedTransformer(
        model=model,
        tokenizer=tokenizer,
        max_tokens=max_tokens,
        thresholds=thresholds,
        folded_thresholds=own,
        reads_context=config.reads_context,
        fusion=fusion,
        held_out=HeldOut(
            rows=test_rows,
            probabilities=probabilities[test_rows],
            thresholds=np.broadcast_to(thresholds, probabilities[test_rows].shape),
            learned_only=sigmoid(calibrated[test_rows]),
            cue_counts=cue_counts[test_rows],
        ),
    )


def _calibrate(log_odds: Array, training: TrainingSet, rows: Bools) -> tuple[Array, Array]:
    """Return Platt slopes and intercepts; labels with few positives share one pair."""
    gold = training.gold[rows]
    positives = positive_groups(training, rows)
    shared = fit_platt(log_odds.reshape(-1).astype(np.float64), gold.reshape(-1))
    pairs = [
        fit_platt(log_odds[:, label].astype(np.float64), gold[:, label])
        if positives[label] >= MIN_POSITIVES_FOR_PLATT
        else shared
        for label in range(gold.shape[1])
    ]
    slopes, intercepts = np.array(pairs, dtype=np.float32).T
    return slopes, intercepts


def _thresholds(probabilities: Array, training: TrainingSet, rows: Bools) -> Array:
    return choose_thresholds(
        probabilities[rows].astype(np.float64),
        training.gold[rows],
        positive_groups(training, rows),
    ).astype(np.float32)


def _last_layer(model: Any) -> torch.nn.Linear:
    """Return the head's linear layer with one output a label.

    Raises:
        ModelError: There is none.
    """
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
        and module.out_features == model.config.num_labels
        and not name.startswith(model.base_model_prefix + ".")
    ]
    if not layers:
        raise ModelError("the encoder's head has no linear layer with one output a label.")
    return layers[-1]


def _start_at_prior(model: Any, gold: Bools) -> None:
    """Let the head begin with each label's share, so that no step is spent on finding it."""
    share = (gold.sum(axis=0) + 1) / (len(gold) + 2)
    head = _last_layer(model)
    if head.bias is not None:
        with torch.no_grad():
            head.bias.copy_(torch.tensor(np.log(share / (1 - share)), dtype=head.bias.dtype))


def _fold_into_head(model: Any, slope: Array, shift: Array) -> None:
    """Make the last layer give ``slope * log_odds + shift``."""
    head = _last_layer(model)
    with torch.no_grad():
        scale = torch.tensor(slope, dtype=head.weight.dtype, device=head.weight.device)
        offset = torch.tensor(shift, dtype=head.weight.dtype, device=head.weight.device)
        head.weight.mul_(scale[:, None])
        if head.bias is None:
            head.bias = torch.nn.Parameter(offset)
        else:
            head.bias.mul_(scale).add_(offset)
