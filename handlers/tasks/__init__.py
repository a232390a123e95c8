"""Work with customers beside cases: tasks, calls, renewals and offers to repair."""
