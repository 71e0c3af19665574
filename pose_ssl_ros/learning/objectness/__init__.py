"""Training of the class-agnostic objectness proposer that the package ships."""
