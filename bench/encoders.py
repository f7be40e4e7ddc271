"""Shapes of well-known encoders, and a tokenizer made of the texts at hand: right for speed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

SHAPES: dict[str, dict[str, Any]] = {
    "MiniLM-L6": {
        "model_type": "bert",
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "pad_token_id": 1,
    },
    "XLM-R-base": {
        "model_type": "xlm-roberta",
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 514,
        "pad_token_id": 1,
    },
}


def make_tokenizer(texts: Sequence[str]) -> Any:
    """Return a byte-level tokenizer trained on the texts, with about 1.4 tokens a word."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=8000, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=512,
    )


def make_model(name: str, n_tokens: int) -> Any:
    """Return a classifier of a shape, its weights random but always the same."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(0)
    config = AutoConfig.for_model(**SHAPES[name], vocab_size=n_tokens, num_labels=44)
    return AutoModelForSequenceClassification.from_config(config).eval()


class EncoderPool:
    """Our encoder in as many processes as there are cores, a thread each, as ``label`` runs it."""

    def __init__(self, name: str, precision: str, texts: Sequence[str]) -> None:
        self._workers = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(
            self._workers,
            get_context("spawn"),
            initializer=_load_encoder,
            initargs=(name, precision, list(texts)),
        )

    def log_odds(self, texts: Sequence[str]) -> None:
        """Score texts, each process its share of all lengths."""
        list(
            self._pool.map(
                _score, [texts[start :: self._workers] for start in range(self._workers)]
            )
        )

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown()


_encoder: Any = None


def _load_encoder(name: str, precision: str, texts: Sequence[str]) -> None:
    global _encoder
    import torch

    from pipeline.tagging.transformer import Encoder, pick_dtype, quantize

    torch.set_num_threads(1)
    tokenizer = make_tokenizer(texts)
    model = make_model(name, len(tokenizer))
    model = quantize(model) if precision == "int8" else model.to(pick_dtype("cpu", precision))
    _encoder = Encoder(model, tokenizer, 192)


def _score(texts: Sequence[str]) -> None:
    _encoder.log_odds(texts)
