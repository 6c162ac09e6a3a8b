//! `sign(number)`: what DataFusion calls `signum`, by the name that it has in other dialects, too.

use std::sync::{Arc, LazyLock};

use datafusion::functions::math::signum;
use datafusion::logical_expr::ScalarUDF;

/// The function, by both names.
pub fn sign() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(signum().as_ref().clone().with_aliases(["sign"])));
    Arc::clone(&FUNCTION)
}
