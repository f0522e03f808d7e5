"""The steps that the control plane does itself, one file each. The agent does start, health, switch and drain."""
