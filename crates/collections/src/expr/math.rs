//! Arithmetic functions. Null gives null; what has no real answer (`sqrt` of -1) gives NaN.

use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, lit};

use super::{ExprExt, ExprOrValue};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        $($(#[$doc])* fn $name(self) -> Expr { expr_fn::$function(self.expr()) })*
    };
}

/// Arithmetic beyond the operators `+ - * / %`.
#[allow(clippy::wrong_self_convention, reason = "every method of an expression consumes it")]
pub trait ExprMath: ExprExt {
    unary! {
        /// Absolute value.
        abs = abs;
        /// Cube root.
        cbrt = cbrt;
        /// e to this power.
        exp = exp;
        /// Natural logarithm.
        ln = ln;
        /// Logarithm to base 2.
        log2 = log2;
        /// Logarithm to base 10.
        log10 = log10;
        /// Largest integer that is not larger.
        floor = floor;
        /// Smallest integer that is not smaller.
        ceil = ceil;
        /// Sine of an angle in radians.
        sin = sin;
        /// Cosine of an angle in radians.
        cos = cos;
        /// Tangent of an angle in radians.
        tan = tan;
        /// Arc sine in radians.
        arcsin = asin;
        /// Arc cosine in radians.
        arccos = acos;
        /// Arc tangent in radians.
        arctan = atan;
        /// Hyperbolic sine.
        sinh = sinh;
        /// Hyperbolic cosine.
        cosh = cosh;
        /// Hyperbolic tangent.
        tanh = tanh;
        /// Inverse hyperbolic sine.
        arcsinh = asinh;
        /// Inverse hyperbolic cosine.
        arccosh = acosh;
        /// Inverse hyperbolic tangent.
        arctanh = atanh;
        /// Radians to degrees.
        degrees = degrees;
        /// Degrees to radians.
        radians = radians;
        /// Whether the value is NaN.
        is_nan = isnan;
    }

    /// Natural logarithm of one more than this, exact near zero; NaN below -1.
    fn log1p(self) -> Expr {
        swath_exec::functions::log1p().call(vec![self.expr()])
    }

    /// One less than e to this power, exact near zero.
    fn expm1(self) -> Expr {
        swath_exec::functions::expm1().call(vec![self.expr()])
    }

    /// -1, 0 or 1.
    fn sign(self) -> Expr {
        swath_exec::functions::sign().call(vec![self.expr()])
    }

    /// Square root; NaN of a negative number.
    fn sqrt(self) -> Expr {
        let value = self.expr();
        // The function underneath fails on a negative number.
        let negative = super::conditional::when(value.clone().lt(lit(0))).then(f64::NAN);
        negative.otherwise(expr_fn::sqrt(value))
    }

    /// Whether the value is not NaN.
    fn is_not_nan(self) -> Expr {
        !expr_fn::isnan(self.expr())
    }

    /// Whether the value is neither NaN nor infinite.
    fn is_finite(self) -> Expr {
        // Inf - Inf and NaN - NaN are NaN; everything else minus itself is 0.
        let value = self.expr();
        !expr_fn::isnan(value.clone() - value)
    }

    /// Whether the value is plus or minus infinity.
    fn is_infinite(self) -> Expr {
        expr_fn::abs(self.expr()).eq(lit(f64::INFINITY))
    }

    /// Rounded to `decimals` digits after the point (before it, if negative); halves go away from zero.
    fn round(self, decimals: i32) -> Expr {
        expr_fn::round(vec![self.expr(), lit(decimals)])
    }

    /// Cut towards zero after `decimals` digits.
    fn trunc(self, decimals: i32) -> Expr {
        expr_fn::trunc(vec![self.expr(), lit(i64::from(decimals))])
    }

    /// Logarithm to `base`.
    fn log(self, base: impl Into<ExprOrValue>) -> Expr {
        expr_fn::log(base.into().0, self.expr())
    }

    /// To the power of `exponent`.
    fn pow(self, exponent: impl Into<ExprOrValue>) -> Expr {
        expr_fn::power(self.expr(), exponent.into().0)
    }

    /// A whole number to the power of a whole number, as one of 64 bits, which wraps around. A negative exponent is an error.
    fn integer_pow(self, exponent: impl Into<ExprOrValue>) -> Expr {
        swath_exec::functions::integer_power().call(vec![self.expr(), exponent.into().0])
    }

    /// The angle in radians of the point (`x`, this).
    fn arctan2(self, x: impl Into<ExprOrValue>) -> Expr {
        expr_fn::atan2(self.expr(), x.into().0)
    }

    /// At least `low` and at most `high`.
    fn clip(self, low: impl Into<ExprOrValue>, high: impl Into<ExprOrValue>) -> Expr {
        let (value, low, high) = (self.expr(), low.into().0, high.into().0);
        let clipped = super::conditional::when(value.clone().lt(low.clone())).then(low);
        clipped.when(value.clone().gt(high.clone())).then(high).otherwise(value)
    }
}

impl ExprMath for Expr {}

/// A random number in [0, 1), different in every row and every run.
pub fn random() -> Expr {
    expr_fn::random()
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{rows, table};

    fn of(expr: Expr) -> String {
        rows(
            &table("SELECT 2.5 AS x, -7 AS i, CAST('NaN' AS DOUBLE) AS n, CAST('Infinity' AS DOUBLE) AS f")
                .select([expr]),
        )
        .remove(0)
    }

    #[test]
    fn functions() {
        assert_eq!(of(col("i").abs()), "7");
        assert_eq!(of(col("x").floor()), "2.0");
        assert_eq!(of(col("x").round(0)), "3.0");
        assert_eq!(of(col("x").pow(2_i64)), "6.25");
        assert_eq!(of(lit(3_i64).integer_pow(39_i64)), "4052555153018976267");
        assert_eq!(of(lit(8.0).log(2.0)), "3.0");
        assert_eq!(of(lit(-1.0).sqrt().is_nan()), "true");
        assert_eq!(of(col("i").clip(-5, 5)), "-5");
        assert_eq!(of(col("x").cast(arrow::datatypes::DataType::Int64)), "2");
        assert_eq!(of(max_horizontal([col("x"), lit(9.0)])), "9.0");
        assert_eq!(of(min_horizontal([col("x"), null()])), "2.5");
    }

    #[test]
    fn nan_and_infinity() {
        assert_eq!(of(col("n").is_nan()), "true");
        assert_eq!(of(col("n").fill_nan(0.0)), "0.0");
        assert_eq!(of(col("n").is_finite()), "false");
        assert_eq!(of(col("f").is_finite()), "false");
        assert_eq!(of(col("f").is_infinite()), "true");
        assert_eq!(of(col("x").is_finite()), "true");
    }
}
