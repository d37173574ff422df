"""From a cohort to estimates: life tables and what is computed from them."""
