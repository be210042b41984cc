"""Ways to answer, one file each; ``genwright.answers`` chooses among them."""
