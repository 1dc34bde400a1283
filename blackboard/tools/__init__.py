"""Tools and text functions that come with the framework."""
