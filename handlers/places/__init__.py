"""What becomes of the places where cards go: shared, closed, renamed, and what stood there."""
