//! Expressions over columns.
//!
//! | module | what |
//! |---|---|
//! | [`deferred`], [`expand`] | what waits for the table, and how the table gives it its meaning |
//! | [`operators`] | `+`, `/`, `&`, `==`, … by the types they meet |
//! | [`selectors`] | columns by name, pattern and type |
//! | [`horizontal`] | functions of many values in one row |
//! | [`naming`] | names made of names |
//! | [`aggregates`], [`maths`], [`strings`], [`temporal`], [`lists`], [`windows`] | functions by subject |
//! | [`text`] | an expression as people read it |
//! | [`pickle`] | an expression as bytes |

pub mod aggregates;
mod deferred;
pub mod expand;
mod horizontal;
pub mod lists;
pub mod maths;
pub mod naming;
mod operators;
mod pickle;
pub mod selectors;
pub mod strings;
pub mod temporal;
mod text;
pub mod windows;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use swath_collections as sw;
use swath_collections::ExprExt;
use swath_collections::expr::{SortExprExt, conditional, math};

use self::deferred::Deferred;
use self::horizontal::Horizontal;
use self::naming::{Function, Rename};
use self::operators::Operator;
use self::selectors::{Kind, Selector};
use crate::dtypes::DataType;
use crate::errors::raised;

/// An expression.
#[pyclass(module = "swath._internal", frozen)]
#[derive(Clone)]
pub struct Expr {
    pub(crate) expr: sw::Expr,
}

impl From<sw::Expr> for Expr {
    fn from(expr: sw::Expr) -> Self {
        Self { expr }
    }
}

/// The expressions in `expressions`.
pub fn exprs(expressions: Vec<Bound<'_, Expr>>) -> Vec<sw::Expr> {
    expressions.into_iter().map(|expression| expression.get().expr.clone()).collect()
}

/// `expr`, or the mistake in its making as an exception: nobody has to wait for the frame to report it.
pub fn sound(py: Python<'_>, expr: sw::Expr) -> PyResult<Expr> {
    match mistake(&expr) {
        None => Ok(expr.into()),
        Some(message) => Err(raised(py, "InvalidArgumentError", message)),
    }
}

/// What an expression that could not be made carries in its place.
fn mistake(expr: &sw::Expr) -> Option<String> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    use datafusion::error::DataFusionError;
    let mut found = None;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        if let sw::Expr::ScalarFunction(call) = node
            && call.func.name() == "mistake"
            && let Err(error) = call.func.return_type(&[])
        {
            found = Some(match error.find_root() {
                DataFusionError::Plan(message) => message.clone(),
                other => other.to_string(),
            });
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// The column `name`.
#[pyfunction]
pub fn col(name: &str) -> Expr {
    sw::col(name).into()
}

/// The columns that a selector takes: the expression around them is repeated for each.
#[pyfunction]
pub fn columns(selector: &Columns) -> Expr {
    Deferred::Columns(selector.selector.clone()).call(vec![]).into()
}

/// An expression in SQL, over the columns of the table that it is used with.
#[pyfunction]
pub fn sql_expr(text: String) -> Expr {
    Deferred::Sql(text).call(vec![]).into()
}

/// Python's operator `symbol` of one or two operands.
#[pyfunction]
pub fn operator(symbol: &str, operands: Vec<Bound<'_, Expr>>) -> PyResult<Expr> {
    let operator = Operator::of(symbol);
    let operator = operator.ok_or_else(|| PyValueError::new_err(format!("there is no operator '{symbol}'")))?;
    Ok(Deferred::Operator(operator).call(exprs(operands)).into())
}

/// A function of many values in one row.
#[pyfunction]
#[pyo3(signature = (function, values, *, separator=None, ignore_nulls=true))]
pub fn across(
    function: &str,
    values: Vec<Bound<'_, Expr>>,
    separator: Option<String>,
    ignore_nulls: bool,
) -> PyResult<Expr> {
    let found = Horizontal::of(function, separator, ignore_nulls);
    let found = found.ok_or_else(|| PyValueError::new_err(format!("there is no horizontal function '{function}'")))?;
    Ok(Deferred::Horizontal(found).call(exprs(values)).into())
}

/// A choice: the value of the first branch whose condition is true.
#[pyfunction]
#[pyo3(signature = (branches, otherwise=None))]
pub fn when(branches: Vec<(Bound<'_, Expr>, Bound<'_, Expr>)>, otherwise: Option<&Expr>) -> PyResult<Expr> {
    let mut choice: Option<conditional::Then> = None;
    for (condition, value) in branches {
        let (condition, value) = (condition.get().expr.clone(), value.get().expr.clone());
        choice = Some(match choice {
            None => conditional::when(condition).then(value),
            Some(choice) => choice.when(condition).then(value),
        });
    }
    let choice = choice.ok_or_else(|| PyValueError::new_err("when: expected a condition"))?;
    Ok(match otherwise {
        Some(otherwise) => choice.otherwise(otherwise.expr.clone()),
        None => choice.end(),
    }
    .into())
}

/// A random number in [0, 1) in every row.
#[pyfunction]
pub fn random() -> Expr {
    math::random().into()
}

/// A sort key.
#[pyclass(module = "swath._internal", frozen)]
#[derive(Clone)]
pub struct SortKey {
    pub(crate) key: sw::SortExpr,
}

/// The sort keys in `keys`.
pub fn sort_keys(keys: Vec<Bound<'_, SortKey>>) -> Vec<sw::SortExpr> {
    keys.into_iter().map(|key| key.get().key.clone()).collect()
}

#[pymethods]
impl SortKey {
    /// The expression that rows are sorted by.
    #[getter]
    fn expr(&self) -> Expr {
        self.key.expr.clone().into()
    }

    #[getter]
    fn descending(&self) -> bool {
        !self.key.asc
    }

    #[getter]
    fn nulls_last(&self) -> bool {
        !self.key.nulls_first
    }

    fn __repr__(&self) -> String {
        let direction = if self.key.asc { "ASC" } else { "DESC" };
        let nulls = if self.key.nulls_first { "FIRST" } else { "LAST" };
        format!("{} {direction} NULLS {nulls}", text::of(&self.key.expr))
    }
}

/// A selection of columns.
#[pyclass(module = "swath._internal", frozen)]
#[derive(Clone)]
pub struct Columns {
    selector: Selector,
}

#[pymethods]
impl Columns {
    #[staticmethod]
    fn all() -> Self {
        Self { selector: Selector::All }
    }

    #[staticmethod]
    fn names(names: Vec<String>) -> Self {
        Self { selector: Selector::Names(names) }
    }

    #[staticmethod]
    fn pattern(py: Python<'_>, pattern: String) -> PyResult<Self> {
        use crate::errors::IntoPython;
        selectors::matches(&pattern, "").python(py)?;
        Ok(Self { selector: Selector::Pattern(pattern) })
    }

    #[staticmethod]
    fn types(types: Vec<Bound<'_, DataType>>) -> Self {
        Self { selector: Selector::Types(types.into_iter().map(|one| one.get().arrow.clone()).collect()) }
    }

    #[staticmethod]
    fn kind(kind: &str) -> PyResult<Self> {
        let known =
            Kind::of(kind).ok_or_else(|| PyValueError::new_err(format!("there is no kind '{kind}' of types")))?;
        Ok(Self { selector: Selector::Kind(known) })
    }

    #[staticmethod]
    fn position(position: i64) -> Self {
        Self { selector: Selector::Position(position) }
    }

    fn union(&self, other: &Self) -> Self {
        Self { selector: Selector::Or(Box::new(self.selector.clone()), Box::new(other.selector.clone())) }
    }

    fn intersection(&self, other: &Self) -> Self {
        Self { selector: Selector::And(Box::new(self.selector.clone()), Box::new(other.selector.clone())) }
    }

    fn difference(&self, other: &Self) -> Self {
        Self { selector: Selector::Minus(Box::new(self.selector.clone()), Box::new(other.selector.clone())) }
    }
}

#[pymethods]
impl Expr {
    /// Under the name `name`.
    fn alias(&self, name: &str) -> Self {
        self.expr.clone().alias(name).into()
    }

    /// Under a name made of the name it has: by `prefix`, `suffix`, `upper`, `lower`, `keep` or `map`.
    #[pyo3(signature = (how, argument=None))]
    fn rename(&self, how: &str, argument: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        let text = || argument.as_ref().map_or_else(|| Ok(String::new()), |argument| argument.extract::<String>());
        let rename = match how {
            "prefix" => Rename::Prefix(text()?),
            "suffix" => Rename::Suffix(text()?),
            "upper" => Rename::Upper,
            "lower" => Rename::Lower,
            "keep" => Rename::Keep,
            "map" => {
                let function = argument.ok_or_else(|| PyValueError::new_err("name.map: expected a function"))?;
                Rename::Map(Function(function.unbind().into()))
            }
            _ => return Err(PyValueError::new_err(format!("there is no way '{how}' to rename"))),
        };
        Ok(Deferred::Rename(rename).call(vec![self.expr.clone()]).into())
    }

    /// The name of its column.
    fn output_name(&self) -> PyResult<String> {
        if let Some((Deferred::Rename(rename), [inner])) = Deferred::of(&self.expr) {
            let renamed = rename.apply(inner.clone()).map_err(|error| PyValueError::new_err(error.to_string()))?;
            return Ok(naming::output_name(&renamed));
        }
        Ok(naming::output_name(&self.expr))
    }

    /// The names of the columns in it.
    fn root_names(&self) -> Vec<String> {
        naming::columns(&self.expr)
    }

    /// In the type `data_type`; a value that does not fit is an error, or null if not `strict`.
    fn cast(&self, data_type: &DataType, strict: bool) -> Self {
        let (expr, data_type) = (self.expr.clone(), data_type.arrow.clone());
        if strict { ExprExt::cast(expr, data_type) } else { expr.try_cast(data_type) }.into()
    }

    /// The key by which rows are sorted.
    fn sort_key(&self, descending: bool, nulls_last: bool) -> SortKey {
        let key = if descending { self.expr.clone().desc() } else { self.expr.clone().asc() };
        SortKey { key: if nulls_last { key.nulls_last() } else { key.nulls_first() } }
    }

    fn hash(&self) -> Self {
        self.expr.clone().hash().into()
    }

    fn is_null(&self) -> Self {
        self.expr.clone().is_null().into()
    }

    fn is_not_null(&self) -> Self {
        self.expr.clone().is_not_null().into()
    }

    fn is_true(&self) -> Self {
        self.expr.clone().is_true().into()
    }

    fn is_in(&self, values: Vec<Bound<'_, Self>>) -> Self {
        self.expr.clone().is_in(exprs(values)).into()
    }

    fn is_in_frame(&self, py: Python<'_>, frame: &crate::frame::DataFrame) -> PyResult<Self> {
        sound(py, self.expr.clone().is_in_frame(&frame.frame))
    }

    fn eq_missing(&self, other: &Self) -> Self {
        self.expr.clone().eq_missing(other.expr.clone()).into()
    }

    fn fill_nan(&self, value: &Self) -> Self {
        self.expr.clone().fill_nan(value.expr.clone()).into()
    }

    fn null_if(&self, value: &Self) -> Self {
        self.expr.clone().null_if(value.expr.clone()).into()
    }

    fn negate(&self) -> Self {
        (-self.expr.clone()).into()
    }

    /// The field `name` of a struct.
    fn field(&self, name: &str) -> Self {
        self.expr.clone().structure().field(name).into()
    }

    /// Whether it is a constant.
    fn is_literal(&self) -> bool {
        matches!(self.expr, sw::Expr::Literal(..))
    }

    /// Whether it is the constant null.
    fn is_null_literal(&self) -> bool {
        matches!(&self.expr, sw::Expr::Literal(value, _) if value.is_null())
    }

    fn __repr__(&self) -> String {
        text::of(&self.expr)
    }

    /// How `pickle` makes it again.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let make = py.import("swath._internal")?.getattr("unpickled")?;
        Ok((make, (pickle::written(py, &self.expr)?,)))
    }
}

/// The functions of this module, and the classes.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Expr>()?;
    module.add_class::<SortKey>()?;
    module.add_class::<Columns>()?;
    for function in [
        wrap_pyfunction!(col, module)?,
        wrap_pyfunction!(columns, module)?,
        wrap_pyfunction!(sql_expr, module)?,
        wrap_pyfunction!(operator, module)?,
        wrap_pyfunction!(across, module)?,
        wrap_pyfunction!(when, module)?,
        wrap_pyfunction!(random, module)?,
        wrap_pyfunction!(pickle::unpickled, module)?,
        wrap_pyfunction!(maths::math, module)?,
        wrap_pyfunction!(maths::math_with, module)?,
        wrap_pyfunction!(aggregates::aggregate, module)?,
        wrap_pyfunction!(aggregates::aggregate_with, module)?,
        wrap_pyfunction!(aggregates::extremes, module)?,
        wrap_pyfunction!(aggregates::shape, module)?,
        wrap_pyfunction!(aggregates::count_all, module)?,
        wrap_pyfunction!(aggregates::ordered, module)?,
        wrap_pyfunction!(strings::text, module)?,
        wrap_pyfunction!(strings::text_with, module)?,
        wrap_pyfunction!(strings::text_counted, module)?,
        wrap_pyfunction!(strings::text_to_integer, module)?,
        wrap_pyfunction!(strings::json_decode, module)?,
        wrap_pyfunction!(temporal::time, module)?,
        wrap_pyfunction!(temporal::time_with, module)?,
        wrap_pyfunction!(temporal::replace_time_zone, module)?,
        wrap_pyfunction!(temporal::now, module)?,
        wrap_pyfunction!(temporal::today, module)?,
        wrap_pyfunction!(temporal::duration, module)?,
        wrap_pyfunction!(lists::of_list, module)?,
        wrap_pyfunction!(lists::list_with, module)?,
        wrap_pyfunction!(lists::list_slice, module)?,
        wrap_pyfunction!(lists::struct_renamed, module)?,
        wrap_pyfunction!(lists::list_spread, module)?,
        wrap_pyfunction!(lists::list_gather, module)?,
        wrap_pyfunction!(lists::list_sort, module)?,
        wrap_pyfunction!(lists::element, module)?,
        wrap_pyfunction!(lists::int_ranges, module)?,
        wrap_pyfunction!(windows::window_function, module)?,
        wrap_pyfunction!(windows::ntile, module)?,
        wrap_pyfunction!(windows::over, module)?,
        wrap_pyfunction!(windows::shift, module)?,
        wrap_pyfunction!(windows::cumulative, module)?,
        wrap_pyfunction!(windows::ewm, module)?,
        wrap_pyfunction!(windows::fill, module)?,
        wrap_pyfunction!(windows::rank_values, module)?,
        wrap_pyfunction!(windows::rolling_rows, module)?,
        wrap_pyfunction!(windows::rolling_time, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}
