"""The build plane: a source at a commit becomes an image. Knows nothing of Django, of rows or of what runs."""
