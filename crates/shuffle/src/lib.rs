//! How data moves and where it is held.
