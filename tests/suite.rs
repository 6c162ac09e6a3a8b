//! The integration tests, in one binary: each links the whole engine.

#[path = "suite/asof_join.rs"]
mod asof_join;
#[path = "suite/generated_docs.rs"]
mod generated_docs;
#[path = "suite/house.rs"]
mod house;
#[path = "suite/memory.rs"]
mod memory;
