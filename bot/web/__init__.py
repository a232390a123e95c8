"""What people see in a browser: the survey page and the local console."""
