"""The pre-commit hook, the GitHub Action and the recipes, each run as its users run it."""
