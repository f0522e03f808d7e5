"""The one parent of everything that `make up` starts on this machine, but for the edge and the apps, which outlive it.

Not in charge of what its children do. See docs/decisions/0002-own-supervisor.md.
"""
