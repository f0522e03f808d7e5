"""The run plane: the process on a host that turns desired state into containers and routes. Knows no database."""
