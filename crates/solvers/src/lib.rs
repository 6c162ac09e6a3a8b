//! Matrix factorisations and Fourier transforms for `f32`, `f64` and their complex numbers.
//!
//! faer, rustfft and realfft are generic: they are compiled wherever they are used, and that takes longer than all of the kernels'
//! own loops. Here it is done once, behind functions of fixed types; the crate above changes often, this one seldom.
//!
//! | module | what |
//! |---|---|
//! | [`factorise`] | QR, Cholesky, LU, SVD, eigenvalues, triangular equations |
//! | [`general`] | eigenvalues of matrices that are not symmetric |
//! | [`transform`] | plans of Fourier transforms |

pub mod factorise;
pub mod general;
pub mod transform;

pub use factorise::Factorise;
pub use faer::traits::ComplexField;
pub use faer::{Mat, MatMut, MatRef};
pub use general::Decompose;
pub use realfft::{ComplexToReal, RealToComplex};
pub use rustfft::{Fft, FftNum};
pub use transform::Transform;
