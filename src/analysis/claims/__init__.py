"""Published claims read, re-derived and examined; and every defensible answer to one question."""
