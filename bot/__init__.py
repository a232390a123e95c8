"""The running process: the only folder that knows channels, HTTP and the clock."""
