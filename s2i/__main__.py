"""Hand-over from run.py."""

import sys

if __name__ == "__main__":
    try:
        from s2i.cli import main

        sys.exit(main())
    except ImportError as error:
        from bootstrap.environment import repair_and_restart

        repair_and_restart(error)
