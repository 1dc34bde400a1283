"""Three agents of ten lines each."""
