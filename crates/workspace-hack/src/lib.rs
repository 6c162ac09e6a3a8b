//! Holds no code. See `Cargo.toml` beside it, and "Build time" in `docs/development.md`.
