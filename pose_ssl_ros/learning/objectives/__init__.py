"""learning/objectives."""
