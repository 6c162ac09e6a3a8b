//! The elementwise functions: names, numbers of inputs, and which dtypes they compute with.

use std::fmt;
use std::hash::{Hash, Hasher};

use swath_kernels::{DType, KernelError, Kind, promote};

use super::reduction::float_result;
use crate::error::{ArrayError, Result};

/// The dtypes with which a function computes, and the dtype that it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The dtype to which each input is cast before.
    pub inputs: Vec<DType>,
    /// The dtype of the result.
    pub output: DType,
}

/// How a function's dtypes follow from those of its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Numbers to their common dtype; `bool` stays where the function has a form for it.
    Arithmetic,
    /// As arithmetic, but there is none for `bool`.
    NotBool,
    /// As arithmetic, with `bool` computed as `int8`.
    BoolAsInteger,
    /// Dates and durations take part: sums.
    Add,
    /// Differences.
    Subtract,
    /// Durations times numbers.
    Multiply,
    /// Integers become `float64`.
    Divide,
    /// Integers become the float that holds them.
    Float,
    /// As `Float`, without complex numbers.
    RealFloat,
    /// Two of any to their common dtype, giving `bool`.
    Compare,
    /// Truth values of anything.
    Logical,
    /// `bool` and integers.
    Bits,
    /// Integers.
    Shift,
    /// Tests of one value, giving `bool`.
    Test,
    /// The magnitude: real for complex numbers.
    Magnitude,
    /// Real, imaginary part.
    Part,
    /// The angle.
    Angle,
    /// Rounding: integers stay.
    Round,
    /// A condition and two of a common dtype.
    Where,
    /// All of a common dtype, dates too.
    Same,
    /// Whether a date is missing.
    IsNat,
}

/// One row of the table of functions.
#[derive(Debug)]
struct Row {
    name: &'static str,
    inputs: usize,
    rule: Rule,
    /// Rough cost of an element in additions.
    cost: u32,
}

macro_rules! rows {
    ($($rule:ident $inputs:literal cost $cost:literal: $($name:literal)*;)*) => {
        &[$($(Row { name: $name, inputs: $inputs, rule: Rule::$rule, cost: $cost },)*)*]
    };
}

/// Every elementwise function. Names are NumPy's.
static TABLE: &[Row] = rows! {
    Add 2 cost 1: "add";
    Subtract 2 cost 1: "subtract";
    Multiply 2 cost 1: "multiply";
    Divide 2 cost 4: "divide";
    BoolAsInteger 2 cost 8: "floor_divide" "remainder" "fmod";
    BoolAsInteger 2 cost 20: "power";
    Same 2 cost 1: "maximum" "minimum" "fmax" "fmin";
    Compare 2 cost 1: "equal" "not_equal" "less" "less_equal" "greater" "greater_equal";
    Logical 2 cost 1: "logical_and" "logical_or" "logical_xor";
    Logical 1 cost 1: "logical_not";
    Bits 2 cost 1: "bitwise_and" "bitwise_or" "bitwise_xor";
    Bits 1 cost 1: "invert";
    Shift 2 cost 1: "left_shift" "right_shift";
    Shift 2 cost 40: "gcd" "lcm";
    NotBool 1 cost 1: "negative" "positive" "sign";
    Arithmetic 1 cost 1: "square" "conjugate";
    BoolAsInteger 1 cost 4: "reciprocal";
    Magnitude 1 cost 1: "absolute";
    Part 1 cost 1: "real" "imag";
    Angle 1 cost 20: "angle";
    Round 1 cost 1: "floor" "ceil" "trunc";
    Float 1 cost 1: "rint";
    Float 1 cost 4: "sqrt";
    RealFloat 1 cost 8: "cbrt";
    Float 1 cost 10: "exp" "exp2" "expm1" "log" "log2" "log10" "log1p" "sin" "cos" "tan" "arcsin" "arccos" "arctan" "sinh" "cosh" "tanh"
        "arcsinh" "arccosh" "arctanh" "sinc" "expit";
    RealFloat 1 cost 20: "erf" "erfc" "gamma" "gammaln" "i0" "fabs" "deg2rad" "rad2deg" "spacing";
    RealFloat 2 cost 10: "arctan2" "hypot" "logaddexp" "logaddexp2" "copysign" "nextafter" "heaviside";
    Test 1 cost 1: "isnan" "isinf" "isfinite" "signbit";
    IsNat 1 cost 1: "isnat";
    Where 3 cost 1: "where";
    Same 3 cost 2: "clip";
};

/// An elementwise function.
#[derive(Clone, Copy)]
pub struct Ufunc(&'static Row);

impl Ufunc {
    /// The function of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self> {
        let alias = match name {
            "abs" => "absolute",
            "true_divide" => "divide",
            "mod" => "remainder",
            "pow" => "power",
            "conj" => "conjugate",
            "radians" => "deg2rad",
            "degrees" => "rad2deg",
            other => other,
        };
        TABLE
            .iter()
            .find(|row| row.name == alias)
            .map(Self)
            .ok_or_else(|| ArrayError::invalid(format!("there is no elementwise function '{name}'")))
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.name)
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// How many inputs it takes.
    pub const fn input_count(self) -> usize {
        self.0.inputs
    }

    /// Rough cost of an element, in additions.
    pub const fn cost(self) -> u32 {
        self.0.cost
    }

    /// The dtypes to compute with for inputs of these.
    ///
    /// # Errors
    /// When there are more or fewer inputs than the function takes, they have no common dtype, or it is not defined for it.
    pub fn signature(self, inputs: &[DType]) -> Result<Signature> {
        if inputs.len() != self.0.inputs {
            return Err(ArrayError::invalid(format!(
                "'{}' takes {} inputs, but {} came",
                self.0.name,
                self.0.inputs,
                inputs.len()
            )));
        }
        let unsupported = |accepts| -> Result<Signature> {
            Err(KernelError::Unsupported { function: self.0.name, dtypes: inputs.to_vec(), accepts }.into())
        };
        let common = |inputs: &[DType]| -> Result<DType> {
            let mut result = inputs[0];
            for dtype in &inputs[1..] {
                result = promote(result, *dtype)?;
            }
            Ok(result)
        };
        let same = |dtype: DType| Ok(Signature { inputs: vec![dtype; inputs.len()], output: dtype });
        let giving = |dtype: DType, output: DType| Ok(Signature { inputs: vec![dtype; inputs.len()], output });
        let times = inputs.iter().any(|dtype| dtype.is_time());
        match self.0.rule {
            Rule::Add | Rule::Subtract | Rule::Multiply | Rule::Divide if times => {
                self.time_signature(inputs).map_or_else(|| unsupported("not for these dates or durations"), Ok)
            }
            Rule::Add | Rule::Multiply | Rule::Same | Rule::Arithmetic => same(common(inputs)?),
            Rule::Subtract | Rule::NotBool => match common(inputs)? {
                DType::Bool => unsupported("use logical_xor or logical_not for truth values"),
                dtype => same(dtype),
            },
            Rule::BoolAsInteger => match common(inputs)? {
                DType::Bool => same(DType::I8),
                dtype if dtype.is_complex() && !matches!(self.0.name, "power" | "reciprocal") => {
                    unsupported("integers and floats")
                }
                dtype => same(dtype),
            },
            Rule::Divide => match common(inputs)? {
                dtype if dtype.is_integer() || dtype == DType::Bool => same(DType::F64),
                dtype => same(dtype),
            },
            Rule::Float | Rule::RealFloat => match common(inputs)? {
                dtype if dtype.is_time() => unsupported("numbers"),
                dtype if dtype.is_complex() && self.0.rule == Rule::RealFloat => unsupported("real numbers"),
                dtype => same(float_result(dtype)),
            },
            Rule::Compare => giving(common(inputs)?, DType::Bool),
            Rule::Logical => giving(DType::Bool, DType::Bool),
            Rule::Bits => match common(inputs)? {
                dtype if dtype == DType::Bool || dtype.is_integer() => same(dtype),
                _ => unsupported("integers and bool"),
            },
            Rule::Shift => match common(inputs)? {
                DType::Bool => same(DType::I8),
                dtype if dtype.is_integer() => same(dtype),
                _ => unsupported("integers"),
            },
            Rule::Test => match common(inputs)? {
                dtype if dtype.is_complex() && self.0.name == "signbit" => unsupported("real numbers"),
                dtype => giving(dtype, DType::Bool),
            },
            Rule::Magnitude => match common(inputs)?.kind() {
                Kind::Datetime => unsupported("numbers and durations"),
                _ => giving(inputs[0], inputs[0].real()),
            },
            Rule::Part if times => unsupported("numbers"),
            Rule::Part => giving(inputs[0], inputs[0].real()),
            Rule::Angle if times => unsupported("numbers"),
            Rule::Angle => {
                let dtype = float_result(inputs[0]);
                giving(dtype, dtype.real())
            }
            Rule::Round => match inputs[0].kind() {
                Kind::Complex | Kind::Datetime | Kind::Timedelta => unsupported("real numbers"),
                _ => same(inputs[0]),
            },
            Rule::Where => {
                let dtype = common(&inputs[1..])?;
                Ok(Signature { inputs: vec![DType::Bool, dtype, dtype], output: dtype })
            }
            Rule::IsNat if inputs[0].is_time() => giving(inputs[0], DType::Bool),
            Rule::IsNat => unsupported("dates and durations"),
        }
    }

    /// Sums, differences, products and quotients in which dates or durations take part.
    fn time_signature(self, inputs: &[DType]) -> Option<Signature> {
        let [left, right] = *inputs else { return None };
        let number = |dtype: DType| !dtype.is_time() && !dtype.is_complex();
        let of = |left, right, output| Some(Signature { inputs: vec![left, right], output });
        let finer = promote(
            DType::Timedelta64(left.time_unit().or(right.time_unit())?),
            DType::Timedelta64(right.time_unit().or(left.time_unit())?),
        );
        let duration = finer.ok()?;
        let unit = duration.time_unit()?;
        let date = DType::Datetime64(unit);
        match (self.0.rule, left.kind(), right.kind()) {
            (Rule::Add | Rule::Subtract, Kind::Timedelta, Kind::Timedelta) => of(duration, duration, duration),
            (Rule::Add | Rule::Subtract, Kind::Datetime, Kind::Timedelta) => of(date, duration, date),
            (Rule::Add, Kind::Timedelta, Kind::Datetime) => of(duration, date, date),
            (Rule::Subtract, Kind::Datetime, Kind::Datetime) => of(date, date, duration),
            (Rule::Add | Rule::Subtract, Kind::Datetime, _) if right.is_integer() => of(date, duration, date),
            (Rule::Add | Rule::Subtract, Kind::Timedelta, _) if right.is_integer() => of(duration, duration, duration),
            (Rule::Multiply, Kind::Timedelta, _) if number(right) => {
                of(left, if right.is_float() { DType::F64 } else { DType::I64 }, left)
            }
            (Rule::Multiply, _, Kind::Timedelta) if number(left) => {
                of(if left.is_float() { DType::F64 } else { DType::I64 }, right, right)
            }
            (Rule::Divide, Kind::Timedelta, Kind::Timedelta) => of(duration, duration, DType::F64),
            (Rule::Divide, Kind::Timedelta, _) if number(right) => {
                of(left, if right.is_float() { DType::F64 } else { DType::I64 }, left)
            }
            _ => None,
        }
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
            ("divide", vec![F32, I8], F32),
            ("exp", vec![I8], F16),
            ("exp", vec![I16], F32),
            ("exp", vec![C64], C64),
            ("less", vec![I32, F32], Bool),
            ("abs", vec![C128], F64),
            ("floor", vec![I32], I32),
            ("power", vec![Bool, Bool], I8),
            ("where", vec![I8, F32, I32], F64),
            ("subtract", vec![Datetime64(Day), Datetime64(Second)], Timedelta64(Second)),
            ("add", vec![Timedelta64(Day), Datetime64(Day)], Datetime64(Day)),
            ("multiply", vec![F64, Timedelta64(Day)], Timedelta64(Day)),
            ("divide", vec![Timedelta64(Day), Timedelta64(Second)], F64),
        ] {
            assert_eq!(output(name, &inputs), Ok(expected), "{name} {inputs:?}");
        }
    }

    #[test]
    fn what_is_not_defined_is_told() {
        let message = |name: &str, inputs: &[DType]| output(name, inputs).unwrap_err().to_string();
        assert_eq!(
            message("subtract", &[DType::Bool, DType::Bool]),
            "'subtract' is not defined for bool, bool: use logical_xor or logical_not for truth values"
        );
        assert_eq!(message("frobnicate", &[]), "there is no elementwise function 'frobnicate'");
        assert_eq!(message("add", &[DType::I8]), "'add' takes 2 inputs, but 1 came");
        assert!(output("bitwise_and", &[DType::F64, DType::I8]).is_err());
        assert!(output("add", &[DType::Datetime64(Day), DType::Datetime64(Day)]).is_err());
    }

    #[test]
    fn names_are_distinct() {
        let names: std::collections::BTreeSet<_> = Ufunc::names().collect();
        assert_eq!(names.len(), TABLE.len());
    }
}
