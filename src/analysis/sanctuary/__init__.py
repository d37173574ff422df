"""Sanctuary policy: which rule was in force where and when, and what a comparison by it can say."""
