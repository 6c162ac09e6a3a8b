//! Parts of an expression that wait for the table: which columns a selector takes, what `/` means for the types it meets.
//!
//! An expression is made before its table is known. What depends on the table stands in it as a [`Deferred`] function, which
//! [`expand`](super::expand) replaces when a method of a frame receives the expression. No plan ever holds one.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use serde::{Deserialize, Serialize};

use super::horizontal::Horizontal;
use super::naming::Rename;
use super::operators::Operator;
use super::selectors::Selector;

/// What waits for the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deferred {
    /// The columns that a selector takes: the expression around it is repeated for each.
    Columns(Selector),
    /// An operator of Python, whose meaning depends on the types of its operands.
    Operator(Operator),
    /// A function of many values in one row, whose arguments may be selectors.
    Horizontal(Horizontal),
    /// A name made of the name that the expression has without it.
    Rename(Rename),
    /// An expression in SQL.
    Sql(String),
}

impl Deferred {
    /// This, applied to `arguments`.
    pub fn call(self, arguments: Vec<Expr>) -> Expr {
        self.function().call(arguments)
    }

    /// This as a function.
    pub fn function(self) -> Arc<ScalarUDF> {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(ScalarUDF::from(Function { deferred: self, signature }))
    }

    /// What `function` is, if it is one of these.
    pub fn of_function(function: &ScalarUDF) -> Option<&Self> {
        Some(&function.inner().downcast_ref::<Function>()?.deferred)
    }

    /// Whether a function of Python makes a name in `expr`.
    pub fn maps_names(expr: &Expr) -> bool {
        let maps = |node: &Expr| matches!(Self::of(node), Some((Self::Rename(Rename::Map(_)), _)));
        // The closure does not fail.
        expr.exists(|node| Ok(maps(node))).unwrap_or(false)
    }

    /// What waits at the top of `expr`, with its arguments.
    pub fn of(expr: &Expr) -> Option<(&Self, &[Expr])> {
        let Expr::ScalarFunction(call) = expr else { return None };
        Some((Self::of_function(&call.func)?, &call.args))
    }

    /// Whether anything in `expr` waits.
    pub fn is_in(expr: &Expr) -> bool {
        // The closure does not fail.
        expr.exists(|node| Ok(Self::of(node).is_some())).unwrap_or(false)
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    deferred: Deferred,
    signature: Signature,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match &self.deferred {
            Deferred::Columns(_) => "columns",
            Deferred::Operator(operator) => operator.symbol(),
            Deferred::Horizontal(horizontal) => horizontal.name(),
            Deferred::Rename(_) => "name",
            Deferred::Sql(_) => "sql",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    // Reached only if a method of a frame forgot to expand its expressions.
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        plan_err!("'{}' was not resolved against the table; please report this", self.name())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        plan_err!("'{}' was not resolved against the table; please report this", self.name())
    }
}
