//! Where elements lie: copies between layouts, pieces of arrays put together and cut, indexing, padding.
//!
//! | module | what |
//! |---|---|
//! | [`copy`] | strided copies, blocked where they transpose |
//! | [`arrange`] | assemble, split, concatenate, stack, flip, roll, tile |

pub mod arrange;
pub(crate) mod axes;
pub mod copy;

pub(crate) mod width;
