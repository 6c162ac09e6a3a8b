//! Loops of arithmetic. Integers wrap; division and remainder by zero give 0 for integers, as in NumPy; floor division and
//! `remainder` take the divisor's sign, as in Python.

use crate::dtype::DType;
use crate::isa::Loop;
use crate::ufunc::complex;
use crate::ufunc::loops::{Guard2, Guarded2, complexes, floats, integers, map, signed, unsigned};
use crate::{Complex, f16, isa};

/// `a + b`; `or` of booleans.
pub(crate) fn add(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Bool => Some(map!(plain |a: bool, b: bool| -> bool { a | b })),
        _ => floats!(dtype, |a, b| a + b)
            .or_else(|| integers!(dtype, T, |a: T, b: T| -> T { a.wrapping_add(b) }))
            .or_else(|| complex_of(dtype, Part::Add)),
    }
}

/// `a - b`.
pub(crate) fn subtract(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b| a - b)
        .or_else(|| integers!(dtype, T, |a: T, b: T| -> T { a.wrapping_sub(b) }))
        .or_else(|| complex_of(dtype, Part::Subtract))
}

/// `a * b`; `and` of booleans.
pub(crate) fn multiply(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Bool => Some(map!(plain |a: bool, b: bool| -> bool { a & b })),
        _ => floats!(dtype, |a, b| a * b)
            .or_else(|| integers!(dtype, T, |a: T, b: T| -> T { a.wrapping_mul(b) }))
            .or_else(|| complex_of(dtype, Part::Multiply)),
    }
}

/// The complex operations that need no wider type.
enum Part {
    Add,
    Subtract,
    Multiply,
}

fn complex_of(dtype: DType, part: Part) -> Option<Loop> {
    type S = Complex<f32>;
    type D = Complex<f64>;
    Some(match (dtype, part) {
        (DType::C64, Part::Add) => map!(plain |a: S, b: S| -> S { a + b }),
        (DType::C128, Part::Add) => map!(plain |a: D, b: D| -> D { a + b }),
        (DType::C64, Part::Subtract) => map!(plain |a: S, b: S| -> S { a - b }),
        (DType::C128, Part::Subtract) => map!(plain |a: D, b: D| -> D { a - b }),
        (DType::C64, Part::Multiply) => map!(plain |a: S, b: S| -> S { a * b }),
        (DType::C128, Part::Multiply) => map!(plain |a: D, b: D| -> D { a * b }),
        _ => return None,
    })
}

/// True division; integers come here as `float64`.
pub(crate) fn divide(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b| a / b).or_else(|| complexes!(dtype, |a, b| complex::divide(a, b)))
}

/// Floats as `floor_divide` and `remainder` need them.
trait Divisible: Copy + 'static {
    fn floor_divide(self, by: Self) -> Self;
    fn remainder(self, by: Self) -> Self;
    fn fmod(self, by: Self) -> Self;
    fn quick(self, by: Self) -> (Self, Self);
    fn is_hard(self, by: Self) -> bool;
}

macro_rules! divisible {
    ($T:ty, $limit:expr) => {
        impl Divisible for $T {
            #[inline(always)]
            fn floor_divide(self, by: Self) -> Self {
                if by == 0.0 {
                    return self / by;
                }
                let rest = self % by;
                let adjusted = rest != 0.0 && (by < 0.0) != (rest < 0.0);
                let quotient = (self - rest) / by - if adjusted { 1.0 } else { 0.0 };
                if quotient == 0.0 {
                    return (0.0 as $T).copysign(self / by);
                }
                let floor = quotient.floor();
                if quotient - floor > 0.5 { floor + 1.0 } else { floor }
            }

            #[inline(always)]
            fn remainder(self, by: Self) -> Self {
                let rest = self % by;
                if rest == 0.0 {
                    return rest.copysign(by);
                }
                if (by < 0.0) != (rest < 0.0) { rest + by } else { rest }
            }

            #[inline(always)]
            fn fmod(self, by: Self) -> Self {
                self % by
            }

            /// Quotient and remainder, exact while the quotient is a small integer: rounding can only make the first guess one
            /// too high.
            #[inline(always)]
            fn quick(self, by: Self) -> (Self, Self) {
                let quotient = (self / by).floor();
                let rest = (-quotient).mul_add(by, self);
                let high = rest != 0.0 && (rest < 0.0) != (by < 0.0);
                (if high { quotient - 1.0 } else { quotient }, if high { rest + by } else { rest })
            }

            #[inline(always)]
            fn is_hard(self, by: Self) -> bool {
                let quotient = (self / by).abs();
                !((1e-30..$limit).contains(&quotient) && by.abs() > 1e-30)
            }
        }
    };
}

divisible!(f32, 4_194_304.0);
divisible!(f64, 2_251_799_813_685_248.0);

struct FloorDivide;
struct Remainder;

impl<T: Divisible> Guarded2<T, T> for FloorDivide {
    #[inline(always)]
    fn quick(a: T, b: T) -> T {
        a.quick(b).0
    }
    #[inline(always)]
    fn is_special(a: T, b: T) -> bool {
        a.is_hard(b)
    }
    #[inline(always)]
    fn exact(a: T, b: T) -> T {
        a.floor_divide(b)
    }
}

impl<T: Divisible + PartialEq + Default> Guarded2<T, T> for Remainder {
    #[inline(always)]
    fn quick(a: T, b: T) -> T {
        a.quick(b).1
    }
    #[inline(always)]
    fn is_special(a: T, b: T) -> bool {
        // A remainder of zero takes the divisor's sign.
        a.is_hard(b) || a.quick(b).1 == T::default()
    }
    #[inline(always)]
    fn exact(a: T, b: T) -> T {
        a.remainder(b)
    }
}

/// `floor(a / b)`.
pub(crate) fn floor_divide(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F32 => Some(isa::dispatch::<Guard2<FloorDivide, f32, f32>>()),
        DType::F64 => Some(isa::dispatch::<Guard2<FloorDivide, f64, f64>>()),
        DType::F16 => Some(map!(plain |a: f16, b: f16| -> f16 { f16::from_f32(a.to_f32().floor_divide(b.to_f32())) })),
        _ => signed!(dtype, T, |a: T, b: T| -> T {
            {
                if b == 0 {
                    0
                } else {
                    let quotient = a.wrapping_div(b);
                    quotient.wrapping_sub(T::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0)))
                }
            }
        })
        .or_else(|| unsigned!(dtype, T, |a: T, b: T| -> T { a.checked_div(b).unwrap_or(0) })),
    }
}

/// What is left of `a` after `floor_divide`, with the sign of `b`.
pub(crate) fn remainder(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::F32 => Some(isa::dispatch::<Guard2<Remainder, f32, f32>>()),
        DType::F64 => Some(isa::dispatch::<Guard2<Remainder, f64, f64>>()),
        DType::F16 => Some(map!(plain |a: f16, b: f16| -> f16 { f16::from_f32(a.to_f32().remainder(b.to_f32())) })),
        _ => signed!(dtype, T, |a: T, b: T| -> T {
            {
                if b == 0 {
                    0
                } else {
                    let rest = a.wrapping_rem(b);
                    if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
                }
            }
        })
        .or_else(|| unsigned!(dtype, T, |a: T, b: T| -> T { a.checked_rem(b).unwrap_or(0) })),
    }
}

/// The remainder of division towards zero, with the sign of `a`.
pub(crate) fn fmod(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b| a.fmod(b))
        .or_else(|| signed!(dtype, T, |a: T, b: T| -> T { if b == 0 { 0 } else { a.wrapping_rem(b) } }))
        .or_else(|| unsigned!(dtype, T, |a: T, b: T| -> T { a.checked_rem(b).unwrap_or(0) }))
}

/// `-a`.
pub(crate) fn negative(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| -a)
        .or_else(|| integers!(dtype, T, |a: T| -> T { a.wrapping_neg() }))
        .or_else(|| complexes!(dtype, |a| -a))
}

/// `a`.
pub(crate) fn positive(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| a).or_else(|| integers!(dtype, T, |a: T| -> T { a })).or_else(|| complexes!(dtype, |a| a))
}

/// `|a|`; real for complex numbers. The smallest signed integer stays.
pub(crate) fn absolute(dtype: DType) -> Option<Loop> {
    match dtype {
        DType::Bool => Some(map!(plain |a: bool| -> bool { a })),
        DType::C64 => Some(map!(plain |a: Complex<f32>| -> f32 { complex::widen(a).norm() as f32 })),
        DType::C128 => Some(map!(plain |a: Complex<f64>| -> f64 { a.norm() })),
        _ => floats!(dtype, |a| a.abs())
            .or_else(|| signed!(dtype, T, |a: T| -> T { a.wrapping_abs() }))
            .or_else(|| unsigned!(dtype, T, |a: T| -> T { a })),
    }
}

/// -1, 0 or 1; NaN of NaN; a complex number's direction.
pub(crate) fn sign(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| {
        let one = if a > 0.0 { 1.0 } else { -1.0 };
        if a == 0.0 {
            0.0
        } else if a.is_nan() {
            a
        } else {
            one
        }
    })
    .or_else(|| signed!(dtype, T, |a: T| -> T { a.signum() }))
    .or_else(|| unsigned!(dtype, T, |a: T| -> T { T::from(a != 0) }))
    .or_else(|| complexes!(dtype, |a| complex::sign(a)))
}

/// `a * a`.
pub(crate) fn square(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| a * a)
        .or_else(|| integers!(dtype, T, |a: T| -> T { a.wrapping_mul(a) }))
        .or_else(|| complexes!(dtype, |a| a * a))
}

/// `1 / a`; of an integer cut towards zero, and 0 of 0.
pub(crate) fn reciprocal(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a| 1.0 / a)
        .or_else(|| signed!(dtype, T, |a: T| -> T { if a == 0 { 0 } else { (1 as T).wrapping_div(a) } }))
        .or_else(|| unsigned!(dtype, T, |a: T| -> T { (1 as T).checked_div(a).unwrap_or(0) }))
        .or_else(|| complexes!(dtype, |a| complex::reciprocal(a)))
}

/// The greatest common divisor, not negative.
pub(crate) fn gcd(dtype: DType) -> Option<Loop> {
    integers!(dtype, T, |a: T, b: T| -> T { greatest_divisor(a as i128, b as i128) as T })
}

/// The least common multiple, not negative; wraps.
pub(crate) fn lcm(dtype: DType) -> Option<Loop> {
    integers!(dtype, T, |a: T, b: T| -> T {
        {
            let divisor = greatest_divisor(a as i128, b as i128);
            if divisor == 0 { 0 } else { (a as i128 / divisor * b as i128).unsigned_abs() as T }
        }
    })
}

fn greatest_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `a * b + c`, each step rounded: what the two instructions it stands for give.
pub(crate) fn multiply_add(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b, c| a * b + c)
}

/// `(a + b) * c`, each step rounded.
pub(crate) fn add_multiply(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b, c| (a + b) * c)
}

/// `(a - b) * c`, each step rounded.
pub(crate) fn subtract_multiply(dtype: DType) -> Option<Loop> {
    floats!(dtype, |a, b, c| (a - b) * c)
}
