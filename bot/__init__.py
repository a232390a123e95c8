"""The running process: the only folder that knows channels, HTTP and the clock."""

import gc

# The libraries make a million objects that stay, and a group of answers tens of thousands that end
# with it. By default the collector looks through them dozens of times: a tenth of the time to
# start, a quarter of the time to store an answer.
gc.set_threshold(100_000, 20, 20)
