"""One module per language, each with one public function `recipe(plan, base, cache_scope) -> list[str]`.

A recipe is the lines from its first FROM to the last RUN of the stage named `app`; one that is built on one base and
run on another is also given `run_base`. Not in charge of the command, of the environment at run time, and of static
output: `workers.build.dockerfile` adds them alike for every language.
"""
