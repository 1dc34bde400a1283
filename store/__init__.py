"""Where boards are kept. Found by URL scheme through the entry points `blackboard.stores`; nobody imports it."""
