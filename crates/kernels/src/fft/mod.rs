//! Discrete Fourier transforms along the axes of arrays, with NumPy's conventions.
//!
//! `float16`, `float32` and `complex64` are transformed in single precision to `complex64`, everything else in double.
//! The transforms themselves are RustFFT's (any length in O(n log n)); plans are kept per thread.
//!
//! | module | what |
//! |---|---|
//! | [`plans`] | RustFFT's plans for both precisions |
//! | [`axis`] | `fft`, `ifft`, `rfft`, `irfft`, `hfft`, `ihfft` along an axis |
//! | [`axes`] | the n-dimensional forms |
//! | [`frequencies`] | `fftfreq`, `rfftfreq`, `fftshift`, `ifftshift` |

pub mod axes;
pub mod axis;
pub mod frequencies;
pub mod plans;

pub use axes::{fftn, ifftn, irfftn, rfftn};
pub use axis::{Norm, fft, hfft, ifft, ihfft, irfft, rfft};
pub use frequencies::{fftfreq, fftshift, ifftshift, rfftfreq};
