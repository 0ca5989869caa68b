"""Analysis of what invoices charge: by month, plan, cost centre, customer number and number; lines that nobody uses."""
