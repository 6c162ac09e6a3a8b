//! Where elements lie: copies between layouts, pieces of arrays put together and cut, indexing, padding.
//!
//! | module | what |
//! |---|---|
//! | [`copy`] | strided copies, blocked where they transpose |
//! | [`arrange`] | assemble, split, concatenate, stack, flip, roll, rot90, tile |
//! | [`index`] | take, gather and scatter by arrays of integers, assignment |
//! | [`mask`] | selection and assignment by boolean masks, nonzero |
//! | `bits` | what flags choose, 64 at a time |
//! | [`mod@pad`] | margins |
//! | [`sequence`] | repeat, diff, index grids |
//! | [`triangle`] | tril, triu, diag, eye |

pub mod arrange;
pub(crate) mod axes;
mod bits;
pub mod copy;
pub mod index;
pub mod mask;
pub mod pad;
pub mod sequence;
pub mod triangle;
pub(crate) mod width;
