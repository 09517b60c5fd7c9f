"""``python -m wheelcheck``."""

from wheelcheck.cli.main import main

if __name__ == "__main__":
    main()
