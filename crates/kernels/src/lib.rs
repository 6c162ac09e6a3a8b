//! Pure array kernels: what one processor does with the elements of one chunk. Nothing here knows of plans, threads or files.
//!
//! | module | what |
//! |---|---|
//! | [`dtype`], [`element`] | element types, and their Rust types |
//! | [`promotion`], [`cast`] | which dtype holds two; one value as another type |
//! | [`scalar`], [`time`] | one value of any dtype; dates between units |
//! | [`shape`], [`strided`] | shapes, axes, strides, and loops over them |
//! | [`ndarray`], [`slicing`] | arrays and views, basic indexing |
//! | [`isa`] | loops compiled for several instruction sets |
//! | [`memory`] | the memory of large results |
//! | [`math`] | elementary functions that vectorise |
//! | [`ufunc`] | the table of elementwise functions |
//! | [`fused`] | many elementwise functions in one pass |
//! | [`reduce`] | reductions as states that merge, cumulative functions |
//! | [`layout`] | copies, assembling, indexing, padding |
//! | [`order`] | sorting, quantiles, counting |
//! | [`linalg`] | products and factorisations of matrices |
//! | [`fft`] | discrete Fourier transforms |
//! | [`random`] | random arrays, the same for any chunks |
//! | [`error`] | what goes wrong |

pub mod cast;
pub mod dtype;
pub mod element;
pub mod error;
pub mod fft;
pub mod fused;
pub mod isa;
pub mod layout;
pub mod linalg;
pub mod math;
pub mod memory;
pub mod ndarray;
pub mod order;
pub mod promotion;
pub mod random;
pub mod reduce;
pub mod scalar;
pub mod shape;
pub mod slicing;
pub mod strided;
pub mod time;
pub mod ufunc;

pub use dtype::{DType, Kind, TimeUnit};
pub use element::Element;
pub use error::{KernelError, Result};
pub use half::f16;
pub use ndarray::NdArray;
pub use num_complex::Complex;
pub use promotion::{Casting, Operand, can_cast, promote, result_dtype};
pub use scalar::{NAT, Scalar};
pub use shape::{Dims, Strides, broadcast_shapes, element_count, normalize_axes, normalize_axis};
pub use slicing::SliceSpec;
