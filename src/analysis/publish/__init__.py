"""From executed notebooks to a site that is safe to show."""
