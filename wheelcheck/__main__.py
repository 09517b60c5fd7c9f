"""The program ``wheelcheck``, and ``python -m wheelcheck``."""

import gc
from typing import NoReturn

from wheelcheck.cli.signals import leave_at_signals

_GARBAGE = 200_000


def main() -> NoReturn:
    """Run the command line and leave the process."""
    leave_at_signals()
    # A run keeps the objects that it reads to its end: the collector's default threshold of 700 took a sixth of a long run. It is
    # raised before the imports, which the collector would stop some twenty times.
    gc.set_threshold(_GARBAGE, 20, 50)
    from wheelcheck.cli.main import main as run_program

    run_program()


if __name__ == "__main__":
    main()
