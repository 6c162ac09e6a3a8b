//! Fourier transforms.

use pyo3::prelude::*;
use swath_collections::nd::Norm;

use super::error::invalid;
use super::{Array, made};

fn normed(py: Python<'_>, norm: &str) -> PyResult<Norm> {
    match norm {
        "backward" => Ok(Norm::Backward),
        "ortho" => Ok(Norm::Ortho),
        "forward" => Ok(Norm::Forward),
        other => Err(invalid(py, format!("there is no norm '{other}'; expected 'backward', 'ortho' or 'forward'"))),
    }
}

/// `fft`, `ifft`, `rfft`, `irfft`, `hfft`, `ihfft`.
#[pyfunction]
fn along(py: Python<'_>, name: &str, array: &Array, length: Option<usize>, axis: isize, norm: &str) -> PyResult<Array> {
    let norm = normed(py, norm)?;
    let own = &array.array;
    made(py, || match name {
        "fft" => own.fft(length, axis, norm),
        "ifft" => own.ifft(length, axis, norm),
        "rfft" => own.rfft(length, axis, norm),
        "irfft" => own.irfft(length, axis, norm),
        "hfft" => own.hfft(length, axis, norm),
        _ => own.ihfft(length, axis, norm),
    })
}

/// `fftn`, `ifftn`, `rfftn`, `irfftn`.
#[pyfunction]
fn over(
    py: Python<'_>,
    name: &str,
    array: &Array,
    lengths: Option<Vec<usize>>,
    axes: Option<Vec<isize>>,
    norm: &str,
) -> PyResult<Array> {
    let norm = normed(py, norm)?;
    let (own, lengths, axes) = (&array.array, lengths.as_deref(), axes.as_deref());
    made(py, || match name {
        "fftn" => own.fftn(lengths, axes, norm),
        "ifftn" => own.ifftn(lengths, axes, norm),
        "rfftn" => own.rfftn(lengths, axes, norm),
        _ => own.irfftn(lengths, axes, norm),
    })
}

/// `fftshift`, `ifftshift`.
#[pyfunction]
fn shift(py: Python<'_>, array: &Array, axes: Option<Vec<isize>>, back: bool) -> PyResult<Array> {
    let axes = axes.as_deref();
    made(py, || if back { array.array.ifftshift(axes) } else { array.array.fftshift(axes) })
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let own = PyModule::new(module.py(), "swath._internal.array.fft")?;
    own.add_function(wrap_pyfunction!(along, &own)?)?;
    own.add_function(wrap_pyfunction!(over, &own)?)?;
    own.add_function(wrap_pyfunction!(shift, &own)?)?;
    module.add("fft", own)
}
