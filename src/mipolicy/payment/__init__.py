"""What the fund owes institutions: one module a way of paying, and what turns points into money."""
