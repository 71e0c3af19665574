"""Self-supervised pose-aware object perception for moving robots."""

__version__ = "0.1.0"
