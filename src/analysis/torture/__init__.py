"""What a build must bear: killed at random moments, full disks and other faults, and thousands of mutated files.

``python -m analysis torture`` does all of it and says how many failures there were, which must be none. What failed is
kept under ``build/torture`` and named by its seed, by which it can be had again.
"""
