"""Files in and out: import and export of members, accounts, contacts and responses."""

from handlers.files.exporting import export_file
from handlers.files.importing import import_file
from handlers.files.report import ImportReport

__all__ = ["ImportReport", "export_file", "import_file"]
