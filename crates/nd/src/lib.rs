//! The lazy n-d array that a user holds: NumPy's surface over array expressions, computed chunk by chunk within a limit of memory.
//!
//! [`Arrays`] is the context: it makes arrays and runs them on its engine. An [`Array`] is an expression; operators and methods make new
//! ones and compute nothing, [`Array::compute`] runs. Small arrays of one chunk are computed at once, without a plan.
//!
//! ```
//! use swath_nd::{Arrays, ReduceOptions, s};
//!
//! let arrays = Arrays::embedded();
//! let x = arrays.random(7).normal(10.0, 2.0, [1000, 4]);
//! let z = (&x - x.mean(0)) / x.std(ReduceOptions::over(0).ddof(1));
//! let far = z.slice(s![&z.abs().gt(3.0).any(1)]);
//! assert!(far.shape()?[0] < 50);
//! # Ok::<(), swath_nd::Error>(())
//! ```
//!
//! | module | what |
//! |---|---|
//! | `context`, `array`, `operand`, `axes` | where arrays run; arrays; what stands beside them |
//! | `create`, `coordinates`, [`random`], `interchange` | arrays from nothing, functions, chance, memory and `ndarray` |
//! | `operators`, `ufuncs` | elementwise functions |
//! | `reduce`, `scan`, [`statistics`], [`bins`], [`covariance`] | reductions, running results, quantiles, counts, covariances |
//! | `order`, [`unique`] | sorting, distinct elements |
//! | `layout`, [`join`], `edit`, [`pad`], [`index`] | shapes, joining and cutting, margins, indexing and assignment |
//! | `standard` | names that the Array API standard gives, where they are not NumPy's old ones |
//! | [`products`], [`linalg`], `fft` | products, factorisations, Fourier transforms |
//! | [`functions`] | functions of the user's over blocks |
//! | `files`, `store` | npy, npz, Zarr and raw files; any source and sink |
//! | `html` | how a notebook shows an array |
//! | `run`, `direct`, `resolve` | running, small arrays at once, lengths that masks make |
//! | [`error`] | what goes wrong |

mod array;
mod axes;
pub mod bins;
mod context;
mod coordinates;
pub mod covariance;
mod create;
mod direct;
mod edit;
pub mod error;
mod fft;
mod files;
pub mod functions;
mod html;
pub mod index;
mod interchange;
pub mod join;
mod layout;
pub mod linalg;
mod operand;
mod operators;
mod order;
pub mod pad;
pub mod products;
pub mod random;
mod reduce;
mod resolve;
mod run;
mod scan;
mod standard;
pub mod statistics;
mod store;
mod ufuncs;
pub mod unique;

pub use array::Array;
pub use axes::{Axes, NewShape, Shape};
pub use bins::BinRule;
pub use context::{Arrays, ArraysBuilder, Chunks};
pub use coordinates::Indexing;
pub use covariance::Covariance;
pub use create::Step;
pub use error::{Error, Result};
pub use files::save_npz;
pub use functions::{Blockwise, Fold, apply_gufunc, map_blocks};
pub use index::{Index, Part, select};
pub use interchange::{from_ndarray, to_ndarray, view_ndarray};
pub use join::{Cuts, Nested, block, column_stack, concatenate, dstack, hstack, stack, vstack};
pub use layout::broadcast_arrays;
pub use linalg::{LeastSquares, NormKind};
pub use operand::Operand;
pub use pad::PadMode;
pub use products::{einsum, multi_dot};
pub use random::Random;
pub use reduce::ReduceOptions;
pub use run::{compute_all, persist_all};
pub use standard::concat;
pub use statistics::Bins;
pub use store::store_all;
pub use ufuncs::ufunc;
pub use unique::Unique;

pub use swath_array_io as io;
pub use swath_arrays::expr::op::{Boundary, QuantileMethod};
pub use swath_arrays::{
    Argument, ArrayError, ArraySink, ArraySource, AxisSpec, BlockContext, ChunkGrid, ChunkSpec, Reduction,
};
pub use swath_blocks::{Cancel, Engine, Progress};
pub use swath_kernels as kernels;
pub use swath_kernels::fft::Norm;
pub use swath_kernels::{Complex, DType, Element, NdArray, Scalar, SliceSpec, TimeUnit, f16};
