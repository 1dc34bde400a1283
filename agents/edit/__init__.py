"""Five agents that edit one document together, each by its own rules, and one that binds it."""
