"""What may be done with a built image before it is released: listed, searched for flaws, signed. A module per tool."""
