"""The archives room: reads wheels and source archives without running them; fetches and unpacks nothing to disk."""

from wheelcheck.archives.limits import Limits
from wheelcheck.archives.reader import ArchiveReader

__all__ = ["ArchiveReader", "Limits"]
