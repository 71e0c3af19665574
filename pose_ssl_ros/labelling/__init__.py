"""Names for prototypes: the learner's folder as a page on which a person names, merges, splits and ignores."""
