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
  - StoreError           the case history cannot be used
    + StoreMissing       there is none yet
    + StoreLocked        the passphrase has not been given
    + WrongPassphrase    nor recovery words
    + StoreInUse         another window has it open
    + StoreTooNew        a later version of the program wrote it
    + StoreCorrupt
    + StoreFull          the disk has no room
    + CaseMissing
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


class StoreError(MedragError):
    """The case history cannot be used; it stays as it was."""


class StoreMissing(StoreError):
    """No case history has been made yet."""


class StoreLocked(StoreError):
    """The case history is locked."""


class WrongPassphrase(StoreError):
    """The passphrase, or the recovery words, do not open the case history."""


class StoreInUse(StoreError):
    """Another running copy of the program has the case history open."""


class StoreTooNew(StoreError):
    """A later version of the program wrote the case history."""


class StoreCorrupt(StoreError):
    """A file of the case history is damaged."""


class StoreFull(StoreError):
    """The disk has no room for the case history."""


class CaseMissing(StoreError):
    """The case history holds no case of that id."""


class Cancelled(Exception):
    """Unwinds a task the user stopped."""
