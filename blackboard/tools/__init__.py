"""What comes with the framework for agents to use: the user's documents, and answering from them without a model."""
