"""Pages for users, and the program that makes some of them. It is not installed."""
