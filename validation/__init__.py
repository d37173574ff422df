"""What the package's intervals and designs find where the truth is known, and the simulator behind it; not shipped."""
