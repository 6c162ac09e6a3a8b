//! Arithmetic functions.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::ExprMath;

use super::{Expr, exprs};

/// The function `name` of a number.
#[pyfunction]
pub fn math(name: &str, value: &Expr) -> PyResult<Expr> {
    let value = value.expr.clone();
    Ok(match name {
        "abs" => value.abs(),
        "sign" => value.sign(),
        "sqrt" => value.sqrt(),
        "cbrt" => value.cbrt(),
        "exp" => value.exp(),
        "ln" => value.ln(),
        "log2" => value.log2(),
        "log10" => value.log10(),
        "log1p" => value.log1p(),
        "expm1" => value.expm1(),
        "floor" => value.floor(),
        "ceil" => value.ceil(),
        "sin" => value.sin(),
        "cos" => value.cos(),
        "tan" => value.tan(),
        "arcsin" => value.arcsin(),
        "arccos" => value.arccos(),
        "arctan" => value.arctan(),
        "sinh" => value.sinh(),
        "cosh" => value.cosh(),
        "tanh" => value.tanh(),
        "arcsinh" => value.arcsinh(),
        "arccosh" => value.arccosh(),
        "arctanh" => value.arctanh(),
        "degrees" => value.degrees(),
        "radians" => value.radians(),
        "is_nan" => value.is_nan(),
        "is_not_nan" => value.is_not_nan(),
        "is_finite" => value.is_finite(),
        "is_infinite" => value.is_infinite(),
        _ => return Err(unknown(name)),
    }
    .into())
}

/// The function `name` of a number and further arguments: expressions, or digits after the point.
#[pyfunction]
#[pyo3(signature = (name, value, arguments, decimals=0))]
pub fn math_with(name: &str, value: &Expr, arguments: Vec<Bound<'_, Expr>>, decimals: i32) -> PyResult<Expr> {
    use datafusion::logical_expr::{Operator, binary_expr};
    let (value, arguments) = (value.expr.clone(), exprs(arguments));
    let bits = |operator, other: &sw::Expr| binary_expr(value.clone(), operator, other.clone());
    Ok(match (name, arguments.as_slice()) {
        ("round", []) => value.round(decimals),
        ("trunc", []) => value.trunc(decimals),
        ("log", [base]) => value.log(base.clone()),
        ("arctan2", [x]) => value.arctan2(x.clone()),
        ("clip", [low, high]) => value.clip(low.clone(), high.clone()),
        ("bitwise_and", [other]) => bits(Operator::BitwiseAnd, other),
        ("bitwise_or", [other]) => bits(Operator::BitwiseOr, other),
        ("bitwise_xor", [other]) => bits(Operator::BitwiseXor, other),
        ("bitwise_left_shift", [other]) => bits(Operator::BitwiseShiftLeft, other),
        ("bitwise_right_shift", [other]) => bits(Operator::BitwiseShiftRight, other),
        _ => return Err(unknown(name)),
    }
    .into())
}

fn unknown(name: &str) -> PyErr {
    PyValueError::new_err(format!("there is no function '{name}' of numbers with these arguments"))
}
