"""From raw files to trusted tables."""
