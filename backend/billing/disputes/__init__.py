"""Disputes: charges that a customer contests, line by line; the operator decides, a credit note ends what was accepted."""
