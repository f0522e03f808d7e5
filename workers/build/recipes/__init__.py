"""One module per language, each with one public function `recipe(plan, base, cache_scope) -> list[str]`.

A recipe is the lines of the stage named `app`, from its FROM to its last RUN. Not in charge of the command, of the
environment at run time, and of static output: `workers.build.dockerfile` adds them alike for every language.
"""
