//! The parts of an index.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use swath_kernels::SliceSpec;

use crate::array::Array;
use crate::operand::Operand;

/// One part of an index.
#[derive(Debug, Clone)]
pub enum Part {
    /// An integer, a slice, a new axis, an ellipsis.
    Basic(SliceSpec),
    /// Integers that pick positions, or truth values that keep them.
    Array(Operand),
}

impl Part {
    /// A slice's every `step`-th position, backwards if it is negative.
    #[must_use]
    pub fn step_by(self, by: isize) -> Self {
        match self {
            Self::Basic(SliceSpec::Range { start, stop, .. }) => {
                Self::Basic(SliceSpec::Range { start, stop, step: by })
            }
            other => other,
        }
    }
}

impl From<SliceSpec> for Part {
    fn from(part: SliceSpec) -> Self {
        Self::Basic(part)
    }
}

impl From<&Array> for Part {
    fn from(array: &Array) -> Self {
        Self::Array(array.into())
    }
}

impl From<Array> for Part {
    fn from(array: Array) -> Self {
        Self::Array(array.into())
    }
}

impl From<RangeFull> for Part {
    fn from(_: RangeFull) -> Self {
        Self::Basic(SliceSpec::ALL)
    }
}

fn range(start: Option<isize>, stop: Option<isize>) -> Part {
    Part::Basic(SliceSpec::Range { start, stop, step: 1 })
}

/// The position behind the last one; behind `-1` there is no number.
fn behind(last: isize) -> Option<isize> {
    (last != -1).then_some(last.saturating_add(1))
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Part {
            fn from(index: $integer) -> Self {
                Self::Basic(SliceSpec::Index(index as isize))
            }
        }

        impl From<Range<$integer>> for Part {
            fn from(bounds: Range<$integer>) -> Self {
                range(Some(bounds.start as isize), Some(bounds.end as isize))
            }
        }

        impl From<RangeFrom<$integer>> for Part {
            fn from(bounds: RangeFrom<$integer>) -> Self {
                range(Some(bounds.start as isize), None)
            }
        }

        impl From<RangeTo<$integer>> for Part {
            fn from(bounds: RangeTo<$integer>) -> Self {
                range(None, Some(bounds.end as isize))
            }
        }

        impl From<RangeInclusive<$integer>> for Part {
            fn from(bounds: RangeInclusive<$integer>) -> Self {
                range(Some(*bounds.start() as isize), behind(*bounds.end() as isize))
            }
        }

        impl From<RangeToInclusive<$integer>> for Part {
            fn from(bounds: RangeToInclusive<$integer>) -> Self {
                range(None, behind(bounds.end as isize))
            }
        }

        impl<const N: usize> From<[$integer; N]> for Part {
            fn from(positions: [$integer; N]) -> Self {
                Self::from(positions.to_vec())
            }
        }

        impl From<Vec<$integer>> for Part {
            fn from(positions: Vec<$integer>) -> Self {
                let positions: Vec<i64> = positions.into_iter().map(|position| position as i64).collect();
                match swath_kernels::NdArray::from_vec(&[positions.len()], positions) {
                    Ok(array) => Self::Array(array.into()),
                    Err(_) => Self::Basic(SliceSpec::ALL),
                }
            }
        }
    )*};
}

integers! { i32 i64 isize usize }

/// An index: its parts, one after another.
#[derive(Debug, Clone, Default)]
pub struct Index(pub(crate) Vec<Part>);

impl<P: Into<Part>> From<P> for Index {
    fn from(part: P) -> Self {
        Self(vec![part.into()])
    }
}

impl<const N: usize> From<[Part; N]> for Index {
    fn from(parts: [Part; N]) -> Self {
        Self(parts.into())
    }
}

impl From<&[SliceSpec]> for Index {
    fn from(parts: &[SliceSpec]) -> Self {
        Self(parts.iter().copied().map(Part::Basic).collect())
    }
}

impl From<Vec<Part>> for Index {
    fn from(parts: Vec<Part>) -> Self {
        Self(parts)
    }
}

/// An index, as [`Array::slice`](crate::Array::slice) takes it: integers, ranges, ranges with a step behind `;`, `NewAxis`, `...` for all
/// axes that no other part names, integer arrays and boolean masks.
///
/// ```
/// # use swath_nd::{Arrays, s};
/// let x = Arrays::embedded().arange(0, 24, 1).reshape([2, 3, 4]);
/// assert_eq!(x.slice(s![1, .., ..;2]).to_vec::<i64>()?, [12, 14, 16, 18, 20, 22]);
/// assert_eq!(x.slice(s![..., -1]).shape()?, [2, 3]);
/// assert_eq!(x.slice(s![0, NewAxis, 1..]).shape()?, [1, 2, 4]);
/// assert_eq!(x.slice(s![0, 0, ..;-1]).to_vec::<i64>()?, [3, 2, 1, 0]);
/// assert_eq!(x.slice(s![0, [2, 0], [1, 3]]).to_vec::<i64>()?, [9, 3]);
/// assert_eq!(x.slice(s![&x.gt(21)]).to_vec::<i64>()?, [22, 23]);
/// # Ok::<(), swath_nd::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@parts [$($done:expr,)*]) => { $crate::Index::from([$($done),*] as [$crate::Part; _]) };
    (@parts [$($done:expr,)*] ... $(, $($rest:tt)*)?) => {
        $crate::s!(@parts [$($done,)* $crate::Part::Basic($crate::SliceSpec::Ellipsis),] $($($rest)*)?)
    };
    (@parts [$($done:expr,)*] NewAxis $(, $($rest:tt)*)?) => {
        $crate::s!(@parts [$($done,)* $crate::Part::Basic($crate::SliceSpec::NewAxis),] $($($rest)*)?)
    };
    (@parts [$($done:expr,)*] $range:expr ; $step:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@parts [$($done,)* $crate::Part::from($range).step_by($step),] $($($rest)*)?)
    };
    (@parts [$($done:expr,)*] $part:expr $(, $($rest:tt)*)?) => {
        $crate::s!(@parts [$($done,)* $crate::Part::from($part),] $($($rest)*)?)
    };
    ($($parts:tt)*) => { $crate::s!(@parts [] $($parts)*) };
}
