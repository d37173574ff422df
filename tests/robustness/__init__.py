"""What a build must bear: kills at random moments, faults of disks and memory, files that are mutated or heavy."""
