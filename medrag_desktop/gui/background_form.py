"""What was before: past illnesses, the family, medicines, allergies, exposures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from medrag_desktop.domain.encounter import Encounter
from medrag_desktop.domain.limits import LONGEST_ITEM, MOST_ITEMS
from medrag_desktop.gui.quoted_text import ListField, Quote
from medrag_desktop.gui.widgets import Card, plain_label

_COLUMNS = 3


class BackgroundForm(Card):
    """The last card of the form."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make every list empty: not asked."""
        super().__init__(self.tr("Background"), parent)
        labels = {
            "past_history": (self.tr("Past illnesses"), self.tr("for example: asthma")),
            "medications": (self.tr("Medicines now"), self.tr("for example: metformin")),
            "allergies": (self.tr("Allergies"), self.tr("for example: penicillin")),
            "family_history": (self.tr("Illnesses in the family"), self.tr("for example: diabetes")),
            "exposures": (self.tr("Exposures"), self.tr("for example: contact with measles")),
        }
        self.fields = {name: ListField(words) for name, (words, _) in labels.items()}
        self._labels = {name: words for name, (words, _) in labels.items()}
        self.body.addWidget(plain_label(self.tr("One entry a line, or commas between them."), "muted"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for number, (name, field) in enumerate(self.fields.items()):
            field.setPlaceholderText(labels[name][1])
            field.changed.connect(self.changed)
            column = QVBoxLayout()
            column.setSpacing(2)
            label = plain_label(self._labels[name], "muted")
            label.setBuddy(field)
            column.addWidget(label)
            column.addWidget(field)
            grid.addLayout(column, number // _COLUMNS, number % _COLUMNS)
        self.body.addLayout(grid)

    def write_into(self, encounter: Encounter) -> Encounter:
        """Return the encounter with what stands in this card."""
        lists: dict[str, Any] = {name: field.items() for name, field in self.fields.items()}
        return replace(encounter, **lists)

    def show_encounter(self, encounter: Encounter) -> None:
        """Show the lists of an encounter."""
        for name, field in self.fields.items():
            field.set_items(getattr(encounter, name))

    def show_quotes(self, quotes: Iterable[tuple[str, Quote]]) -> None:
        """Underline (field name, quote) pairs."""
        quotes = tuple(quotes)
        for name, field in self.fields.items():
            field.show_item_quotes(quote for of, quote in quotes if of == name)

    def problems(self) -> tuple[str, ...]:
        """Return why the card cannot be used as it stands, each as a sentence."""
        return tuple(sentence for name in self.fields for sentence in self._problems_of(name))

    def wrong_field(self) -> QWidget | None:
        """Return the first field that has to be corrected."""
        return next((field for name, field in self.fields.items() if any(self._problems_of(name))), None)

    def _problems_of(self, name: str) -> Iterator[str]:
        items, words = self.fields[name].items(), self._labels[name]
        if len(items) > MOST_ITEMS:
            yield self.tr("{field}: more than {most} entries.").format(field=words, most=MOST_ITEMS)
        if any(len(item) > LONGEST_ITEM for item in items):
            text = self.tr("{field}: an entry is longer than {most} characters.")
            yield text.format(field=words, most=LONGEST_ITEM)

    def has_content(self) -> bool:
        """Tell whether anything was entered."""
        return any(field.items() for field in self.fields.values())
