"""The strip that says what of the library or the models cannot be used, and offers to mend it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from medrag_desktop.gui.library_flow import LibraryFlow
from medrag_desktop.gui.shell import WorkBar
from medrag_desktop.gui.widgets import Banner


class LibraryOffers(QObject):
    """Ties a library flow to a strip with one button, and to the bar of the work that the button starts."""

    told = Signal(str, str)
    """A kind of message and its text."""

    def __init__(self, library: LibraryFlow, strip: Banner, bar: WorkBar, parent: QObject) -> None:
        """Offer nothing yet."""
        super().__init__(parent)
        self._library, self._strip, self._bar = library, strip, bar
        self._act: Callable[[], None] = library.open
        library.ready.connect(lambda *_: self._offer("info", ""))
        library.unusable.connect(self._no_library)
        library.models_unusable.connect(self._no_models)
        library.limited.connect(self._limited)
        library.pack_missing.connect(self._no_pack)
        library.building.connect(self._building)
        library.build_progressed.connect(bar.show_progress)
        library.built.connect(lambda: self.told.emit("good", self.tr("The library is prepared.")))
        library.build_failed.connect(self._build_failed)
        bar.cancelled.connect(library.cancel_build)
        strip.acted.connect(self._accept)

    def _offer(self, kind: str, text: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        self._act = act or self._library.open
        self._strip.show_text(kind, text, action)

    def _accept(self) -> None:
        self._strip.show_text("info", "")
        self._act()

    def _no_library(self, text: str) -> None:
        told = self.tr("Danger signs are NOT checked, and nothing can be assessed.")
        self._offer("danger", f"{text} {told}", self.tr("Try again"), self._library.open)

    def _no_models(self, text: str) -> None:
        told = self.tr("No draft can be written. Danger signs and the ranking of diagnoses work.")
        self._offer("warning", f"{text} {told}", self.tr("Try again"), self._library.open_models)

    def _limited(self, text: str) -> None:
        self._offer("warning", text, self.tr("Understood"), lambda: None)

    def _no_pack(self) -> None:
        told = self.tr("Before the first draft, the library must be prepared on this computer. This is done once.")
        self._offer("warning", told, self.tr("Prepare now"), self._library.build)

    def _building(self, building: bool) -> None:
        if building:
            self._bar.begin(self.tr("Preparing the library"))
            return
        self._bar.end()

    def _build_failed(self, text: str) -> None:
        self._no_pack()
        self.told.emit("danger", text)
