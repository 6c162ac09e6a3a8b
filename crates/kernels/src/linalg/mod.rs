//! Products and factorisations of matrices. Everything here runs on the calling thread.
//!
//! | module | what |
//! |---|---|
//! | [`mod@matmul`] | products, added to what is there; any dtype |
//! | `skinny` | a large matrix times a few columns, with AVX-512 |
//! | [`integers`] | the products of integers and bool |
//! | [`mod@gram`] | `A.T @ A`: one triangle computed |
//! | [`matrix`] | NumPy arrays as faer's matrices and back; stacks of matrices |
//! | [`factor`] | QR, Cholesky, LU: `qr`, `cholesky`, `inv`, `det`, `slogdet` |
//! | [`mod@solve`] | `solve`, `solve_triangular`, `lstsq` |
//! | [`spectral`] | SVD, eigenvalues of symmetric matrices, pseudo-inverse |
//! | [`general`] | eigenvalues of matrices that are not symmetric |
//! | [`tall`] | QR of tall matrices in row blocks (TSQR) |
//! | [`randomized`] | SVD of low rank from a few products |

pub mod factor;
pub mod general;
pub mod gram;
pub mod integers;
pub mod matmul;
pub mod matrix;
pub mod randomized;
#[cfg(target_arch = "x86_64")]
mod skinny;
pub mod solve;
pub mod spectral;
pub mod tall;

pub use factor::{QrMode, cholesky, det, inv, qr, slogdet};
pub use general::{eig, eigvals};
pub use gram::gram;
pub use matmul::{matmul, multiply_add, sum_of_products};
pub use randomized::randomized_svd;
pub use solve::{LeastSquares, Triangle, lstsq, solve, solve_triangular};
pub use spectral::{eigh, eigvalsh, pinv, singular_values, svd};
pub use tall::combine_r;
