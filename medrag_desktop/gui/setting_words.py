"""What the dialog says of each setting, marked so that it is translated; the English stands in `config.py`, too."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

WORDS = (
    QT_TRANSLATE_NOOP("Setting", "You"),
    QT_TRANSLATE_NOOP("Setting", "Window"),
    QT_TRANSLATE_NOOP("Setting", "Privacy"),
    QT_TRANSLATE_NOOP("Setting", "Assessment"),
    QT_TRANSLATE_NOOP("Setting", "Your name"),
    QT_TRANSLATE_NOOP("Setting", "Suggested when you sign a case; you can change it there."),
    QT_TRANSLATE_NOOP("Setting", "Region"),
    QT_TRANSLATE_NOOP("Setting", "Diseases are not equally common everywhere. New cases start with it."),
    QT_TRANSLATE_NOOP("Setting", "No region"),
    QT_TRANSLATE_NOOP("Setting", "Sub-Saharan Africa"),
    QT_TRANSLATE_NOOP("Setting", "South Asia"),
    QT_TRANSLATE_NOOP("Setting", "Southeast Asia"),
    QT_TRANSLATE_NOOP("Setting", "Latin America"),
    QT_TRANSLATE_NOOP("Setting", "Middle East and North Africa"),
    QT_TRANSLATE_NOOP("Setting", "Europe and North America"),
    QT_TRANSLATE_NOOP("Setting", "Tests in this clinic"),
    QT_TRANSLATE_NOOP("Setting", "The program asks only for results of tests that you can do."),
    QT_TRANSLATE_NOOP("Setting", "None"),
    QT_TRANSLATE_NOOP("Setting", "Rapid tests"),
    QT_TRANSLATE_NOOP("Setting", "Rapid tests and laboratory"),
    QT_TRANSLATE_NOOP("Setting", "All tests of a hospital"),
    QT_TRANSLATE_NOOP("Setting", "Colours"),
    QT_TRANSLATE_NOOP("Setting", "Light, dark, or as this computer is set."),
    QT_TRANSLATE_NOOP("Setting", "As this computer is set"),
    QT_TRANSLATE_NOOP("Setting", "Light"),
    QT_TRANSLATE_NOOP("Setting", "Dark"),
    QT_TRANSLATE_NOOP("Setting", "Text size"),
    QT_TRANSLATE_NOOP("Setting", "1.0 is the usual size; 1.5 is half as large again."),
    QT_TRANSLATE_NOOP("Setting", "Lock after"),
    QT_TRANSLATE_NOOP(
        "Setting", "When nobody has used keys or mouse for so long, the program asks for the passphrase again."
    ),
    QT_TRANSLATE_NOOP("Setting", "min"),
    QT_TRANSLATE_NOOP("Setting", "Never"),
    QT_TRANSLATE_NOOP("Setting", "Draft"),
    QT_TRANSLATE_NOOP("Setting", "Written sentences take longest. Each level names its sources."),
    QT_TRANSLATE_NOOP("Setting", "Written sentences"),
    QT_TRANSLATE_NOOP("Setting", "Quoted sentences (faster)"),
    QT_TRANSLATE_NOOP("Setting", "No draft, only the passages found (fastest)"),
    QT_TRANSLATE_NOOP("Setting", "Conditions listed"),
    QT_TRANSLATE_NOOP("Setting", "The list holds at least so many possible diagnoses."),
    QT_TRANSLATE_NOOP("Setting", "Conditions drafted"),
    QT_TRANSLATE_NOOP("Setting", "The draft is about so many of them, from the top."),
    QT_TRANSLATE_NOOP("Setting", "Passages per search"),
    QT_TRANSLATE_NOOP("Setting", "More take longer and rarely change the draft."),
    QT_TRANSLATE_NOOP("Setting", "Processor threads"),
    QT_TRANSLATE_NOOP("Setting", "More are faster. As shipped, one core of three or more is left for the window."),
)
"""Each text of `config.SETTINGS` that is shown."""


def setting_words(text: str) -> str:
    """Return a text of the settings in the language of the window."""
    return QCoreApplication.translate("Setting", text)
