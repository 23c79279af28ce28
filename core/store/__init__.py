"""The store: tables, the two engines they run on, and what is counted and elected in them."""
