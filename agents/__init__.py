"""The agents that come with the project: one family a folder, one agent a file."""
