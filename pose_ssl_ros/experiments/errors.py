"""The room's one error."""


class ExperimentError(RuntimeError):
    """An experiment cannot do what was asked; the text says why."""
