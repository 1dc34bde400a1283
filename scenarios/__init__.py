"""The scenarios that come with the project: one a file, run by name or as a script."""
