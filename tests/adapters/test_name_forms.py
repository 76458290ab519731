from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medrag_desktop.adapters.name_forms import other_forms


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("blue lip", "lip blue"),
        ("neck stiff", "stiff neck"),
        ("cold hand and feet", "hand and feet cold"),
        ("shoulder pain", "pain in shoulder"),
        ("pain in left upper abdomen", "painful left upper abdomen"),
        ("swollen knee", "knee swelling"),
        ("weakness of leg", "weak in leg"),
        ("unable to swallow", "cannot swallow"),
        ("will not drink", "refuse to drink"),
        ("burning on passing urine", "burning passing urine"),
    ],
)
def test_other_ways_to_say_it(name: str, form: str) -> None:
    assert form in other_forms(name)


@pytest.mark.parametrize(
    "name", ["recent cold", "period pain", "on dialysis", "genital sore", "painful", "", "pain in of"]
)
def test_names_that_have_no_other_form(name: str) -> None:
    assert list(other_forms(name)) == []


@given(st.lists(st.sampled_from("pain in swollen knee weak left leg cannot of red eye and on".split())).map(" ".join))
def test_forms_are_folded_words_other_than_the_name(name: str) -> None:
    for form in other_forms(name):
        assert form == " ".join(form.split()) != name
