//! The elementwise functions, under NumPy's names.
//!
//! Operands broadcast and promote as in NumPy 2. A function that has no form for a dtype says so when the array is looked at.

use swath_arrays::{Argument, ArrayExpr};

use crate::array::Array;
use crate::context::Arrays;
use crate::error::Result;
use crate::operand::Operand;

impl Array {
    /// Any elementwise function of the table by name, of this array and further operands.
    ///
    /// # Errors
    /// Kept: an unknown name, another number of operands, shapes that do not broadcast, dtypes without a form.
    #[must_use]
    pub fn ufunc<const N: usize>(&self, name: &str, others: [Operand; N]) -> Self {
        let mut arguments = Vec::with_capacity(N + 1);
        arguments.push(self.expression().map(Argument::from));
        arguments.extend(others.into_iter().map(|other| other.into_argument(self.context())));
        let mapped = arguments.into_iter().collect::<Result<Vec<_>>>();
        mapped.and_then(|arguments| ufunc(self.context(), name, &arguments)).unwrap_or_else(|error| self.failed(error))
    }

    pub(crate) fn unary(&self, name: &str) -> Self {
        self.then(|array| ArrayExpr::map(name, &[array.into()]))
    }

    pub(crate) fn binary(&self, name: &str, right: impl Into<Operand>) -> Self {
        self.ufunc(name, [right.into()])
    }

    /// As [`Array::binary`], with the array on the right.
    pub(crate) fn reversed(&self, name: &str, left: impl Into<Operand>) -> Self {
        let mapped = left.into().into_argument(self.context()).and_then(|left| {
            let right = Argument::from(self.expression()?);
            ufunc(self.context(), name, &[left, right])
        });
        mapped.unwrap_or_else(|error| self.failed(error))
    }
}

/// Any elementwise function of the table by name, of arrays of a context and bare numbers. Lengths that masks made are computed where arrays
/// of different unknown ones meet, or unknown ones and others.
///
/// # Errors
/// An unknown name, another number of operands, shapes that do not broadcast, dtypes without a form; what computing lengths may bring.
pub fn ufunc(context: &Arrays, name: &str, arguments: &[Argument]) -> Result<Array> {
    let arrays: Vec<ArrayExpr> = arguments
        .iter()
        .filter_map(|one| if let Argument::Array(one) = one { Some(one.clone()) } else { None })
        .collect();
    let mapped = match ArrayExpr::map(name, arguments).map_err(crate::Error::from) {
        Err(error) if crate::array::needs_lengths(&error, &arrays) => {
            let known = arguments.iter().map(|argument| match argument {
                Argument::Array(one) => Ok(Argument::Array(crate::resolve::known(context, one)?)),
                other => Ok(other.clone()),
            });
            ArrayExpr::map(name, &known.collect::<Result<Vec<_>>>()?)?
        }
        other => other?,
    };
    Ok(Array::from_expression(context, mapped))
}

macro_rules! unary {
    ($($name:ident = $function:literal: $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self) -> Self {
                self.unary($function)
            }
        )*}
    };
}

macro_rules! binary {
    ($($name:ident = $function:literal: $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self, right: impl Into<Operand>) -> Self {
                self.binary($function, right)
            }
        )*}
    };
}

unary! {
    negative = "negative": "The negative; unsigned integers wrap.";
    positive = "positive": "The same elements; not for `bool`.";
    absolute = "absolute": "The absolute value; of complex numbers the magnitude.";
    abs = "absolute": "The absolute value; of complex numbers the magnitude.";
    sign = "sign": "-1, 0 or 1; of complex numbers the direction.";
    square = "square": "The square.";
    reciprocal = "reciprocal": "One divided by it.";
    sqrt = "sqrt": "The square root; NaN below zero.";
    cbrt = "cbrt": "The cube root.";
    exp = "exp": "e to the power of it.";
    exp2 = "exp2": "2 to the power of it.";
    expm1 = "expm1": "`exp(x) - 1`, exact near zero.";
    log = "log": "The natural logarithm.";
    log2 = "log2": "The logarithm to base 2.";
    log10 = "log10": "The logarithm to base 10.";
    log1p = "log1p": "`log(1 + x)`, exact near zero.";
    sin = "sin": "The sine, of radians.";
    cos = "cos": "The cosine, of radians.";
    tan = "tan": "The tangent, of radians.";
    arcsin = "arcsin": "The inverse sine, in radians.";
    arccos = "arccos": "The inverse cosine, in radians.";
    arctan = "arctan": "The inverse tangent, in radians.";
    sinh = "sinh": "The hyperbolic sine.";
    cosh = "cosh": "The hyperbolic cosine.";
    tanh = "tanh": "The hyperbolic tangent.";
    arcsinh = "arcsinh": "The inverse hyperbolic sine.";
    arccosh = "arccosh": "The inverse hyperbolic cosine.";
    arctanh = "arctanh": "The inverse hyperbolic tangent.";
    degrees = "degrees": "Radians as degrees.";
    rad2deg = "degrees": "Radians as degrees.";
    radians = "radians": "Degrees as radians.";
    deg2rad = "radians": "Degrees as radians.";
    erf = "erf": "The error function.";
    erfc = "erfc": "One minus the error function.";
    gamma = "gamma": "The gamma function.";
    lgamma = "lgamma": "The logarithm of the gamma function's magnitude.";
    digamma = "digamma": "The derivative of the logarithm of the gamma function.";
    i0 = "i0": "The modified Bessel function of the first kind, order 0.";
    sinc = "sinc": "`sin(πx) / πx`.";
    floor = "floor": "The largest integer not above it.";
    ceil = "ceil": "The smallest integer not below it.";
    trunc = "trunc": "Cut towards zero.";
    fix = "trunc": "Cut towards zero.";
    rint = "rint": "The nearest integer, halves to even.";
    spacing = "spacing": "The distance to the next float.";
    real = "real": "The real part.";
    imag = "imag": "The imaginary part; zero of real numbers.";
    conjugate = "conjugate": "The complex conjugate.";
    conj = "conjugate": "The complex conjugate.";
    angle = "angle": "The angle of complex numbers, in radians.";
    logical_not = "logical_not": "Whether it is zero.";
    isnan = "isnan": "Whether it is NaN (or NaT).";
    isinf = "isinf": "Whether it is infinite.";
    isfinite = "isfinite": "Whether it is neither infinite nor NaN.";
    isnat = "isnat": "Whether a date or duration is missing.";
    signbit = "signbit": "Whether the sign is set, of -0 and NaN too.";
    invert = "invert": "Each bit inverted; of `bool` not.";
    bitwise_count = "bitwise_count": "Number of bits set in the absolute value.";
}

binary! {
    add = "add": "The sum.";
    subtract = "subtract": "The difference.";
    multiply = "multiply": "The product.";
    divide = "divide": "The quotient; of integers as floats.";
    true_divide = "divide": "The quotient; of integers as floats.";
    floor_divide = "floor_divide": "The quotient rounded down; of integers by zero 0.";
    remainder = "remainder": "The remainder with the divisor's sign.";
    fmod = "fmod": "The remainder with the dividend's sign.";
    power = "power": "To the power of.";
    float_power = "float_power": "To the power of, in double precision at least.";
    gcd = "gcd": "The greatest common divisor.";
    lcm = "lcm": "The least common multiple.";
    logaddexp = "logaddexp": "`log(exp(x) + exp(y))` without overflow.";
    logaddexp2 = "logaddexp2": "`log2(2**x + 2**y)` without overflow.";
    arctan2 = "arctan2": "The angle of the point `(y, x)`, in radians.";
    hypot = "hypot": "`sqrt(x**2 + y**2)` without overflow.";
    copysign = "copysign": "With the sign of the other.";
    nextafter = "nextafter": "The next float towards the other.";
    ldexp = "ldexp": "Times two to the power of the other.";
    heaviside = "heaviside": "0 below zero, 1 above, the other at zero.";
    equal = "equal": "Whether they are equal.";
    not_equal = "not_equal": "Whether they differ.";
    less = "less": "Whether it is less.";
    less_equal = "less_equal": "Whether it is less or equal.";
    greater = "greater": "Whether it is greater.";
    greater_equal = "greater_equal": "Whether it is greater or equal.";
    eq = "equal": "Whether they are equal.";
    ne = "not_equal": "Whether they differ.";
    lt = "less": "Whether it is less.";
    le = "less_equal": "Whether it is less or equal.";
    gt = "greater": "Whether it is greater.";
    ge = "greater_equal": "Whether it is greater or equal.";
    logical_and = "logical_and": "Whether both are true.";
    logical_or = "logical_or": "Whether one is true.";
    logical_xor = "logical_xor": "Whether exactly one is true.";
    bitwise_and = "bitwise_and": "The bits set in both.";
    bitwise_or = "bitwise_or": "The bits set in one.";
    bitwise_xor = "bitwise_xor": "The bits set in exactly one.";
    left_shift = "left_shift": "Bits shifted left.";
    right_shift = "right_shift": "Bits shifted right.";
    maximum = "maximum": "The greater; NaN if one is.";
    minimum = "minimum": "The lesser; NaN if one is.";
    fmax = "fmax": "The greater; a number beside NaN.";
    fmin = "fmin": "The lesser; a number beside NaN.";
}

impl Array {
    /// Rounded to a number of decimals, halves to even; negative ones round to tens, hundreds and so on.
    #[must_use]
    pub fn round(&self, decimals: i32) -> Self {
        let Ok(dtype) = self.dtype() else { return self.clone() };
        if dtype == swath_kernels::DType::Bool {
            // As NumPy, which rounds truth values as the narrowest floats.
            return self.astype(swath_kernels::DType::F16).round(decimals);
        }
        if decimals == 0 || (dtype.is_integer() && decimals > 0) {
            return self.unary("round");
        }
        let power = 10f64.powi(decimals.abs());
        match decimals > 0 {
            true => (self * power).rint() / power,
            false => ((self / power).rint() * power).astype(dtype),
        }
    }

    /// Held between bounds; one that is `None` does not bound.
    #[must_use]
    pub fn clip(&self, low: Option<Operand>, high: Option<Operand>) -> Self {
        match (low, high) {
            (Some(low), Some(high)) => match self.beyond(&low, &high) {
                (true, true) => self.clone(),
                (true, false) => self.minimum(high),
                (false, true) => self.maximum(low),
                (false, false) => self.ufunc("clip", [low, high]),
            },
            // As NumPy, bounds beyond the dtype do not bound.
            (None, Some(high)) if self.beyond(&high, &high).1 => self.clone(),
            (Some(low), None) if self.beyond(&low, &low).0 => self.clone(),
            (Some(low), None) => self.maximum(low),
            (None, Some(high)) => self.minimum(high),
            (None, None) => self.clone(),
        }
    }

    /// Whether bounds are bare integers below and above all that the dtype holds.
    fn beyond(&self, low: &Operand, high: &Operand) -> (bool, bool) {
        let Ok(dtype) = self.dtype() else { return (false, false) };
        if !dtype.is_integer() {
            return (false, false);
        }
        let fits = |value: i128| swath_kernels::Scalar::from_integer(value, dtype).is_ok();
        let integer =
            |bound: &Operand| if let Operand::Number(Argument::Int(value)) = bound { Some(*value) } else { None };
        let below = integer(low).is_some_and(|value| value < 0 && !fits(value));
        let above = integer(high).is_some_and(|value| value > 0 && !fits(value));
        (below, above)
    }

    /// NaN, infinity and negative infinity replaced by values; the infinities by the largest and least numbers if none are given.
    #[must_use]
    pub fn nan_to_num(&self, nan: f64, positive: Option<f64>, negative: Option<f64>) -> Self {
        let (least, most) = match self.dtype().map(|dtype| dtype.real()) {
            Ok(swath_kernels::DType::F16) => (-65504.0, 65504.0),
            Ok(swath_kernels::DType::F32) => (f64::from(f32::MIN), f64::from(f32::MAX)),
            _ => (f64::MIN, f64::MAX),
        };
        self.ufunc("nan_to_num", [nan.into(), positive.unwrap_or(most).into(), negative.unwrap_or(least).into()])
    }

    /// The fraction and the integer part, both with the sign of the element.
    #[must_use]
    pub fn modf(&self) -> (Self, Self) {
        let fraction = self.unary("modf_fraction");
        let whole = match fraction.dtype() {
            Ok(dtype) => self.unary("trunc").astype(dtype),
            Err(error) => self.failed(error),
        };
        (fraction, whole)
    }

    /// A mantissa between 0.5 and 1 and the power of two (`int32`) whose product it is.
    #[must_use]
    pub fn frexp(&self) -> (Self, Self) {
        (self.unary("frexp_mantissa"), self.unary("frexp_exponent"))
    }

    /// The quotient rounded down, and the remainder.
    #[must_use]
    pub fn divmod(&self, right: impl Into<Operand>) -> (Self, Self) {
        let right = right.into();
        (self.floor_divide(right.clone()), self.remainder(right))
    }

    /// Whether elements are equal within `absolute + relative * |other|`.
    #[must_use]
    pub fn isclose(&self, other: impl Into<Operand>, relative: f64, absolute: f64, equal_nan: bool) -> Self {
        // As NumPy, the other in floats: integers would wrap, and truth values have no difference.
        let other = self.operand(other);
        let other = match other.dtype() {
            Ok(dtype) if dtype.is_integer() || dtype == swath_kernels::DType::Bool => {
                other.astype(swath_kernels::DType::F64)
            }
            _ => other,
        };
        let near = (self - &other).abs().less_equal(other.abs() * relative + absolute);
        let close = self.equal(&other).logical_or(near.logical_and(other.isfinite()));
        if equal_nan { close.logical_or(self.isnan().logical_and(other.isnan())) } else { close }
    }

    /// Whether all elements are equal within `absolute + relative * |other|`, as a 0-d `bool`.
    #[must_use]
    pub fn allclose(&self, other: impl Into<Operand>, relative: f64, absolute: f64) -> Self {
        self.isclose(other, relative, absolute, false).all(())
    }
}

impl Array {
    /// Where this condition holds the elements of one operand, elsewhere those of the other: `where(condition, yes, no)`.
    #[must_use]
    pub fn where_(&self, yes: impl Into<Operand>, no: impl Into<Operand>) -> Self {
        self.ufunc("where", [yes.into(), no.into()])
    }
}
