"""“Is it settled for you?”: the customer, not we, says when a case is closed."""
