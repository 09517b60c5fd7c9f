"""The digest that tells whether a plan file is still what wheelcheck wrote; it vouches for nobody: anyone can compute it.

A builder that executes a plan which somebody edited would ship what nothing resolved. The digest is over the values, so that
another layout of the same JSON is still the same plan.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from wheelcheck.errors import InputUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "digest"


def plan_digest(document: Mapping[str, object]) -> str:
    """``sha256:`` and the hex digest of the plan *document* without its own digest: compact JSON, keys sorted, in UTF-8."""
    values = {key: value for key, value in document.items() if key != KEY}
    content = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(content.encode('utf-8', 'backslashreplace')).hexdigest()}"


def refuse_edited(content: bytes, path: str) -> str:
    """The digest of the plan file *content*, called *path* in messages; raises ``InputUnreadable`` where it states another.

    A plan without a digest, as other programs may write one, is taken as it is.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return ""  # the reader of plans says what is wrong, with the line
    if not isinstance(document, dict):
        return ""
    found = plan_digest(document)
    stated = document.get(KEY)
    if stated is not None and stated != found:
        raise InputUnreadable(
            f"the plan was changed after it was made: it states the digest {stated}, its content has {found}",
            address=path,
            hint="make the plan again: `wheelcheck plan` has options for changes (--override, --exclude, -c)",
        )
    return found
