"""Values read and computed from tables: which rows are meant, and what over them."""
