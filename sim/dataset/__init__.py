"""Datasets of crops rendered from the catalogue: plan, scene, studio, photograph, shards."""
