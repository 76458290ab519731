"""The copy head computes what its formula says, in training and step by step."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.training.bart_copy import (
    IGNORED,
    MAX_RUN,
    decoder_input,
    freeze_lower,
    run_features,
    run_lengths,
    run_table,
    warm_started,
)
from medrag_desktop.training.train_generator import collate
from medrag_desktop.training.vocabulary import prune
from tests.training.tiny_generator import PAIRS, tiny_model, tiny_vocabulary

pytestmark = pytest.mark.train
CPU = torch.device("cpu")
IDS = st.lists(st.integers(0, 3), min_size=1, max_size=12)


@given(source=IDS, written=IDS)
def test_run_length_in_parallel_equals_the_recursion(source: list[int], written: list[int]) -> None:
    before = [-1] * len(source)
    expected = []
    for piece in written:
        match = [j > 0 and source[j - 1] == piece for j in range(len(source))]
        earlier = [0, *[max(0, r) for r in before[:-1]]]
        before = [min(MAX_RUN, earlier[j] + 1) if match[j] else 0 for j in range(len(source))]
        expected.append(before)
    assert run_lengths(torch.tensor([source]), torch.tensor([written]))[0].tolist() == expected


@given(source=IDS, written=IDS)
def test_the_table_holds_the_sum_of_the_features(source: list[int], written: list[int]) -> None:
    continues = torch.tensor([False, True, False, True])
    weights = torch.tensor([0.5, 1.0, -2.0, 0.25, 3.0])
    ids, out = torch.tensor([source]), torch.tensor([written])
    runs = run_lengths(ids, out)
    index = runs + (MAX_RUN + 1) * continues[ids][:, None, :]
    assert torch.allclose(run_table(weights)[index], run_features(ids, out, continues) @ weights)


def test_the_distribution_is_one_and_equals_the_formula_written_out() -> None:
    model = tiny_model().eval()
    batch = collate(tiny_vocabulary().tokenizer(), PAIRS, CPU)
    written = decoder_input(batch.labels, model.begin, model.pad)
    with torch.no_grad():
        p = model.distribution(batch.source, batch.mask, written)
        logits, _, _ = model.states(batch.source, batch.mask, written)
        encoded = model.bart.model.encoder(input_ids=batch.source, attention_mask=batch.mask).last_hidden_state
        hidden = model.bart.model.decoder(
            input_ids=written, encoder_hidden_states=encoded, encoder_attention_mask=batch.mask, use_cache=False
        ).last_hidden_state
        embedded = model.bart.model.shared(batch.source)
    assert torch.allclose(p.sum(-1), torch.ones_like(p[..., 0]), atol=1e-5)
    b, t, head = 1, 3, model.head
    before = torch.cat([torch.zeros(1, embedded.shape[-1]), embedded[b, :-1]])
    keys = torch.cat([encoded[b], before], -1) @ head.key.weight.T + head.key.bias
    query = head.query.weight @ hidden[b, t] + head.query.bias
    kinds = run_features(batch.source, written, head.continues)[b, t]
    scores = keys @ query / math.sqrt(len(query)) + kinds @ head.run_score
    attention = scores.masked_fill(batch.mask[b] == 0, -1e9).softmax(0)
    gate = torch.sigmoid(
        head.gate.weight[0] @ torch.cat([hidden[b, t], attention @ encoded[b]])
        + head.gate.bias[0]
        + attention @ kinds @ head.run_gate
    )
    expected = (1 - gate) * logits[b, t].softmax(-1)
    for place, piece in enumerate(batch.source[b].tolist()):
        expected[piece] += gate * attention[place]
    assert torch.allclose(p[b, t], expected, atol=1e-6)


def test_the_label_probability_is_read_from_the_same_distribution() -> None:
    model = tiny_model().eval()
    batch = collate(tiny_vocabulary().tokenizer(), PAIRS, CPU)
    with torch.no_grad():
        p = model.distribution(batch.source, batch.mask, decoder_input(batch.labels, model.begin, model.pad))
        log_p = model.label_log_probability(batch.source, batch.mask, batch.labels)
    wanted = batch.labels != IGNORED
    expected = p[wanted].gather(1, batch.labels[wanted][:, None]).squeeze(1).log()
    assert torch.allclose(log_p[wanted], expected, atol=1e-4)
    assert bool((log_p[~wanted] == 0).all())


def test_padding_changes_nothing() -> None:
    model = tiny_model().eval()
    tokenizer = tiny_vocabulary().tokenizer()
    longest = max(PAIRS, key=lambda p: len(p.passage))
    with torch.no_grad():
        for pair in PAIRS:
            alone, padded = (collate(tokenizer, pairs, CPU) for pairs in ([pair], [pair, longest]))
            one = model.label_log_probability(alone.source, alone.mask, alone.labels).sum()
            two = model.label_log_probability(padded.source, padded.mask, padded.labels)[0].sum()
            assert torch.allclose(one, two, atol=1e-4)


def test_the_warm_start_gives_minilms_hidden_states() -> None:
    from transformers import AutoModel

    from medrag_desktop.training.bart_copy import base_model_folder

    vocabulary = prune(["Fever and a red rash in a child."], size=4000)
    tokenizer = vocabulary.tokenizer()
    model = warm_started(vocabulary.kept, vocabulary.continues(), [0, 2, 3]).eval()
    ids = tokenizer.encode("fever and a red rash", add_special_tokens=False).ids
    bert = AutoModel.from_pretrained(base_model_folder()).eval()
    with torch.no_grad():
        ours = model.bart.model.encoder(input_ids=torch.tensor([ids])).last_hidden_state
        theirs = bert(input_ids=torch.tensor([[vocabulary.kept[i] for i in ids]])).last_hidden_state
    assert float((ours - theirs).abs().max()) < 1e-2


def test_freezing_leaves_the_upper_layers_and_the_head_free() -> None:
    model = tiny_model()
    freeze_lower(model, 1)
    free = {name for name, p in model.named_parameters() if p.requires_grad}
    assert not any("encoder.layers.0." in name or "shared" in name for name in free)
    assert any("encoder.layers.1." in name for name in free)
    assert {"head.run_score", "head.run_gate"} <= free


def test_pruning_keeps_every_character_and_the_frequent_words() -> None:
    vocabulary = prune(["pneumonia pneumonia fever"], size=3000)
    assert len(vocabulary.pieces) == len(vocabulary.kept) <= 3000
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "pneumonia", "fever", "z", "##z"} <= set(vocabulary.pieces)
    assert vocabulary.pieces[:4] == ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    tokens = vocabulary.tokenizer().encode("kwashiorkor", add_special_tokens=False).tokens
    assert "".join(t.removeprefix("##") for t in tokens) == "kwashiorkor"
