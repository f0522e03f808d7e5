# The handles of Slipway. Settings are given in front: SLIPWAY_PORT=9000 make up
# Variables: FOREGROUND=1 (up stays in front), FORMAT=json (status), FOLLOW=0 (logs), FORCE=1 (reset), ARGS="..." (test, test-builds, bench, screenshots)

PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)

export FOREGROUND FORMAT FOLLOW FORCE

.PHONY: up restart down status logs reset link token test test-builds bench lint screenshots
.DEFAULT_GOAL := up

up restart down status logs reset link token:
	@$(if $(PYTHON),,$(error Slipway needs Python 3.11 to 3.14 and finds none. Install it: apt-get install python3 python3-venv))exec $(PYTHON) deploy/bootstrap.py $@

test test-builds bench lint screenshots:
	@$(if $(PYTHON),,$(error Slipway needs Python 3.11 to 3.14 and finds none. Install it: apt-get install python3 python3-venv))exec $(PYTHON) deploy/bootstrap.py $@ $(ARGS)
