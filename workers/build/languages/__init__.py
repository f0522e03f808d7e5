"""One module per language, each with one public function `detect(files, settings) -> Plan | None`.

A plan that is returned without a start command means: this language, but nobody says how to start it. Not in charge
of Procfiles and of what a person has set: `workers.build.analyze` lays those over every plan alike.
"""
