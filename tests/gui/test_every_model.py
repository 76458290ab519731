"""Qt's own checks of every table and list model there is; one that is added cannot be forgotten."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt, qInstallMessageHandler
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from medrag_desktop import gui
from medrag_desktop.domain.case import CaseSummary, ReviewStatus
from medrag_desktop.domain.condition import Urgency
from medrag_desktop.domain.encounter import Finding, Presence, Sex
from medrag_desktop.gui.case_table import CaseModel, Column
from medrag_desktop.gui.findings_model import DURATION, SEVERITY, SIDE, FindingsModel
from medrag_desktop.gui.item_models import Row, RowKind, RowsModel
from medrag_desktop.gui.match_list import MatchModel
from medrag_desktop.services.completion import Completion
from tests.builders import make_test_vocabulary

CASE = CaseSummary(
    id="a", created="2026-03-01T10:00:00+00:00", updated="2026-03-01T10:00:00+00:00", reference="", age_years=30.0,
    sex=Sex.FEMALE, complaint="cough", urgency=Urgency.URGENT, diagnosis="", status=ReviewStatus.FINAL,
)  # fmt: skip


def use_rows(model: RowsModel) -> None:
    for words in ("", "abc", "abxc", "axc", "q", ""):
        model.set_rows([Row(RowKind.TEXT, word, editable=word, payload=word) for word in words])
    model.set_rows([Row(RowKind.HEADING, "a"), Row(RowKind.NOTE, "b")])


def use_findings(model: FindingsModel) -> None:
    model.put(Finding("fever"))
    model.set_vocabulary(make_test_vocabulary())
    model.put(Finding("rash"))
    model.say(0, Presence.ABSENT)
    model.cycle(1, SEVERITY)
    model.cycle(1, SIDE)
    model.setData(model.index(0, DURATION), "3 d")
    model.drop(0)
    while model.undo_stack.canUndo():
        model.undo_stack.undo()
    while model.undo_stack.canRedo():
        model.undo_stack.redo()
    model.set_findings((Finding("cough"),))


def use_cases(model: CaseModel) -> None:
    model.show_cases(tuple(replace(CASE, id=name, complaint=name) for name in "abc"))
    for column in Column:
        model.sort(column, Qt.SortOrder.DescendingOrder)
    model.show_cases(())


def use_matches(model: MatchModel) -> None:
    model.set_matches((Completion("fever", "fever", "symptom", "pyrexia"), Completion("rash", "rash", "sign", "")), {})
    model.set_matches((), {})


USES: dict[type[QAbstractItemModel], Callable[[Any], None]] = {
    RowsModel: use_rows,
    FindingsModel: use_findings,
    CaseModel: use_cases,
    MatchModel: use_matches,
}
"""How each model is filled, changed and emptied."""


class UnsoundModel(QAbstractListModel):
    """Adds a row without a word to anybody."""

    rows = 0

    def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else self.rows

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return None

    def grow(self) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self.rows += 2
        self.endInsertRows()


def models_of_the_program() -> Iterator[type[QAbstractItemModel]]:
    """Yield every model class that a module of the window defines."""
    for module in pkgutil.walk_packages(gui.__path__, f"{gui.__name__}."):
        importlib.import_module(module.name)
    waiting: list[type[QAbstractItemModel]] = [QAbstractItemModel]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith(f"{gui.__name__}."):
                yield kind


def checked(model: QAbstractItemModel, use: Callable[[Any], None]) -> None:
    # as warnings, which fail a test; a fatal fault would end the whole run without a word
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    use(model)
    assert tester.model() is model


def test_every_model_of_the_program_is_here() -> None:
    assert set(models_of_the_program()) == set(USES)


@pytest.mark.parametrize("kind", USES, ids=lambda kind: str(kind.__name__))
def test_every_model_keeps_the_rules_of_qt(qtbot: QtBot, kind: type[QAbstractItemModel]) -> None:
    checked(kind(), USES[kind])


def test_a_model_that_breaks_them_is_found(qtbot: QtBot, qtlog: Any) -> None:
    said: list[str] = []
    with qtlog.disabled():  # pytest-qt would fail this test for it, as it is to do everywhere else
        before = qInstallMessageHandler(lambda _kind, _context, text: said.append(text))
        checked(UnsoundModel(), UnsoundModel.grow)
        qInstallMessageHandler(before)
    assert any("FAIL!" in text for text in said)
