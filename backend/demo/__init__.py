"""The demo: three invented customers of an invented reseller, and the processes that serve them."""
