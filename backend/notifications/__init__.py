"""Messages of the product: one frame for all of them, and sending each exactly once.

A feature writes `MailContent` (title, paragraphs, a table of facts, one button) from its own `*texts.toml` with all four
languages, and calls `send_once(actor, key, compose)` from a flow. The key names the message within its tenant.
"""
