//! The operations of the expression DAG: a small set, of which everything in the array surface is made.

use std::fmt;
use std::hash::{Hash, Hasher};

pub use super::algebra::{Fft, Linalg};
pub use swath_kernels::order::QuantileMethod;
use swath_kernels::{DType, Dims, Scalar};

use super::contraction::Contraction;
use super::reduction::Reduction;
use super::traits::{FunctionRef, GeneratorRef, SinkRef, SourceRef};
use super::ufunc::Ufunc;
use super::view::View;

/// One value as part of an operation. Unlike [`Scalar`] it equals itself even if it is NaN, and -0 differs from 0.
#[derive(Debug, Clone, Copy)]
pub struct Constant(pub Scalar);

impl Constant {
    fn bits(self) -> (DType, [u64; 2]) {
        let bits = match self.0 {
            Scalar::F16(value) => [u64::from(value.to_bits()), 0],
            Scalar::F32(value) => [u64::from(value.to_bits()), 0],
            Scalar::F64(value) => [value.to_bits(), 0],
            Scalar::C64(value) => [u64::from(value.re.to_bits()), u64::from(value.im.to_bits())],
            Scalar::C128(value) => [value.re.to_bits(), value.im.to_bits()],
            Scalar::U64(value) => [value, 0],
            other => [other.to::<i64>() as u64, 0],
        };
        (self.0.dtype(), bits)
    }
}

impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Constant {}

impl Hash for Constant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

/// How a running result along an axis is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scan {
    /// `cumsum`.
    Sum,
    /// `cumprod`.
    Prod,
    /// Running maximum.
    Max,
    /// Running minimum.
    Min,
    /// `nancumsum`.
    NanSum,
    /// `nancumprod`.
    NanProd,
}

impl Scan {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Prod => "cumprod",
            Self::Max => "maximum.accumulate",
            Self::Min => "minimum.accumulate",
            Self::NanSum => "nancumsum",
            Self::NanProd => "nancumprod",
        }
    }

    /// The dtype in which results of a dtype are carried from block to block.
    pub(crate) const fn carry_dtype(self, dtype: DType) -> DType {
        use swath_kernels::reduce::Scan as Kernel;
        let kernel = if matches!(self, Self::Max | Self::Min) { Kernel::CumMax } else { Kernel::CumSum };
        kernel.carry_dtype(dtype)
    }
}

/// Operations that need the elements of an axis (or of all axes) in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Order {
    /// Sorted along an axis, NaN last.
    Sort {
        /// The axis.
        axis: usize,
    },
    /// The positions that sort an axis (stable), `int64`.
    ArgSort {
        /// The axis.
        axis: usize,
    },
    /// The element that sorting would bring to `kth` is there; smaller ones are before it.
    Partition {
        /// The axis.
        axis: usize,
        /// The position.
        kth: usize,
    },
    /// The `count` largest (or smallest) elements of an axis, best first; or their positions.
    Top {
        /// The axis.
        axis: usize,
        /// How many.
        count: usize,
        /// Largest, not smallest.
        largest: bool,
        /// Positions, not elements.
        positions: bool,
    },
    /// Quantiles over axes; a leading axis holds one for each of `at`.
    Quantile {
        /// Positions between 0 and 1.
        at: Vec<Constant>,
        /// The axes, ascending.
        axes: Dims,
        /// Between neighbours.
        method: QuantileMethod,
        /// Whether NaN is left out, not returned.
        skip_nan: bool,
    },
    /// How many elements lie between each two neighbours of the second input (edges, ascending); a third input weighs.
    Histogram,
    /// How often each of `0 .. length` occurs.
    Bincount {
        /// Length of the result.
        length: usize,
    },
    /// The distinct elements in ascending order; with `counts` how often each occurs. The length is known after running.
    Unique {
        /// Counts, not elements.
        counts: bool,
    },
}

/// How `map_overlap` fills what lies beyond the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Nothing: blocks at the border are smaller.
    None,
    /// The mirror image, the outermost element repeated.
    Reflect,
    /// The other end.
    Periodic,
    /// The outermost element.
    Nearest,
    /// A value.
    Constant(Constant),
}

/// A function of the user's over blocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockCall {
    /// The function.
    pub function: FunctionRef,
    /// For each input and each of its axes the result's axis whose blocks it follows; `None` takes the axis whole.
    pub axes: Vec<Vec<Option<usize>>>,
    /// Elements of the neighbours that a block of the first input gets along each of its axes, before and after; empty for none.
    pub halo: Vec<(usize, usize)>,
    /// What lies beyond the array.
    pub boundary: Boundary,
}

/// A part of each axis of a stored or generated array: start, step (not zero), and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first position.
    pub start: usize,
    /// The distance; negative runs backwards.
    pub step: isize,
    /// How many.
    pub length: usize,
}

/// An operation. Inputs, dtype and grid of the result stand in the node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A part of a source. No inputs.
    Read {
        /// The source.
        source: SourceRef,
        /// The part.
        window: Vec<Window>,
    },
    /// One value. No inputs.
    Fill(Constant),
    /// `start + step * i`, `i` being the position along an axis, as `int64`. No inputs. The base of `arange`, `eye`, `tri`, `indices`.
    Iota {
        /// The axis.
        axis: usize,
        /// The first number.
        start: i64,
        /// The difference.
        step: i64,
    },
    /// A part of a generated array (random numbers by counter). No inputs.
    Generate {
        /// The generator.
        generator: GeneratorRef,
        /// The shape of the whole array.
        whole: Dims,
        /// The part.
        window: Vec<Window>,
    },
    /// An elementwise function with NumPy's broadcasting; inputs have the dtypes that the function computes with.
    Map(Ufunc),
    /// Another dtype, as `astype`.
    Cast,
    /// A reduction over axes, which go.
    Reduce {
        /// The function.
        function: Reduction,
        /// The axes, ascending.
        axes: Dims,
    },
    /// A running result along an axis.
    Scan {
        /// The function.
        function: Scan,
        /// The axis.
        axis: usize,
    },
    /// A slice, flip, transpose, new, dropped or broadcast axis, or several.
    View(View),
    /// The same elements in C order under another shape.
    Reshape,
    /// Elements at integer positions along `count` neighbouring axes from `axis`; the inputs after the first are the positions (of one
    /// shape), and their shape stands where the axes were. `take`, several integer arrays.
    Gather {
        /// The first axis.
        axis: usize,
        /// How many axes.
        count: usize,
    },
    /// Elements at positions along an axis that differ for each place; the second input is as large as the result.
    TakeAlong {
        /// The axis.
        axis: usize,
    },
    /// Where the second input, over the leading axes of the first, is true; these axes become one of unknown length.
    Mask,
    /// The first input with the elements at integer positions along an axis (second input, 1-d) replaced by the third.
    Scatter {
        /// The axis.
        axis: usize,
    },
    /// One after another along an axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// The same array in other chunks.
    Rechunk,
    /// Products summed over labels: matmul, tensordot, einsum of two.
    Contract(Contraction),
    /// Sorting and what rests on it.
    Order(Order),
    /// Dense linear algebra.
    Linalg(Linalg),
    /// A Fourier transform.
    Fft {
        /// Which.
        function: Fft,
        /// The axis.
        axis: usize,
        /// Length along the axis before the transform (after it for `irfft`): the input is cut or padded with zeros.
        length: usize,
    },
    /// A function of the user's.
    Block(BlockCall),
    /// Written to a sink; the result is the input's block count as a 0-d `int64`.
    Store(SinkRef),
}

impl Op {
    /// The operation's name and arguments without those of the inputs, as `explain()` shows them.
    pub fn label(&self) -> String {
        match self {
            Self::Read { source, .. } => format!("Read {}", source.0.name()),
            Self::Fill(value) => format!("Fill {}", value.0),
            Self::Iota { axis, start, step } => format!("Iota axis={axis} {start}+{step}i"),
            Self::Generate { generator, .. } => format!("Generate {}", generator.0.name()),
            Self::Map(function) => format!("Map {}", function.name()),
            Self::Cast => "Cast".to_owned(),
            Self::Reduce { function, axes } => format!("Reduce {function} axes={axes:?}"),
            Self::Scan { function, axis } => format!("Scan {} axis={axis}", function.name()),
            Self::View(view) => format!("View {view}"),
            Self::Reshape => "Reshape".to_owned(),
            Self::Gather { axis, count } => format!("Gather axes={axis}..{}", axis + count),
            Self::TakeAlong { axis } => format!("TakeAlong axis={axis}"),
            Self::Mask => "Mask".to_owned(),
            Self::Scatter { axis } => format!("Scatter axis={axis}"),
            Self::Concat { axis } => format!("Concat axis={axis}"),
            Self::Rechunk => "Rechunk".to_owned(),
            Self::Contract(contraction) => format!("Contract {contraction}"),
            Self::Order(order) => order.to_string(),
            Self::Linalg(function) => format!("Linalg {}", function.name()),
            Self::Fft { function, axis, length } => format!("Fft {} axis={axis} n={length}", function.name()),
            Self::Block(call) if call.halo.is_empty() => format!("Block {}", call.function.0.name()),
            Self::Block(call) => format!("Block {} halo={:?}", call.function.0.name(), call.halo),
            Self::Store(sink) => format!("Store {}", sink.0.name()),
        }
    }

    /// Whether each block of the result follows from nothing but its position.
    pub fn is_creation(&self) -> bool {
        matches!(self, Self::Fill(_) | Self::Iota { .. } | Self::Generate { .. })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sort { axis } => write!(f, "Sort axis={axis}"),
            Self::ArgSort { axis } => write!(f, "ArgSort axis={axis}"),
            Self::Partition { axis, kth } => write!(f, "Partition axis={axis} kth={kth}"),
            Self::Top { axis, count, largest, positions } => {
                let (which, what) =
                    (if *largest { "largest" } else { "smallest" }, if *positions { " positions" } else { "" });
                write!(f, "Top {count} {which}{what} axis={axis}")
            }
            Self::Quantile { at, axes, .. } => {
                let at: Vec<String> = at.iter().map(|value| value.0.to_string()).collect();
                write!(f, "Quantile [{}] axes={axes:?}", at.join(", "))
            }
            Self::Histogram => f.write_str("Histogram"),
            Self::Bincount { length } => write!(f, "Bincount {length}"),
            Self::Unique { counts } => f.write_str(if *counts { "UniqueCounts" } else { "Unique" }),
        }
    }
}
