//! Names made of names: `.name.suffix("_sum")`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};
use swath_collections as sw;

/// How a name changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Rename {
    /// Something before it.
    Prefix(String),
    /// Something after it.
    Suffix(String),
    /// In capitals.
    Upper,
    /// In small letters.
    Lower,
    /// The name of the first column, whatever aliases stand between.
    Keep,
    /// Whatever a function of Python makes of it.
    Map(Function),
}

/// A function of Python over names.
#[derive(Clone, Debug)]
pub struct Function(pub Arc<Py<PyAny>>);

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ptr() == other.0.as_ptr()
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_ptr().hash(state);
    }
}

impl Rename {
    /// `expr` under its new name.
    pub fn apply(&self, expr: Expr) -> sw::Result<Expr> {
        let name = output_name(&expr);
        let name = match self {
            Self::Prefix(prefix) => format!("{prefix}{name}"),
            Self::Suffix(suffix) => format!("{name}{suffix}"),
            Self::Upper => name.to_uppercase(),
            Self::Lower => name.to_lowercase(),
            Self::Keep => root(&expr).unwrap_or(name),
            Self::Map(function) => {
                let made = Python::attach(|py| function.0.call1(py, (&name,))?.extract::<String>(py));
                made.map_err(|error| sw::Error::invalid("name.map", format!("the name '{name}': {error}")))?
            }
        };
        Ok(expr.unalias().alias(name))
    }
}

/// The name that a frame gives the column of `expr`.
pub fn output_name(expr: &Expr) -> String {
    // A struct's fields are named as a frame's columns are, and the function's first argument is the name.
    let named = sw::expr::structure::struct_of([expr.clone()]);
    match named {
        Expr::ScalarFunction(call) => match call.args.into_iter().next() {
            Some(Expr::Literal(ScalarValue::Utf8(Some(name)), _)) => name,
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// The name of the first column in `expr`.
fn root(expr: &Expr) -> Option<String> {
    columns(expr).into_iter().next()
}

/// The names of the columns in `expr`, each once, in the order in which they stand there.
pub fn columns(expr: &Expr) -> Vec<String> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut names = vec![];
    // The closure does not fail.
    let _ = expr.apply(|node| {
        if let Expr::Column(column) = node
            && !names.contains(&column.name)
        {
            names.push(column.name.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    names
}
