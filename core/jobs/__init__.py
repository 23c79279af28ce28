"""The path driven by the clock: dispatching, housekeeping, and who is elected to do them."""
