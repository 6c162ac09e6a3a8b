//! Elementwise functions: one static table, [`TABLE`], says of each its name, its arity, which dtypes it takes, what it gives, and
//! where its loops are.
//!
//! Dtypes resolve as in NumPy: the operands' common dtype, or the first one in NumPy's order to which it casts safely and for which
//! there is a loop (`sin` of `int16` is `float32`). Dates and durations have rules of their own (`times`).

mod arithmetic;
mod bits;
mod casts;
pub(crate) mod compare;
pub(crate) mod complex;
mod complex_arc;
mod complex_elementary;
pub(crate) mod loops;
mod rounding;
mod select;
mod times;
mod transcendental;

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::isa::Loop;
use crate::promotion::{Casting, Operand, can_cast, result_dtype};

pub(crate) use arithmetic::{add_multiply, multiply_add, subtract_multiply};
pub(crate) use casts::cast;

/// What a function gives, from the dtype that it computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// That dtype.
    Same,
    /// Booleans.
    Bool,
    /// Its real part's dtype, if it is complex.
    Real,
    /// A fixed dtype.
    Fixed(DType),
}

/// How operands become the dtype that a function computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// The common dtype of all.
    Common,
    /// The same; integers as `float64` whatever their size.
    TrueDivision,
    /// The common dtype of the second and third; the first as a boolean.
    Choice,
    /// The first; the second as `int64`.
    FirstAndInt64,
    /// The first; the others are cast to it.
    First,
}

/// An elementwise function.
pub struct Ufunc {
    /// NumPy's name.
    pub name: &'static str,
    /// Other names of it.
    pub aliases: &'static [&'static str],
    /// Number of operands.
    pub arity: usize,
    /// How operands become the dtype that it computes in.
    pub takes: Takes,
    /// What it gives.
    pub gives: Gives,
    /// The loop for a computed dtype; none where the function has no meaning.
    pub(crate) loops: fn(DType) -> Option<Loop>,
}

impl std::fmt::Debug for Ufunc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ufunc({}/{})", self.name, self.arity)
    }
}

/// A function with its dtypes settled.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The dtypes that the operands are cast to.
    pub inputs: SmallVec<[DType; 4]>,
    /// The dtype of the result.
    pub output: DType,
    pub(crate) run: Loop,
    pub(crate) argument: u64,
}

const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    arity: usize,
    takes: Takes,
    gives: Gives,
    loops: fn(DType) -> Option<Loop>,
) -> Ufunc {
    Ufunc { name, aliases, arity, takes, gives, loops }
}

/// All elementwise functions.
#[rustfmt::skip] // A table is read by columns.
pub static TABLE: &[Ufunc] = {
    use arithmetic as a;
    use bits as b;
    use compare as c;
    use rounding as r;
    use select as s;
    use transcendental as t;
    use Gives::{Bool, Fixed, Real, Same};
    use Takes::{Choice, Common, First, FirstAndInt64, TrueDivision};
    &[
        entry("add", &[], 2, Common, Same, a::add),
        entry("subtract", &[], 2, Common, Same, a::subtract),
        entry("multiply", &[], 2, Common, Same, a::multiply),
        entry("divide", &["true_divide"], 2, TrueDivision, Same, a::divide),
        entry("floor_divide", &[], 2, Common, Same, a::floor_divide),
        entry("remainder", &["mod"], 2, Common, Same, a::remainder),
        entry("fmod", &[], 2, Common, Same, a::fmod),
        entry("power", &["pow"], 2, Common, Same, t::power),
        entry("float_power", &[], 2, Common, Same, t::float_power),
        entry("negative", &[], 1, Common, Same, a::negative),
        entry("positive", &[], 1, Common, Same, a::positive),
        entry("absolute", &["abs"], 1, Common, Real, a::absolute),
        entry("fabs", &[], 1, Common, Same, t::fabs),
        entry("sign", &[], 1, Common, Same, a::sign),
        entry("square", &[], 1, Common, Same, a::square),
        entry("reciprocal", &[], 1, Common, Same, a::reciprocal),
        entry("gcd", &[], 2, Common, Same, a::gcd),
        entry("lcm", &[], 2, Common, Same, a::lcm),
        entry("sqrt", &[], 1, Common, Same, t::sqrt),
        entry("cbrt", &[], 1, Common, Same, t::cbrt),
        entry("exp", &[], 1, Common, Same, t::exp),
        entry("exp2", &[], 1, Common, Same, t::exp2),
        entry("expm1", &[], 1, Common, Same, t::expm1),
        entry("log", &[], 1, Common, Same, t::log),
        entry("log2", &[], 1, Common, Same, t::log2),
        entry("log10", &[], 1, Common, Same, t::log10),
        entry("log1p", &[], 1, Common, Same, t::log1p),
        entry("logaddexp", &[], 2, Common, Same, t::logaddexp),
        entry("logaddexp2", &[], 2, Common, Same, t::logaddexp2),
        entry("sin", &[], 1, Common, Same, t::sin),
        entry("cos", &[], 1, Common, Same, t::cos),
        entry("tan", &[], 1, Common, Same, t::tan),
        entry("arcsin", &["asin"], 1, Common, Same, t::arcsin),
        entry("arccos", &["acos"], 1, Common, Same, t::arccos),
        entry("arctan", &["atan"], 1, Common, Same, t::arctan),
        entry("arctan2", &["atan2"], 2, Common, Same, t::arctan2),
        entry("hypot", &[], 2, Common, Same, t::hypot),
        entry("sinh", &[], 1, Common, Same, t::sinh),
        entry("cosh", &[], 1, Common, Same, t::cosh),
        entry("tanh", &[], 1, Common, Same, t::tanh),
        entry("arcsinh", &["asinh"], 1, Common, Same, t::arcsinh),
        entry("arccosh", &["acosh"], 1, Common, Same, t::arccosh),
        entry("arctanh", &["atanh"], 1, Common, Same, t::arctanh),
        entry("degrees", &["rad2deg"], 1, Common, Same, t::degrees),
        entry("radians", &["deg2rad"], 1, Common, Same, t::radians),
        entry("erf", &[], 1, Common, Same, t::erf),
        entry("erfc", &[], 1, Common, Same, t::erfc),
        entry("gamma", &[], 1, Common, Same, t::gamma),
        entry("lgamma", &["gammaln"], 1, Common, Same, t::lgamma),
        entry("digamma", &[], 1, Common, Same, t::digamma),
        entry("i0", &[], 1, Common, Same, t::i0),
        entry("expit", &[], 1, Common, Same, t::expit),
        entry("sinc", &[], 1, TrueDivision, Same, t::sinc),
        entry("floor", &[], 1, Common, Same, r::floor),
        entry("ceil", &[], 1, Common, Same, r::ceil),
        entry("trunc", &["fix", "modf_integral"], 1, Common, Same, r::trunc),
        entry("rint", &[], 1, Common, Same, r::rint),
        entry("round", &["around"], 1, Common, Same, r::round),
        entry("copysign", &[], 2, Common, Same, r::copysign),
        entry("nextafter", &[], 2, Common, Same, r::nextafter),
        entry("spacing", &[], 1, Common, Same, r::spacing),
        entry("ldexp", &[], 2, FirstAndInt64, Same, r::ldexp),
        entry("frexp_mantissa", &[], 1, Common, Same, r::frexp_mantissa),
        entry("frexp_exponent", &[], 1, Common, Fixed(DType::I32), r::frexp_exponent),
        entry("modf_fraction", &[], 1, Common, Same, r::modf_fraction),
        entry("heaviside", &[], 2, Common, Same, r::heaviside),
        entry("real", &[], 1, Common, Real, r::real),
        entry("imag", &[], 1, Common, Real, r::imag),
        entry("conjugate", &["conj"], 1, Common, Same, r::conjugate),
        entry("angle", &[], 1, Common, Real, r::angle),
        entry("equal", &[], 2, Common, Bool, c::equal),
        entry("not_equal", &[], 2, Common, Bool, c::not_equal),
        entry("less", &[], 2, Common, Bool, c::less),
        entry("less_equal", &[], 2, Common, Bool, c::less_equal),
        entry("greater", &[], 2, Common, Bool, c::greater),
        entry("greater_equal", &[], 2, Common, Bool, c::greater_equal),
        entry("logical_and", &[], 2, Common, Bool, c::logical_and),
        entry("logical_or", &[], 2, Common, Bool, c::logical_or),
        entry("logical_xor", &[], 2, Common, Bool, c::logical_xor),
        entry("logical_not", &[], 1, Common, Bool, c::logical_not),
        entry("isnan", &[], 1, Common, Bool, c::is_nan),
        entry("isinf", &[], 1, Common, Bool, c::is_inf),
        entry("isfinite", &[], 1, Common, Bool, c::is_finite),
        entry("isnat", &[], 1, Common, Bool, c::is_nat),
        entry("signbit", &[], 1, Common, Bool, c::signbit),
        entry("bitwise_and", &[], 2, Common, Same, b::bitwise_and),
        entry("bitwise_or", &[], 2, Common, Same, b::bitwise_or),
        entry("bitwise_xor", &[], 2, Common, Same, b::bitwise_xor),
        entry("invert", &["bitwise_not", "bitwise_invert"], 1, Common, Same, b::invert),
        entry("left_shift", &["bitwise_left_shift"], 2, Common, Same, b::left_shift),
        entry("right_shift", &["bitwise_right_shift"], 2, Common, Same, b::right_shift),
        entry("bitwise_count", &[], 1, Common, Fixed(DType::U8), b::bitwise_count),
        entry("maximum", &[], 2, Common, Same, s::maximum),
        entry("minimum", &[], 2, Common, Same, s::minimum),
        entry("fmax", &[], 2, Common, Same, s::fmax),
        entry("fmin", &[], 2, Common, Same, s::fmin),
        entry("clip", &[], 3, Common, Same, s::clip),
        entry("where", &[], 3, Choice, Same, s::choose),
        entry("nan_to_num", &[], 4, First, Same, s::nan_to_num),
    ]
};

/// A function by NumPy's name or another of its names.
///
/// # Errors
/// When there is none.
pub fn ufunc(name: &str) -> Result<&'static Ufunc> {
    TABLE
        .iter()
        .find(|ufunc| ufunc.name == name || ufunc.aliases.contains(&name))
        .ok_or_else(|| KernelError::invalid(format!("there is no elementwise function '{name}'")))
}

/// NumPy's order of dtypes in which it looks for a loop.
const LADDER: [DType; 14] = [
    DType::Bool,
    DType::I8,
    DType::U8,
    DType::I16,
    DType::U16,
    DType::I32,
    DType::U32,
    DType::I64,
    DType::U64,
    DType::F16,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
];

/// Functions that NumPy refuses for booleans, although they have loops for integers.
const NOT_OF_BOOLEANS: [&str; 6] = ["subtract", "negative", "positive", "sign", "gcd", "lcm"];

impl Ufunc {
    /// The dtypes and the loop for these operands.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where the function has no meaning, [`KernelError::Promotion`] where the operands have nothing in
    /// common; when their number is wrong.
    pub fn resolve(&'static self, operands: &[Operand]) -> Result<Signature> {
        if operands.len() != self.arity {
            let (name, arity, given) = (self.name, self.arity, operands.len());
            return Err(KernelError::invalid(format!("'{name}' takes {arity} operands, {given} were given")));
        }
        if operands.iter().any(|operand| operand.default_dtype().is_time()) {
            return times::signature(self, operands);
        }
        let common = match self.takes {
            Takes::Common => result_dtype(operands)?,
            Takes::TrueDivision => match result_dtype(operands)? {
                dtype if dtype.is_integer() || dtype == DType::Bool => DType::F64,
                dtype => dtype,
            },
            Takes::Choice => result_dtype(&operands[1..])?,
            Takes::First | Takes::FirstAndInt64 => result_dtype(&operands[..1])?,
        };
        let second_fits = match (self.takes, operands) {
            (Takes::FirstAndInt64, [_, second]) => {
                second.default_dtype().is_integer() || second.default_dtype() == DType::Bool
            }
            _ => true,
        };
        let found = if !second_fits || (common == DType::Bool && NOT_OF_BOOLEANS.contains(&self.name)) {
            None
        } else {
            self.find(common, operands)
        };
        let (dtype, run) = found.ok_or_else(|| KernelError::Unsupported {
            function: self.name,
            dtypes: operands.iter().map(|operand| operand.default_dtype()).collect(),
            accepts: self.accepts(),
        })?;
        let mut inputs: SmallVec<[DType; 4]> = SmallVec::from_elem(dtype, self.arity);
        match self.takes {
            Takes::Choice => inputs[0] = DType::Bool,
            Takes::FirstAndInt64 => inputs[1] = DType::I64,
            _ => {}
        }
        let output = match self.gives {
            Gives::Same => dtype,
            Gives::Bool => DType::Bool,
            Gives::Real => dtype.real(),
            Gives::Fixed(fixed) => fixed,
        };
        Ok(Signature { inputs, output, run, argument: 0 })
    }

    /// The loop for the operands' common dtype, or for the first one that holds the values of each of them (of `int8` and `uint8`
    /// that is `float16`, although their common dtype is `int16`).
    fn find(&self, common: DType, operands: &[Operand]) -> Option<(DType, Loop)> {
        if let Some(run) = (self.loops)(common) {
            return Some((common, run));
        }
        let each = self.takes == Takes::Common && operands.iter().all(|operand| matches!(operand, Operand::Dtype(_)));
        let holds = |next: DType| {
            if each {
                operands.iter().all(|operand| can_cast(operand.default_dtype(), next, Casting::Safe))
            } else {
                can_cast(common, next, Casting::Safe)
            }
        };
        LADDER.into_iter().filter(|next| holds(*next)).find_map(|next| Some((next, (self.loops)(next)?)))
    }

    /// The kinds of numbers that the function takes, for messages.
    fn accepts(&self) -> &'static str {
        let takes = |dtype| (self.loops)(dtype).is_some();
        match (takes(DType::Bool), takes(DType::I64), takes(DType::F64), takes(DType::C128)) {
            (true, true, false, false) => "it takes booleans and integers",
            (false, true, false, false) => "it takes integers",
            (false, true, true, true) => "it takes integers, floats and complex numbers; cast booleans first",
            (_, _, true, false) => "it takes real numbers",
            (false, false, false, false) => "it takes dates and durations",
            _ => "it takes numbers",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(name: &str, dtypes: &[DType]) -> Option<DType> {
        let operands: Vec<Operand> = dtypes.iter().map(|dtype| Operand::Dtype(*dtype)).collect();
        ufunc(name).unwrap().resolve(&operands).ok().map(|signature| signature.output)
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = TABLE.iter().flat_map(|u| u.aliases.iter().copied().chain([u.name])).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(ufunc("frobnicate").is_err());
    }

    #[test]
    fn dtypes_resolve_as_in_numpy() {
        use DType::*;
        for (name, dtypes, expected) in [
            ("sin", vec![I8], Some(F16)),
            ("sin", vec![U16], Some(F32)),
            ("sin", vec![I32], Some(F64)),
            ("sin", vec![Bool], Some(F16)),
            ("divide", vec![I8, I8], Some(F64)),
            ("divide", vec![F32, I8], Some(F32)),
            ("subtract", vec![Bool, Bool], None),
            ("negative", vec![Bool], None),
            ("add", vec![U8, I8], Some(I16)),
            ("add", vec![Bool, Bool], Some(Bool)),
            ("power", vec![Bool, Bool], Some(I8)),
            ("bitwise_and", vec![F64, I8], None),
            ("left_shift", vec![U64, I64], None),
            ("absolute", vec![C64], Some(F32)),
            ("absolute", vec![Bool], Some(Bool)),
            ("rint", vec![I64], Some(F64)),
            ("floor", vec![I64], Some(I64)),
            ("float_power", vec![F32, F32], Some(F64)),
            ("arctan2", vec![C64, C64], None),
            ("where", vec![I64, I8, F32], Some(F32)),
            ("isnan", vec![I64], Some(Bool)),
            ("isnat", vec![I64], None),
            ("less", vec![I64, F32], Some(Bool)),
        ] {
            assert_eq!(output(name, &dtypes), expected, "{name} {dtypes:?}");
        }
    }
}
