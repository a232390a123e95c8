"""What is learned from many answers, and telling customers what was done with them."""
