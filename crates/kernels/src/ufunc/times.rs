//! Arithmetic of dates and durations: which operands go together, and the loops, in which NaT spreads.

use smallvec::smallvec;

use crate::dtype::{DType, Kind};
use crate::error::{KernelError, Result};
use crate::isa::Loop;
use crate::promotion::{Operand, promote};
use crate::scalar::NAT;
use crate::ufunc::loops::map;
use crate::ufunc::{Signature, Ufunc};

/// NaT if an operand is NaT, else the result.
macro_rules! spreading {
    (|$a:ident, $b:ident| $body:expr) => {
        map!(plain |$a: i64, $b: i64| -> i64 { if $a == NAT || $b == NAT { NAT } else { $body } })
    };
}

/// A float as a duration; NaN and what does not fit become NaT.
#[inline(always)]
fn duration(value: f64) -> i64 {
    crate::cast::float_to_i64(value)
}

/// What a function of dates or durations takes and gives.
pub(crate) fn signature(ufunc: &'static Ufunc, operands: &[Operand]) -> Result<Signature> {
    use DType::{Bool, Datetime64, F64, I64, Timedelta64};
    let dtypes: Vec<DType> = operands.iter().map(|operand| operand.default_dtype()).collect();
    let unsupported = || KernelError::Unsupported {
        function: ufunc.name,
        dtypes: dtypes.clone(),
        accepts: "dates and durations take part in + - * / // %, comparisons, minimum, maximum, sign, absolute and tests for NaT",
    };
    let done =
        |inputs: &[DType], output: DType, run: Loop| Ok(Signature { inputs: inputs.into(), output, run, argument: 0 });
    if let [only] = dtypes[..] {
        return match (ufunc.name, only) {
            ("isnat" | "isnan" | "isinf" | "isfinite", _) => {
                done(&[only], Bool, (ufunc.loops)(only).ok_or_else(unsupported)?)
            }
            ("negative", Timedelta64(_)) => done(&[only], only, map!(plain |a: i64| -> i64 { a.wrapping_neg() })),
            ("positive", Timedelta64(_)) | ("real", _) => done(&[only], only, map!(plain |a: i64| -> i64 { a })),
            ("absolute", Timedelta64(_)) => done(&[only], only, map!(plain |a: i64| -> i64 { a.wrapping_abs() })),
            ("sign", Timedelta64(_)) => {
                // Of NaT, the smallest integer, too: as in NumPy.
                done(&[only], only, map!(plain |a: i64| -> i64 { a.signum() }))
            }
            _ => Err(unsupported()),
        };
    }
    match ufunc.name {
        "logical_and" | "logical_or" | "logical_xor" => {
            return done(&[Bool, Bool], Bool, (ufunc.loops)(Bool).ok_or_else(unsupported)?);
        }
        "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal" => {
            if dtypes[0].kind() != dtypes[1].kind() && dtypes.iter().any(|dtype| dtype.kind() == Kind::Datetime) {
                return Err(unsupported());
            }
            let common = promote(dtypes[0], dtypes[1])?;
            return done(&[common, common], Bool, (ufunc.loops)(common).ok_or_else(unsupported)?);
        }
        "maximum" | "minimum" | "fmax" | "fmin" | "clip" => {
            if dtypes.iter().any(|dtype| (dtype.kind() == Kind::Datetime) != (dtypes[0].kind() == Kind::Datetime)) {
                return Err(unsupported());
            }
            let common = dtypes.iter().skip(1).try_fold(dtypes[0], |so_far, dtype| promote(so_far, *dtype))?;
            let inputs = smallvec::SmallVec::from_elem(common, dtypes.len());
            let run = (ufunc.loops)(common).ok_or_else(unsupported)?;
            return Ok(Signature { inputs, output: common, run, argument: 0 });
        }
        "where" => {
            let common = promote(dtypes[1], dtypes[2])?;
            let run = (ufunc.loops)(common).ok_or_else(unsupported)?;
            return Ok(Signature { inputs: smallvec![Bool, common, common], output: common, run, argument: 0 });
        }
        _ => {}
    }
    let [left, right] = dtypes[..] else { return Err(unsupported()) };
    let whole = |dtype: DType| dtype.is_integer() || dtype == Bool;
    match (ufunc.name, left, right) {
        ("add" | "subtract", Datetime64(_) | Timedelta64(_), _)
        | ("add", _, Datetime64(_) | Timedelta64(_))
        | ("subtract", _, Timedelta64(_)) => {
            let (point, other) = if left.kind() >= right.kind() { (left, right) } else { (right, left) };
            let span = if whole(other) { Timedelta64(point.time_unit().ok_or_else(unsupported)?) } else { other };
            let both_points = left.kind() == Kind::Datetime && right.kind() == Kind::Datetime;
            let subtracts_point = ufunc.name == "subtract" && right.kind() == Kind::Datetime && !both_points;
            if (both_points && ufunc.name == "add") || subtracts_point || !span.is_time() {
                return Err(unsupported());
            }
            let common = promote(point, span)?;
            let unit = common.time_unit().ok_or_else(unsupported)?;
            let converted =
                |dtype: DType| if dtype.kind() == Kind::Datetime { Datetime64(unit) } else { Timedelta64(unit) };
            let run = if ufunc.name == "add" {
                spreading!(|a, b| a.wrapping_add(b))
            } else {
                spreading!(|a, b| a.wrapping_sub(b))
            };
            done(&[converted(left), converted(right)], if both_points { Timedelta64(unit) } else { common }, run)
        }
        ("multiply", Timedelta64(_), other) if whole(other) => done(&[left, I64], left, spreading_times()),
        ("multiply", other, Timedelta64(_)) if whole(other) => done(&[I64, right], right, spreading_right()),
        ("multiply", Timedelta64(_), other) if other.is_float() => {
            let run = map!(plain |a: i64, b: f64| -> i64 { if a == NAT { NAT } else { duration(a as f64 * b) } });
            done(&[left, F64], left, run)
        }
        ("multiply", other, Timedelta64(_)) if other.is_float() => {
            let run = map!(plain |a: f64, b: i64| -> i64 { if b == NAT { NAT } else { duration(a * b as f64) } });
            done(&[F64, right], right, run)
        }
        // By a number, floor division is towards zero as well: as in NumPy.
        ("divide" | "floor_divide", Timedelta64(_), other) if other.is_integer() => {
            let run = map!(plain |a: i64, b: i64| -> i64 { if a == NAT || b == 0 { NAT } else { a.wrapping_div(b) } });
            done(&[left, I64], left, run)
        }
        ("divide" | "floor_divide", Timedelta64(_), other) if other.is_float() => {
            let run = map!(plain |a: i64, b: f64| -> i64 { if a == NAT { NAT } else { duration(a as f64 / b) } });
            done(&[left, F64], left, run)
        }
        ("divide" | "floor_divide" | "remainder", Timedelta64(_), Timedelta64(_)) => {
            let common = promote(left, right)?;
            match ufunc.name {
                "divide" => {
                    let run = map!(plain |a: i64, b: i64| -> f64 {
                        if a == NAT || b == NAT { f64::NAN } else { a as f64 / b as f64 }
                    });
                    done(&[common, common], F64, run)
                }
                "floor_divide" => {
                    let run = map!(plain |a: i64, b: i64| -> i64 {
                        if a == NAT || b == NAT || b == 0 { 0 } else { floored(a, b) }
                    });
                    done(&[common, common], I64, run)
                }
                _ => {
                    let run = map!(plain |a: i64, b: i64| -> i64 {
                        if a == NAT || b == NAT || b == 0 { NAT } else { a.wrapping_sub(floored(a, b).wrapping_mul(b)) }
                    });
                    done(&[common, common], common, run)
                }
            }
        }
        _ => Err(unsupported()),
    }
}

fn spreading_times() -> Loop {
    map!(plain |a: i64, b: i64| -> i64 { if a == NAT { NAT } else { a.wrapping_mul(b) } })
}

fn spreading_right() -> Loop {
    map!(plain |a: i64, b: i64| -> i64 { if b == NAT { NAT } else { a.wrapping_mul(b) } })
}

#[inline(always)]
fn floored(a: i64, b: i64) -> i64 {
    let quotient = a.wrapping_div(b);
    quotient.wrapping_sub(i64::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0)))
}
