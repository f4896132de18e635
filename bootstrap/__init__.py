"""First run, `setup` and `doctor`: the environment, models, downloads, checks.

`environment` and what it imports run before anything is installed: standard library alone.
"""
