"""One test module per benefit room."""
