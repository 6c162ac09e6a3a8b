//! `+ - * / % & | ^ << >> !` and unary minus on arrays, arrays in references and numbers on either side.

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Rem, Shl, Shr, Sub};

use swath_kernels::Complex;

use crate::array::Array;
use crate::operand::Operand;

macro_rules! binary {
    ($($operator:ident :: $method:ident => $function:literal;)*) => {$(
        impl<R: Into<Operand>> $operator<R> for &Array {
            type Output = Array;

            fn $method(self, right: R) -> Array {
                self.binary($function, right)
            }
        }

        impl<R: Into<Operand>> $operator<R> for Array {
            type Output = Array;

            fn $method(self, right: R) -> Array {
                self.binary($function, right)
            }
        }

        binary!(left $operator $method $function: bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64);

        impl $operator<&Array> for Complex<f64> {
            type Output = Array;

            fn $method(self, right: &Array) -> Array {
                right.reversed($function, self)
            }
        }
    )*};
    (left $operator:ident $method:ident $function:literal: $($number:ty)*) => {$(
        impl $operator<&Array> for $number {
            type Output = Array;

            fn $method(self, right: &Array) -> Array {
                right.reversed($function, self)
            }
        }

        impl $operator<Array> for $number {
            type Output = Array;

            fn $method(self, right: Array) -> Array {
                right.reversed($function, self)
            }
        }
    )*};
}

binary! {
    Add::add => "add";
    Sub::sub => "subtract";
    Mul::mul => "multiply";
    Div::div => "divide";
    Rem::rem => "remainder";
    BitAnd::bitand => "bitwise_and";
    BitOr::bitor => "bitwise_or";
    BitXor::bitxor => "bitwise_xor";
    Shl::shl => "left_shift";
    Shr::shr => "right_shift";
}

macro_rules! unary {
    ($($operator:ident :: $method:ident => $function:literal;)*) => {$(
        impl $operator for &Array {
            type Output = Array;

            fn $method(self) -> Array {
                self.unary($function)
            }
        }

        impl $operator for Array {
            type Output = Array;

            fn $method(self) -> Array {
                self.unary($function)
            }
        }
    )*};
}

unary! {
    Neg::neg => "negative";
    Not::not => "invert";
}
