#!/usr/bin/env python
"""Django's commands. `make up` is the way to start Slipway; this is for operators and developers."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
