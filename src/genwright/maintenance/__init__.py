"""What an operator does: check, back up, restore, erase, reclaim."""
