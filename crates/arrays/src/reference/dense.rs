//! Linear algebra and Fourier transforms of whole blocks: the kernels, which are held against NumPy where they are.

use swath_kernels::NdArray;
use swath_kernels::fft::{self, Norm};
use swath_kernels::linalg::{self, QrMode, Triangle};

use crate::error::Result;
use crate::expr::op::{Fft, Linalg};

/// A function of linear algebra.
pub(super) fn algebra(function: Linalg, inputs: &[NdArray]) -> Result<NdArray> {
    let first = &inputs[0];
    Ok(match function {
        Linalg::QrQ => linalg::qr(first, QrMode::Reduced)?.0.unwrap(),
        Linalg::QrR => linalg::qr(first, QrMode::R)?.1,
        Linalg::SvdU => linalg::svd(first, false)?.0,
        Linalg::SvdS => linalg::singular_values(first)?,
        Linalg::SvdVt => linalg::svd(first, false)?.2,
        Linalg::Cholesky => linalg::cholesky(first)?,
        Linalg::Solve => linalg::solve(first, &inputs[1])?.reshape(inputs[1].shape())?,
        Linalg::SolveTriangular { lower } => {
            linalg::solve_triangular(first, &inputs[1], Triangle { lower, unit: false })?
        }
        Linalg::Lstsq => linalg::lstsq(first, &inputs[1], None)?.solution,
        Linalg::Inv => linalg::inv(first)?,
        Linalg::Det => linalg::det(first)?,
        Linalg::EighValues => linalg::eigvalsh(first, true)?,
        Linalg::EighVectors => linalg::eigh(first, true)?.1,
    })
}

/// A Fourier transform.
pub(super) fn transform(function: Fft, input: &NdArray, axis: usize, length: usize) -> Result<NdArray> {
    let (axis, length) = (axis as isize, Some(length));
    Ok(match function {
        Fft::Forward => fft::fft(input, length, axis, Norm::Backward)?,
        Fft::Inverse => fft::ifft(input, length, axis, Norm::Backward)?,
        Fft::RealForward => fft::rfft(input, length, axis, Norm::Backward)?,
        Fft::RealInverse => fft::irfft(input, length, axis, Norm::Backward)?,
    })
}
