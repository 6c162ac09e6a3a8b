//! Loops that change dtypes, as `astype`.

use crate::cast::CastFrom;
use crate::dtype::{DType, TimeUnit};
use crate::element::Element;
use crate::isa::{Body, Loop, Ports, dispatch, single};
use crate::time::{convert_datetime, convert_timedelta};
use crate::ufunc::loops::{Map1, Unary, input, output};
use crate::with_element;

struct As;

impl<A: Element, R: Element + CastFrom<A>> Unary<A, R> for As {
    #[inline(always)]
    fn apply(a: A) -> R {
        R::cast_from(a)
    }
}

/// The loop that casts between two dtypes, and its argument. Dates and durations change units; with other kinds they are integers.
pub(crate) fn cast(from: DType, to: DType) -> (Loop, u64) {
    match (from, to) {
        (DType::Datetime64(a), DType::Datetime64(b)) if a != b => (single::<Datetimes>(), units(a, b)),
        (DType::Timedelta64(a), DType::Timedelta64(b)) if a != b => (single::<Timedeltas>(), units(a, b)),
        (DType::F32, DType::F64) => (dispatch::<Map1<As, f32, f64>>(), 0),
        (DType::F64, DType::F32) => (dispatch::<Map1<As, f64, f32>>(), 0),
        (DType::I64, DType::F64) => (dispatch::<Map1<As, i64, f64>>(), 0),
        (DType::I32, DType::F64) => (dispatch::<Map1<As, i32, f64>>(), 0),
        _ => (with_element!(from, A => with_element!(to, R => single::<Map1<As, A, R>>())), 0),
    }
}

fn units(from: TimeUnit, to: TimeUnit) -> u64 {
    (from as u64) << 8 | to as u64
}

fn read_units(argument: u64) -> (TimeUnit, TimeUnit) {
    let unit = |number: u64| TimeUnit::ALL[(number & 0xff) as usize % TimeUnit::ALL.len()];
    (unit(argument >> 8), unit(argument))
}

struct Datetimes;
struct Timedeltas;

impl Body for Datetimes {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        let (from, to) = read_units(ports.argument);
        // SAFETY: the caller's promise.
        let (a, result) = unsafe { (input::<i64>(ports, 0), output::<i64>(ports)) };
        for (result, a) in result.iter_mut().zip(a) {
            *result = convert_datetime(*a, from, to);
        }
    }
}

impl Body for Timedeltas {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        let (from, to) = read_units(ports.argument);
        // SAFETY: the caller's promise.
        let (a, result) = unsafe { (input::<i64>(ports, 0), output::<i64>(ports)) };
        for (result, a) in result.iter_mut().zip(a) {
            *result = convert_timedelta(*a, from, to);
        }
    }
}
