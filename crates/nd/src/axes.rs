//! Axes and shapes as users write them.

/// The axes of an operation: `()` for all, one, or several; negative ones count from the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Axes(Option<Vec<isize>>);

impl Axes {
    /// The axes, `None` for all.
    pub(crate) fn get(&self) -> Option<&[isize]> {
        self.0.as_deref()
    }
}

impl From<()> for Axes {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<Option<&[isize]>> for Axes {
    fn from(axes: Option<&[isize]>) -> Self {
        Self(axes.map(<[isize]>::to_vec))
    }
}

/// A shape: a length, or one for each axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<usize>);

impl From<()> for Shape {
    fn from((): ()) -> Self {
        Self(Vec::new())
    }
}

/// A shape of which one length may be -1: it is found from the number of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShape(pub Vec<isize>);

impl From<()> for NewShape {
    fn from((): ()) -> Self {
        Self(Vec::new())
    }
}

macro_rules! integers {
    ($($name:ident($wrap:expr) as $inner:ty: $($integer:ty)*;)*) => {$($(
        impl From<$integer> for $name {
            fn from(one: $integer) -> Self {
                Self($wrap(vec![one as $inner]))
            }
        }

        impl<const N: usize> From<[$integer; N]> for $name {
            fn from(several: [$integer; N]) -> Self {
                Self($wrap(several.iter().map(|one| *one as $inner).collect()))
            }
        }

        impl From<&[$integer]> for $name {
            fn from(several: &[$integer]) -> Self {
                Self($wrap(several.iter().map(|one| *one as $inner).collect()))
            }
        }

        impl From<Vec<$integer>> for $name {
            fn from(several: Vec<$integer>) -> Self {
                Self($wrap(several.iter().map(|one| *one as $inner).collect()))
            }
        }

        impl From<&Vec<$integer>> for $name {
            fn from(several: &Vec<$integer>) -> Self {
                Self($wrap(several.iter().map(|one| *one as $inner).collect()))
            }
        }
    )*)*};
}

integers! {
    Axes(Some) as isize: i32 i64 isize usize;
    Shape(std::convert::identity) as usize: i32 u64 usize;
    NewShape(std::convert::identity) as isize: i32 i64 isize usize;
}
