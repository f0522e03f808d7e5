"""`python -m cli`: the command, where it is not installed."""

import sys

from cli.app import main

sys.exit(main())
