"""Why an invoice differs from the one before: causes that add up exactly to the difference."""
