//! Loops from functions of single elements.

use std::marker::PhantomData;

use crate::isa::{Body, Ports};

/// A function of one element. `apply` is `#[inline(always)]`.
pub(crate) trait Unary<A, R>: 'static {
    fn apply(a: A) -> R;
}

/// A function of two elements.
pub(crate) trait Binary<A, B, R>: 'static {
    fn apply(a: A, b: B) -> R;
}

/// A function of three elements.
pub(crate) trait Ternary<A, B, C, R>: 'static {
    fn apply(a: A, b: B, c: C) -> R;
}

/// A function of one element with a quick form for most arguments and an exact one for the others.
pub(crate) trait Guarded1<A, R>: 'static {
    fn quick(a: A) -> R;
    fn is_special(a: A) -> bool;
    fn exact(a: A) -> R;
}

/// As [`Guarded1`], of two elements.
pub(crate) trait Guarded2<A, R>: 'static {
    fn quick(a: A, b: A) -> R;
    fn is_special(a: A, b: A) -> bool;
    fn exact(a: A, b: A) -> R;
}

pub(crate) struct Map1<O, A, R>(PhantomData<(O, A, R)>);
pub(crate) struct Map2<O, A, B, R>(PhantomData<(O, A, B, R)>);
pub(crate) struct Map3<O, A, B, C, R>(PhantomData<(O, A, B, C, R)>);
pub(crate) struct Guard1<O, A, R>(PhantomData<(O, A, R)>);
pub(crate) struct Guard2<O, A, R>(PhantomData<(O, A, R)>);

/// # Safety
/// As [`crate::isa::Loop`]: `A` is the type of input `index`.
#[inline(always)]
pub(crate) unsafe fn input<A>(ports: &Ports, index: usize) -> &[A] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(ports.inputs[index].cast::<A>(), ports.length) }
}

/// # Safety
/// As [`crate::isa::Loop`]: `R` is the type of the output, whose memory is initialised.
#[inline(always)]
#[allow(clippy::mut_from_ref)] // The output is not behind the reference.
pub(crate) unsafe fn output<R>(ports: &Ports) -> &mut [R] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(ports.output.cast::<R>(), ports.length) }
}

impl<O: Unary<A, R>, A: Copy + 'static, R: 'static> Body for Map1<O, A, R> {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        // SAFETY: the caller's promise.
        let (a, result) = unsafe { (input::<A>(ports, 0), output::<R>(ports)) };
        for (result, a) in result.iter_mut().zip(a) {
            *result = O::apply(*a);
        }
    }
}

impl<O: Binary<A, B, R>, A: Copy + 'static, B: Copy + 'static, R: 'static> Body for Map2<O, A, B, R> {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        // SAFETY: the caller's promise.
        let (a, b, result) = unsafe { (input::<A>(ports, 0), input::<B>(ports, 1), output::<R>(ports)) };
        for ((result, a), b) in result.iter_mut().zip(a).zip(b) {
            *result = O::apply(*a, *b);
        }
    }
}

impl<O: Ternary<A, B, C, R>, A: Copy + 'static, B: Copy + 'static, C: Copy + 'static, R: 'static> Body
    for Map3<O, A, B, C, R>
{
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        // SAFETY: the caller's promise.
        let (a, b) = unsafe { (input::<A>(ports, 0), input::<B>(ports, 1)) };
        // SAFETY: the caller's promise.
        let (c, result) = unsafe { (input::<C>(ports, 2), output::<R>(ports)) };
        for (((result, a), b), c) in result.iter_mut().zip(a).zip(b).zip(c) {
            *result = O::apply(*a, *b, *c);
        }
    }
}

/// Elements that are computed before their special cases are looked at.
const BLOCK: usize = 64;

impl<O: Guarded1<A, R>, A: Copy + 'static, R: 'static> Body for Guard1<O, A, R> {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        // SAFETY: the caller's promise.
        let (a, result) = unsafe { (input::<A>(ports, 0), output::<R>(ports)) };
        for (result, a) in result.chunks_mut(BLOCK).zip(a.chunks(BLOCK)) {
            let mut special = false;
            for (result, a) in result.iter_mut().zip(a) {
                *result = O::quick(*a);
                special |= O::is_special(*a);
            }
            if special {
                for (result, a) in result.iter_mut().zip(a) {
                    if O::is_special(*a) {
                        *result = O::exact(*a);
                    }
                }
            }
        }
    }
}

impl<O: Guarded2<A, R>, A: Copy + 'static, R: 'static> Body for Guard2<O, A, R> {
    #[inline(always)]
    unsafe fn run(ports: &Ports) {
        // SAFETY: the caller's promise.
        let (a, b, result) = unsafe { (input::<A>(ports, 0), input::<A>(ports, 1), output::<R>(ports)) };
        for ((result, a), b) in result.chunks_mut(BLOCK).zip(a.chunks(BLOCK)).zip(b.chunks(BLOCK)) {
            let mut special = false;
            for ((result, a), b) in result.iter_mut().zip(a).zip(b) {
                *result = O::quick(*a, *b);
                special |= O::is_special(*a, *b);
            }
            if special {
                for ((result, a), b) in result.iter_mut().zip(a).zip(b) {
                    if O::is_special(*a, *b) {
                        *result = O::exact(*a, *b);
                    }
                }
            }
        }
    }
}

/// The loop of an expression in typed elements; `wide` compiles it for each instruction set, `plain` once.
macro_rules! map {
    (@with $choose:ident, |$a:ident: $A:ty| -> $R:ty { $body:expr }) => {{
        struct Op;
        impl $crate::ufunc::loops::Unary<$A, $R> for Op {
            #[inline(always)]
            fn apply($a: $A) -> $R {
                $body
            }
        }
        $crate::isa::$choose::<$crate::ufunc::loops::Map1<Op, $A, $R>>()
    }};
    (@with $choose:ident, |$a:ident: $A:ty, $b:ident: $B:ty| -> $R:ty { $body:expr }) => {{
        struct Op;
        impl $crate::ufunc::loops::Binary<$A, $B, $R> for Op {
            #[inline(always)]
            fn apply($a: $A, $b: $B) -> $R {
                $body
            }
        }
        $crate::isa::$choose::<$crate::ufunc::loops::Map2<Op, $A, $B, $R>>()
    }};
    (@with $choose:ident, |$a:ident: $A:ty, $b:ident: $B:ty, $c:ident: $C:ty| -> $R:ty { $body:expr }) => {{
        struct Op;
        impl $crate::ufunc::loops::Ternary<$A, $B, $C, $R> for Op {
            #[inline(always)]
            fn apply($a: $A, $b: $B, $c: $C) -> $R {
                $body
            }
        }
        $crate::isa::$choose::<$crate::ufunc::loops::Map3<Op, $A, $B, $C, $R>>()
    }};
    (wide $($rest:tt)*) => { $crate::ufunc::loops::map!(@with dispatch, $($rest)*) };
    (plain $($rest:tt)*) => { $crate::ufunc::loops::map!(@with single, $($rest)*) };
}
pub(crate) use map;

/// One expression in the float type itself (`f16` in `f32`), as `Option<Loop>`; `None` for other dtypes.
macro_rules! floats {
    ($dtype:expr, |$a:ident| $body:expr) => {
        match $dtype {
            $crate::DType::F16 => Some($crate::ufunc::loops::map!(plain |$a: $crate::f16| -> $crate::f16 {{
                let $a = $a.to_f32();
                $crate::f16::from_f32($body)
            }})),
            $crate::DType::F32 => Some($crate::ufunc::loops::map!(wide |$a: f32| -> f32 { $body })),
            $crate::DType::F64 => Some($crate::ufunc::loops::map!(wide |$a: f64| -> f64 { $body })),
            _ => None,
        }
    };
    ($dtype:expr, |$a:ident, $b:ident| $body:expr) => {
        match $dtype {
            $crate::DType::F16 => {
                Some($crate::ufunc::loops::map!(plain |$a: $crate::f16, $b: $crate::f16| -> $crate::f16 {{
                    let ($a, $b) = ($a.to_f32(), $b.to_f32());
                    $crate::f16::from_f32($body)
                }}))
            }
            $crate::DType::F32 => Some($crate::ufunc::loops::map!(wide |$a: f32, $b: f32| -> f32 { $body })),
            $crate::DType::F64 => Some($crate::ufunc::loops::map!(wide |$a: f64, $b: f64| -> f64 { $body })),
            _ => None,
        }
    };
    ($dtype:expr, |$a:ident, $b:ident, $c:ident| $body:expr) => {
        match $dtype {
            $crate::DType::F16 => Some($crate::ufunc::loops::map!(
                plain |$a: $crate::f16, $b: $crate::f16, $c: $crate::f16| -> $crate::f16 {{
                    let ($a, $b, $c) = ($a.to_f32(), $b.to_f32(), $c.to_f32());
                    $crate::f16::from_f32($body)
                }})),
            $crate::DType::F32 => Some($crate::ufunc::loops::map!(wide |$a: f32, $b: f32, $c: f32| -> f32 { $body })),
            $crate::DType::F64 => Some($crate::ufunc::loops::map!(wide |$a: f64, $b: f64, $c: f64| -> f64 { $body })),
            _ => None,
        }
    };
}
pub(crate) use floats;

/// One expression in `f64`, rounded to the dtype, as `Option<Loop>`; `None` for other dtypes.
macro_rules! in_f64 {
    ($mode:tt, $dtype:expr, |$a:ident| $body:expr) => {
        match $dtype {
            $crate::DType::F16 => Some($crate::ufunc::loops::map!(plain |$a: $crate::f16| -> $crate::f16 {{
                let $a = f64::from($a.to_f32());
                $crate::f16::from_f64($body)
            }})),
            $crate::DType::F32 => Some($crate::ufunc::loops::map!($mode |$a: f32| -> f32 {{
                let $a = f64::from($a);
                ($body) as f32
            }})),
            $crate::DType::F64 => Some($crate::ufunc::loops::map!($mode |$a: f64| -> f64 { $body })),
            _ => None,
        }
    };
    ($mode:tt, $dtype:expr, |$a:ident, $b:ident| $body:expr) => {
        match $dtype {
            $crate::DType::F16 => {
                Some($crate::ufunc::loops::map!(plain |$a: $crate::f16, $b: $crate::f16| -> $crate::f16 {{
                    let ($a, $b) = (f64::from($a.to_f32()), f64::from($b.to_f32()));
                    $crate::f16::from_f64($body)
                }}))
            }
            $crate::DType::F32 => Some($crate::ufunc::loops::map!($mode |$a: f32, $b: f32| -> f32 {{
                let ($a, $b) = (f64::from($a), f64::from($b));
                ($body) as f32
            }})),
            $crate::DType::F64 => Some($crate::ufunc::loops::map!($mode |$a: f64, $b: f64| -> f64 { $body })),
            _ => None,
        }
    };
}
pub(crate) use in_f64;

/// One expression for each integer type, bound to a name, as `Option<Loop>`; `None` for other dtypes.
macro_rules! integers {
    ($dtype:expr, $T:ident, $($rest:tt)*) => {
        match $dtype {
            $crate::DType::I8 => { type $T = i8; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I16 => { type $T = i16; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I32 => { type $T = i32; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I64 => { type $T = i64; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U8 => { type $T = u8; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U16 => { type $T = u16; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U32 => { type $T = u32; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U64 => { type $T = u64; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            _ => None,
        }
    };
}
pub(crate) use integers;

/// As [`integers`], for the signed ones.
macro_rules! signed {
    ($dtype:expr, $T:ident, $($rest:tt)*) => {
        match $dtype {
            $crate::DType::I8 => { type $T = i8; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I16 => { type $T = i16; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I32 => { type $T = i32; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::I64 => { type $T = i64; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            _ => None,
        }
    };
}
pub(crate) use signed;

/// As [`integers`], for the unsigned ones.
macro_rules! unsigned {
    ($dtype:expr, $T:ident, $($rest:tt)*) => {
        match $dtype {
            $crate::DType::U8 => { type $T = u8; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U16 => { type $T = u16; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U32 => { type $T = u32; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::U64 => { type $T = u64; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            _ => None,
        }
    };
}
pub(crate) use unsigned;

/// One expression for both complex types, computed in `Complex<f64>`, as `Option<Loop>`.
macro_rules! complexes {
    ($dtype:expr, |$a:ident| $body:expr) => {
        match $dtype {
            $crate::DType::C64 => {
                Some($crate::ufunc::loops::map!(plain |$a: $crate::Complex<f32>| -> $crate::Complex<f32> {{
                    let $a = $crate::ufunc::complex::widen($a);
                    $crate::ufunc::complex::narrow($body)
                }}))
            }
            $crate::DType::C128 => {
                Some($crate::ufunc::loops::map!(plain |$a: $crate::Complex<f64>| -> $crate::Complex<f64> { $body }))
            }
            _ => None,
        }
    };
    ($dtype:expr, |$a:ident, $b:ident| $body:expr) => {
        match $dtype {
            $crate::DType::C64 => Some($crate::ufunc::loops::map!(
                plain |$a: $crate::Complex<f32>, $b: $crate::Complex<f32>| -> $crate::Complex<f32> {{
                    let ($a, $b) = ($crate::ufunc::complex::widen($a), $crate::ufunc::complex::widen($b));
                    $crate::ufunc::complex::narrow($body)
                }})),
            $crate::DType::C128 => Some($crate::ufunc::loops::map!(
                plain |$a: $crate::Complex<f64>, $b: $crate::Complex<f64>| -> $crate::Complex<f64> { $body })),
            _ => None,
        }
    };
}
pub(crate) use complexes;

/// One expression for every dtype with a given result type: comparisons and tests.
macro_rules! each_type {
    ($dtype:expr, $T:ident, $($rest:tt)*) => {
        match $dtype.physical() {
            $crate::DType::Bool => { type $T = bool; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::F16 => { type $T = $crate::f16; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::F32 => { type $T = f32; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::F64 => { type $T = f64; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::C64 => { type $T = $crate::Complex<f32>; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            $crate::DType::C128 => { type $T = $crate::Complex<f64>; Some($crate::ufunc::loops::map!(plain $($rest)*)) }
            integer => $crate::ufunc::loops::integers!(integer, $T, $($rest)*),
        }
    };
}
pub(crate) use each_type;
