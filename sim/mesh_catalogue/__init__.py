"""Real meshes, fetched on demand and never shipped: what was learned on parametric shapes is tested on them."""
