"""The generator as two graphs for ONNX Runtime: an encoder that folds the copy keys, and a decoder with a cache.

The decoder reads any number of pieces behind any number of cached ones: one at a time it decodes, all at once it scores
a given text. Which of the two is computed follows from the outputs that are asked for.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.bart.modeling_bart import BartEncoder, BartEncoderLayer

from medrag_desktop.training.bart_copy import MAX_RUN, CopyBart, run_table

FAR = -1e9
POSITION_OFFSET = 2
"""BART's learned positions begin at row 2."""
ENCODER_INPUTS = ("ids", "mask")
COPY_TENSORS = ("kk", "cc", "gv", "cont")
OUT_STEP = ("p", "copied", "run_out")
OUT_SCORE = "log_p"


class EncoderGraph(nn.Module):
    """`ids`, `mask` (B, S) -> cross-attention keys and values, mask, folded copy keys."""

    cont: Tensor

    def __init__(self, model: CopyBart, quantised: bool) -> None:
        """Fold the query projection of the copy head into its keys, so that a step needs one product with h."""
        super().__init__()
        config = model.bart.config
        self.heads, self.width = config.encoder_attention_heads, config.d_model
        self.encoder: BartEncoder = model.bart.model.encoder
        self.decoder_layers = model.bart.model.decoder.layers
        self.embedding = _embedding(model.bart.model.shared, quantised)
        head, scale = model.head, 1 / math.sqrt(config.d_model)
        query, key = head.query, head.key
        self.keys = nn.Linear(2 * self.width, self.width)
        with torch.no_grad():
            self.keys.weight.copy_(query.weight.T @ key.weight * scale)
            self.keys.bias.copy_(query.weight.T @ key.bias * scale)
            self.offset = nn.Parameter((query.bias @ key.weight * scale)[:, None])
            self.constant = float(query.bias @ key.bias * scale)
            self.seen = nn.Parameter(head.gate.weight[0, self.width :][:, None].clone())
        self.register_buffer("cont", head.continues.long() * (MAX_RUN + 1))

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Return ck0, cv0, ck1, ..., cm, kk, cc, gv, cont."""
        length = ids.shape[1]
        embedded = self.embedding(ids)
        places = self.encoder.embed_positions.weight[POSITION_OFFSET : POSITION_OFFSET + length]
        x = self.encoder.layernorm_embedding(embedded + places.unsqueeze(0))
        far = (1 - mask.float()) * FAR
        cross_mask = far[:, None, None, :]
        for layer in self.encoder.layers:
            x = self._layer(layer, x, cross_mask)
        out: list[Tensor] = []
        for layer in self.decoder_layers:
            attention = layer.encoder_attn
            out.append(self._split(attention.k_proj(x)).transpose(2, 3).contiguous())
            out.append(self._split(attention.v_proj(x)).contiguous())
        before = torch.cat([torch.zeros_like(embedded[:, :1]), embedded[:, :-1]], 1)
        u = torch.cat([x, before], -1)
        copy_offset = (u @ self.offset).squeeze(-1) + self.constant + far
        copy_keys = self.keys(u).transpose(1, 2).contiguous()
        return (*out, cross_mask, copy_keys, copy_offset, (x @ self.seen).squeeze(-1), self.cont[ids])

    def _split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, self.width // self.heads).transpose(1, 2)

    def _layer(self, layer: BartEncoderLayer, x: Tensor, mask: Tensor) -> Tensor:
        attention = layer.self_attn
        query, key, value = (self._split(f(x)) for f in (attention.q_proj, attention.k_proj, attention.v_proj))
        scale = (self.width // self.heads) ** -0.5
        weights = torch.softmax(query @ key.transpose(2, 3) * scale + mask, -1)
        mixed = (weights @ value).transpose(1, 2).reshape(x.shape)
        x = layer.self_attn_layer_norm(x + attention.out_proj(mixed))
        return layer.final_layer_norm(x + layer.fc2(functional.gelu(layer.fc1(x))))


class DecoderGraph(nn.Module):
    """Pieces (B, T) behind a cache of P pieces -> distribution after the last, log probability of given next pieces."""

    run_scores: Tensor
    run_gates: Tensor

    def __init__(self, model: CopyBart, quantised: bool) -> None:
        """Join the self-attention projections of each layer into one."""
        super().__init__()
        config = model.bart.config
        self.heads, self.width = config.decoder_attention_heads, config.d_model
        self.decoder = model.bart.model.decoder
        self.embedding = _embedding(model.bart.model.shared, quantised)
        self.joined = nn.ModuleList(_joined_projection(layer.self_attn) for layer in self.decoder.layers)
        self.words = nn.Linear(self.width, config.vocab_size, bias=False)
        head = model.head
        with torch.no_grad():
            self.words.weight.copy_(model.bart.lm_head.weight)
            self.gate = nn.Parameter(head.gate.weight[0, : self.width][:, None].clone())
        self.gate_bias = float(head.gate.bias.detach()[0])
        self.register_buffer("run_scores", run_table(head.run_score.detach()))
        self.register_buffer("run_gates", run_table(head.run_gate.detach()))

    def forward(
        self, tok: Tensor, pos: Tensor, want: Tensor, cache: list[Tensor], cross: list[Tensor], copy: list[Tensor]
    ) -> tuple[Tensor, ...]:
        """Return p (B, V), copied (B, S), run_out (B, S), log_p (B, T), then the cache with the new pieces.

        `pos` (1,): pieces in the cache; `want` (B, T): the pieces whose log probability is asked for; `cross`:
        ck0, cv0, ..., cm; `copy`: kk, cc, gv, cont, source ids, run length after the cached pieces.
        """
        x, present = self._states(tok, pos, cache, cross)
        keys, offset, seen, cont, source, run = copy
        runs = self._runs(tok, source, run)
        kind = runs + cont.unsqueeze(1)
        attention = torch.softmax(x @ keys + offset.unsqueeze(1) + self.run_scores[kind], -1)
        gate = torch.sigmoid(
            x @ self.gate
            + self.gate_bias
            + (attention * (seen.unsqueeze(1) + self.run_gates[kind])).sum(-1, keepdim=True)
        )
        pointed = attention * gate
        copied = pointed[:, -1]
        p = torch.softmax(self.words(x[:, -1:]).squeeze(1), -1) * (1 - gate[:, -1])
        p = p.scatter_add(1, source, copied)
        return (p, copied, runs[:, -1], self._log_p(x, want, gate, pointed, source), *present)

    def _states(
        self, tok: Tensor, pos: Tensor, cache: list[Tensor], cross: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Run the decoder layers."""
        rows, length = tok.shape
        new = torch.arange(length)
        places = self.decoder.embed_positions.weight[pos + new + POSITION_OFFSET]
        x = self.decoder.layernorm_embedding(self.embedding(tok) + places.unsqueeze(0))
        old = cache[0].shape[2]
        causal = (torch.arange(old + length)[None, :] > (old + new)[:, None]).float() * FAR
        each = self.width // self.heads
        present: list[Tensor] = []
        for number, layer in enumerate(self.decoder.layers):
            query, key, value = self.joined[number](x).view(rows, length, 3, self.heads, each).permute(2, 0, 3, 1, 4)
            key = torch.cat([cache[2 * number], key], 2)
            value = torch.cat([cache[2 * number + 1], value], 2)
            present += [key, value]
            mixed = torch.softmax(query @ key.transpose(2, 3) + causal, -1) @ value
            x = layer.self_attn_layer_norm(x + layer.self_attn.out_proj(self._join(mixed, x)))
            attention = layer.encoder_attn
            query = attention.q_proj(x).view(rows, length, self.heads, each).transpose(1, 2) * each**-0.5
            mixed = torch.softmax(query @ cross[2 * number] + cross[-1], -1) @ cross[2 * number + 1]
            x = layer.encoder_attn_layer_norm(x + attention.out_proj(self._join(mixed, x)))
            x = layer.final_layer_norm(x + layer.fc2(functional.gelu(layer.fc1(x))))
        return x, present

    def _join(self, mixed: Tensor, like: Tensor) -> Tensor:
        return mixed.transpose(1, 2).reshape(like.shape)

    def _runs(self, tok: Tensor, source: Tensor, run: Tensor) -> Tensor:
        """Return the run lengths (B, T, S), the recursion unrolled over its cap."""
        before = torch.cat([torch.full_like(source[:, :1], -1), source[:, :-1]], 1)
        match = (before.unsqueeze(1) == tok.unsqueeze(2)).long()
        start = run.unsqueeze(1)
        runs = torch.zeros_like(match)
        for _ in range(MAX_RUN):
            earlier = torch.cat([start, runs[:, :-1]], 1)
            shifted = torch.cat([torch.zeros_like(earlier[:, :, :1]), earlier[:, :, :-1]], 2)
            runs = match * torch.clamp(shifted + 1, max=MAX_RUN)
        return runs

    def _log_p(self, x: Tensor, want: Tensor, gate: Tensor, pointed: Tensor, source: Tensor) -> Tensor:
        """Return the log probability (B, T) of the wanted pieces."""
        logits = self.words(x)
        chosen = torch.gather(logits, 2, want.unsqueeze(2)) - torch.logsumexp(logits, -1, keepdim=True)
        from_source = (pointed * (source.unsqueeze(1) == want.unsqueeze(2)).float()).sum(-1)
        return torch.log((torch.exp(chosen) * (1 - gate)).squeeze(2) + from_source + 1e-9)


class RowQuantised(nn.Module):
    """An embedding table of int8 rows with one scale each."""

    rows: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-9) / 127
        self.register_buffer("rows", torch.round(weight / scale).to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the fp32 rows."""
        return self.rows[ids].float() * self.scale[ids]


def encoder_outputs(layers: int) -> tuple[str, ...]:
    """Return the output names of the encoder graph."""
    return (*(f"{kind}{n}" for n in range(layers) for kind in ("ck", "cv")), "cm", *COPY_TENSORS)


def cache_names(layers: int, prefix: str) -> tuple[str, ...]:
    """Return the names of the cache tensors: prefix `p` for what goes in, `q` for what comes out."""
    return tuple(f"{prefix}{kind}{n}" for n in range(layers) for kind in ("k", "v"))


def _embedding(table: nn.Embedding, quantised: bool) -> nn.Module:
    """Return the table as it is or in int8 rows."""
    return RowQuantised(table.weight.detach()) if quantised else table


def _joined_projection(attention: nn.Module) -> nn.Linear:
    """Return query (scaled), key and value projections as one."""
    width = attention.q_proj.in_features
    scale = attention.head_dim**-0.5
    joined = nn.Linear(width, 3 * width)
    with torch.no_grad():
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        joined.weight.copy_(torch.cat([part.weight * s for part, s in zip(parts, (scale, 1, 1), strict=True)]))
        joined.bias.copy_(torch.cat([part.bias * s for part, s in zip(parts, (scale, 1, 1), strict=True)]))
    return joined
