"""danger."""
