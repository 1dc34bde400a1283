"""What makes the generated pages: the command line's, and the pictures."""
