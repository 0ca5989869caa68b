"""Order kinds: what each request asks, what it changes on a line, and what it costs. One module each."""
