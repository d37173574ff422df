"""What a build must bear: kills at random moments, faults of disks, memory and clocks, heavy files and mutated ones."""
