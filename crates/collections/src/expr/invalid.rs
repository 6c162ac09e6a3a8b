//! Expressions that carry a mistake, because building one cannot fail.

use std::hash::{Hash, Hasher};

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::Error;

/// Stands where an expression could not be built; [`first_mistake`] finds it before a plan is made of it.
#[derive(Debug)]
struct Mistake {
    error: Error,
    signature: Signature,
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        self.error.to_string() == other.error.to_string()
    }
}

impl Eq for Mistake {}

impl Hash for Mistake {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.error.to_string().hash(state);
    }
}

impl ScalarUDFImpl for Mistake {
    fn name(&self) -> &str {
        "mistake"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    // Reached only if the expression is taken into a plan that was not made by a frame of ours.
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        plan_err!("{}", self.error)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        plan_err!("{}", self.error)
    }
}

/// An expression that carries `error`.
pub(crate) fn mistake(error: Error) -> Expr {
    ScalarUDF::from(Mistake { error, signature: Signature::nullary(Volatility::Immutable) }).call(vec![])
}

/// The first mistake that `expr` carries, if any.
pub(crate) fn first_mistake(expr: &Expr) -> Option<Error> {
    let mut found = None;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        if let Expr::ScalarFunction(function) = node
            && let Some(mistake) = function.func.inner().downcast_ref::<Mistake>()
        {
            found = Some(mistake.error.clone());
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}
