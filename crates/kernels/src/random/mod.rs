//! Random arrays whose numbers do not depend on their chunks: element `i` (in C order of the whole array) is a function of
//! the seed, the stream and `i`, so that chunks can be made in any order, anywhere, and again after a failure.
//!
//! | module | what |
//! |---|---|
//! | [`philox`] | the generator: 64 bits for each index |
//! | [`uniform`], [`normal`] | floats and integers, normal and exponential numbers |
//! | [`discrete`], [`poisson`] | positions by weight, counts |
//! | [`permutation`] | orders of which any part can be computed alone |
//! | [`mod@array`] | blocks of arrays drawn from any of these |

pub mod array;
pub mod discrete;
pub mod normal;
pub mod permutation;
pub mod philox;
pub mod poisson;
#[cfg(test)]
mod statistics;
pub mod uniform;

pub use array::Distribution;
pub use philox::Key;
