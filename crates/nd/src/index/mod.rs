//! Indexing: integers, slices, new axes, integer arrays over several axes, boolean masks, assignment.
//!
//! | module | what |
//! |---|---|
//! | `parts` | the parts of an index, the macro [`s!`](crate::s) |
//! | `get` | `slice`, `vindex`, `blocks` |
//! | `set` | assignment |
//! | `pick` | `take`, `where`, `nonzero`, `select` and the like |

mod get;
mod parts;
mod pick;
mod set;

pub use parts::{Index, Part};
pub use pick::select;
