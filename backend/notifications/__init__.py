"""Messages to people: by mail, by SMS and in the portal. One frame for all mails, and each message exactly once.

A feature composes a `Message` from its own texts in four languages and calls `send_once(actor, key, compose)` from an
idempotent job. The key names the message within its tenant. `service.py` is what a member sees of them in the portal.
"""
