"""The table form of budgets: an area's institutions, their quotas issued, advanced, shared and cleared for a year."""
