//! The elementwise functions: those of the kernels' table, with what the planner must know of them beside.

use std::fmt;
use std::hash::{Hash, Hasher};

use swath_kernels::ufunc::{Gives, TABLE, Takes, Ufunc as Kernel, ufunc};
use swath_kernels::{DType, Operand};

use crate::error::Result;

/// The dtypes with which a function computes, and the dtype that it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The dtype to which each input is cast before.
    pub inputs: Vec<DType>,
    /// The dtype of the result.
    pub output: DType,
}

/// Rough costs of an element in additions, where they are not one.
#[rustfmt::skip] // A table is read by columns.
const COSTS: &[(u32, &[&str])] = &[
    (4, &["divide", "reciprocal", "sqrt"]),
    (8, &["floor_divide", "remainder", "fmod", "cbrt"]),
    (10, &["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
        "arcsinh", "arccosh", "arctanh", "arctan2", "hypot", "logaddexp", "logaddexp2", "nextafter", "sinc", "ldexp",
        "expit"]),
    (20, &["power", "float_power", "angle", "erf", "erfc", "gamma", "lgamma", "digamma", "i0"]),
    (40, &["gcd", "lcm"]),
];

/// An elementwise function of the kernels' table.
#[derive(Clone, Copy)]
pub struct Ufunc(&'static Kernel);

impl Ufunc {
    /// The function of a name, NumPy's or another of its names.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        Ok(Self(ufunc(name)?))
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|function| function.name)
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// How many inputs it takes.
    pub const fn input_count(self) -> usize {
        self.0.arity
    }

    /// Whether it compares two elements.
    pub fn compares(self) -> bool {
        self.0.gives == Gives::Bool && self.0.arity == 2 && self.0.takes == Takes::Common
    }

    /// Rough cost of an element, in additions.
    pub fn cost(self) -> u32 {
        COSTS.iter().find(|(_, names)| names.contains(&self.0.name)).map_or(1, |(cost, _)| *cost)
    }

    /// The dtypes to compute with for inputs of these.
    ///
    /// # Errors
    /// When there are more or fewer inputs than the function takes, they have no common dtype, or it is not defined for it.
    pub fn signature(self, inputs: &[DType]) -> Result<Signature> {
        let operands: Vec<Operand> = inputs.iter().map(|dtype| Operand::Dtype(*dtype)).collect();
        self.resolve(&operands)
    }

    /// The dtypes to compute with for inputs of which some may be bare numbers.
    ///
    /// # Errors
    /// As [`Ufunc::signature`].
    pub fn resolve(self, operands: &[Operand]) -> Result<Signature> {
        let signature = self.0.resolve(operands)?;
        Ok(Signature { inputs: signature.inputs.to_vec(), output: signature.output })
    }
}

impl PartialEq for Ufunc {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Ufunc {}

impl Hash for Ufunc {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Ufunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swath_kernels::TimeUnit::{Day, Second};

    fn output(name: &str, inputs: &[DType]) -> Result<DType> {
        Ufunc::named(name)?.signature(inputs).map(|signature| signature.output)
    }

    #[test]
    fn dtypes_are_numpys() {
        use DType::*;
        for (name, inputs, expected) in [
            ("add", vec![Bool, Bool], Bool),
            ("add", vec![U8, I8], I16),
            ("divide", vec![I8, I8], F64),
            ("exp", vec![I8], F16),
            ("less", vec![I32, F32], Bool),
            ("abs", vec![C128], F64),
            ("power", vec![Bool, Bool], I8),
            ("where", vec![I8, F32, I32], F64),
            ("subtract", vec![Datetime64(Day), Datetime64(Second)], Timedelta64(Second)),
            ("multiply", vec![F64, Timedelta64(Day)], Timedelta64(Day)),
        ] {
            assert_eq!(output(name, &inputs), Ok(expected), "{name} {inputs:?}");
        }
    }

    #[test]
    fn what_is_not_defined_is_told() {
        let message = |name: &str, inputs: &[DType]| output(name, inputs).unwrap_err().to_string();
        assert!(
            message("subtract", &[DType::Bool, DType::Bool]).starts_with("'subtract' is not defined for bool, bool")
        );
        assert_eq!(message("frobnicate", &[]), "there is no elementwise function 'frobnicate'");
        assert_eq!(message("add", &[DType::I8]), "'add' takes 2 operands, 1 were given");
        assert!(output("bitwise_and", &[DType::F64, DType::I8]).is_err());
        assert!(output("add", &[DType::Datetime64(Day), DType::Datetime64(Day)]).is_err());
    }

    #[test]
    fn costs_are_of_known_functions() {
        for (_, names) in COSTS {
            assert!(names.iter().all(|name| Ufunc::names().any(|known| known == *name)), "{names:?}");
        }
        assert_eq!((Ufunc::named("add").unwrap().cost(), Ufunc::named("pow").unwrap().cost()), (1, 20));
        assert!(Ufunc::named("less").unwrap().compares() && !Ufunc::named("isnan").unwrap().compares());
    }
}
