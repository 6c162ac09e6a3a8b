//! Products and factorisations.

use pyo3::prelude::*;
use swath_collections::nd::{self, NormKind};

use super::error::invalid;
use super::{Array, borrowed, made, several, tried, wrapped};

/// `matmul`, `dot`, `vdot`, `inner`, `outer`, `kron`.
#[pyfunction]
fn product(py: Python<'_>, name: &str, left: &Array, right: &Array) -> PyResult<Array> {
    let (left, right) = (&left.array, &right.array);
    made(py, || match name {
        "matmul" => left.matmul(right),
        "dot" => left.dot(right),
        "vdot" => left.vdot(right),
        "inner" => left.inner(right),
        "outer" => left.outer(right),
        _ => left.kron(right),
    })
}

#[pyfunction]
fn tensordot(py: Python<'_>, left: &Array, right: &Array, own: Vec<isize>, other: Vec<isize>) -> PyResult<Array> {
    made(py, || left.array.tensordot(&right.array, &own, &other))
}

#[pyfunction]
fn einsum(py: Python<'_>, subscripts: &str, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Array> {
    let arrays = borrowed(&arrays);
    let made = tried(py, || nd::einsum(subscripts, &arrays))?;
    wrapped(py, made)
}

#[pyfunction]
fn multi_dot(py: Python<'_>, arrays: Vec<PyRef<'_, Array>>) -> PyResult<Array> {
    let arrays = borrowed(&arrays);
    let made = tried(py, || nd::multi_dot(&arrays))?;
    wrapped(py, made)
}

#[pyfunction]
fn matrix_power(py: Python<'_>, array: &Array, power: i32) -> PyResult<Array> {
    made(py, || array.array.matrix_power(power))
}

/// What has one array as a result: `cholesky`, `inv`, `pinv`, `det`, `eigvals`, `eigvalsh`, `svdvals`, `matrix_rank`.
#[pyfunction]
fn factor(py: Python<'_>, name: &str, array: &Array) -> PyResult<Array> {
    let own = &array.array;
    made(py, || match name {
        "cholesky" => own.cholesky(),
        "inv" => own.inv(),
        "pinv" => own.pinv(),
        "det" => own.det(),
        "eigvals" => own.eigvals(),
        "eigvalsh" => own.eigvalsh(),
        "svdvals" => own.svdvals(),
        _ => own.matrix_rank(),
    })
}

/// What has several: `qr`, `qr_complete`, `svd`, `svd_full`, `eigh`, `eig`, `slogdet`.
#[pyfunction]
fn factors(py: Python<'_>, name: &str, array: &Array) -> PyResult<Vec<Array>> {
    let own = &array.array;
    let made = py.detach(|| match name {
        "qr" => <[nd::Array; 2]>::from(own.qr()).to_vec(),
        "qr_complete" => <[nd::Array; 2]>::from(own.qr_complete()).to_vec(),
        "svd" => <[nd::Array; 3]>::from(own.svd()).to_vec(),
        "svd_full" => <[nd::Array; 3]>::from(own.svd_full()).to_vec(),
        "eigh" => <[nd::Array; 2]>::from(own.eigh()).to_vec(),
        "eig" => <[nd::Array; 2]>::from(own.eig()).to_vec(),
        _ => <[nd::Array; 2]>::from(own.slogdet()).to_vec(),
    });
    several(py, made)
}

#[pyfunction]
fn svd_compressed(py: Python<'_>, array: &Array, rank: usize, iterations: usize, seed: u64) -> PyResult<Vec<Array>> {
    let (u, s, vt) = py.detach(|| array.array.svd_compressed(rank, iterations, seed));
    several(py, [u, s, vt])
}

#[pyfunction]
fn solve(py: Python<'_>, matrix: &Array, right: &Array) -> PyResult<Array> {
    made(py, || matrix.array.solve(&right.array))
}

#[pyfunction]
fn solve_triangular(py: Python<'_>, matrix: &Array, right: &Array, lower: bool) -> PyResult<Array> {
    made(py, || matrix.array.solve_triangular(&right.array, lower))
}

#[pyfunction]
#[pyo3(signature = (matrix, right, relative))]
fn lstsq(py: Python<'_>, matrix: &Array, right: &Array, relative: Option<f64>) -> PyResult<Vec<Array>> {
    let found = py.detach(|| matrix.array.lstsq_within(&right.array, relative));
    several(py, [found.solution, found.residuals, found.rank, found.singular_values])
}

/// A norm: `None` for the root of squares, `"fro"`, `"nuc"`, or a number.
#[pyfunction]
fn norm(
    py: Python<'_>,
    array: &Array,
    order: Option<&Bound<'_, PyAny>>,
    axes: Option<Vec<isize>>,
    keepdims: bool,
) -> PyResult<Array> {
    let kind = match order {
        None => NormKind::Frobenius,
        Some(order) => match order.extract::<f64>() {
            Ok(power) => NormKind::P(power),
            Err(_) => match order.extract::<String>()?.as_str() {
                "fro" => NormKind::Frobenius,
                "nuc" => NormKind::Nuclear,
                other => {
                    return Err(invalid(py, format!("there is no norm '{other}'; expected 'fro', 'nuc' or a number")));
                }
            },
        },
    };
    made(py, || match axes {
        None => array.array.norm(kind, (), keepdims),
        Some(axes) => array.array.norm(kind, axes, keepdims),
    })
}

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(product, module)?)?;
    module.add_function(wrap_pyfunction!(tensordot, module)?)?;
    module.add_function(wrap_pyfunction!(einsum, module)?)?;
    module.add_function(wrap_pyfunction!(multi_dot, module)?)?;
    module.add_function(wrap_pyfunction!(matrix_power, module)?)?;
    module.add_function(wrap_pyfunction!(factor, module)?)?;
    module.add_function(wrap_pyfunction!(factors, module)?)?;
    module.add_function(wrap_pyfunction!(svd_compressed, module)?)?;
    module.add_function(wrap_pyfunction!(solve, module)?)?;
    module.add_function(wrap_pyfunction!(solve_triangular, module)?)?;
    module.add_function(wrap_pyfunction!(lstsq, module)?)?;
    module.add_function(wrap_pyfunction!(norm, module)?)
}
