//! The Rust types of elements, and the choice of one by dtype.

use arrow_buffer::{ArrowNativeType, Buffer};
use half::f16;
use num_complex::Complex;

use crate::dtype::DType;

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that holds the elements of a dtype. Dates and durations are held as `i64`.
pub trait Element: sealed::Sealed + Copy + Send + Sync + PartialEq + Default + std::fmt::Debug + 'static {
    /// The dtype that this type holds. For `i64` this is `I64`, whose layout dates and durations share ([`DType::physical`]).
    const DTYPE: DType;

    /// The elements as a buffer, without a copy.
    fn into_buffer(elements: Vec<Self>) -> Buffer;
}

/// Hands a vector's allocation to a buffer of `N`, of which `size_of::<T>() / size_of::<N>()` make a `T`.
fn adopt<T, N: ArrowNativeType>(elements: Vec<T>) -> Buffer {
    const {
        assert!(align_of::<T>() == align_of::<N>() && size_of::<T>().is_multiple_of(size_of::<N>()));
    }
    let parts = size_of::<T>() / size_of::<N>();
    let mut elements = std::mem::ManuallyDrop::new(elements);
    let (pointer, length, capacity) = (elements.as_mut_ptr(), elements.len(), elements.capacity());
    // SAFETY: the vector is not dropped; alignment is equal and the capacity covers the same bytes, so that the allocation is the
    // one a `Vec<N>` would have made; the elements are plain numbers.
    Buffer::from_vec(unsafe { Vec::from_raw_parts(pointer.cast::<N>(), length * parts, capacity * parts) })
}

macro_rules! element {
    ($($rust:ty, $native:ty, $dtype:ident;)*) => {$(
        impl sealed::Sealed for $rust {}
        impl Element for $rust {
            const DTYPE: DType = DType::$dtype;

            fn into_buffer(elements: Vec<Self>) -> Buffer {
                adopt::<$rust, $native>(elements)
            }
        }
    )*};
}

element! {
    bool, u8, Bool;
    i8, i8, I8;
    i16, i16, I16;
    i32, i32, I32;
    i64, i64, I64;
    u8, u8, U8;
    u16, u16, U16;
    u32, u32, U32;
    u64, u64, U64;
    f16, f16, F16;
    f32, f32, F32;
    f64, f64, F64;
    Complex<f32>, f32, C64;
    Complex<f64>, f64, C128;
}

/// Runs a block with a type name bound to the Rust type of a dtype: `with_element!(dtype, T => sum::<T>(array))`. Dates and
/// durations run as `i64`.
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype.physical() {
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
            $crate::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::DType::I16 => {
                type $T = i16;
                $body
            }
            $crate::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::U16 => {
                type $T = u16;
                $body
            }
            $crate::DType::U32 => {
                type $T = u32;
                $body
            }
            $crate::DType::U64 => {
                type $T = u64;
                $body
            }
            $crate::DType::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::C64 => {
                type $T = $crate::Complex<f32>;
                $body
            }
            $crate::DType::C128 => {
                type $T = $crate::Complex<f64>;
                $body
            }
            $crate::DType::I64 | $crate::DType::Datetime64(_) | $crate::DType::Timedelta64(_) => {
                type $T = i64;
                $body
            }
        }
    };
}
