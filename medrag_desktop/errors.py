"""Every exception this application raises on purpose.

* MedragError            expected; its text is shown, never a traceback
  - ConfigError
  - InputError           an encounter, a question or a file the user gave cannot be used
  - LibraryError         the clinical library breaks one of its own rules
  - ModelError
    + ModelMissing
    + ModelCorrupt
  - PackError
    + PackMissing
    + PackCorrupt
    + PackIncompatible
    + ImportFailed
  - ReportError
* Cancelled              not an error; never shown

Anything else that reaches the top is a bug.
"""

from __future__ import annotations


class MedragError(Exception):
    """Base class: the message is a sentence a clinician can act on."""


class ConfigError(MedragError):
    """A setting or a location on disk cannot be used."""


class InputError(MedragError):
    """What the user gave cannot be used; the message names the field or file."""


class LibraryError(MedragError):
    """A file of the clinical library cannot be read; the message names the file."""


class ModelError(MedragError):
    """A model cannot be used."""


class ModelMissing(ModelError):
    """No model of that id is installed."""


class ModelCorrupt(ModelError):
    """A model file does not match the checksum in its manifest."""


class PackError(MedragError):
    """A knowledge pack cannot be used."""


class PackMissing(PackError):
    """No knowledge pack of that id is installed."""


class PackCorrupt(PackError):
    """A pack file does not match the checksum in its manifest."""


class PackIncompatible(PackError):
    """The pack was built with another encoder than the one installed."""


class ImportFailed(PackError):
    """A source file cannot be read; the message says which record."""


class ReportError(MedragError):
    """The report cannot be written."""


class Cancelled(Exception):
    """Unwinds a task the user stopped."""
