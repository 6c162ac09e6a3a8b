//! Phases: the parts of operations that need more than one task sees, such as sorting an axis that no task holds.
//!
//! A phase is plain data. An executor starts it for a task, pushes what the task reads input by input, and takes a block for each output.
//! Which parts of a [`super::stage::Access::Routed`] input a task reads follows from what was pushed before ([`PhaseRun::routes`]): small
//! tables that earlier phases made.
//!
//! | module | what |
//! |---|---|
//! | [`runs`] | blocks sorted by themselves, with samples |
//! | `run` | a phase of one task under way |
//! | [`ranks`] | where runs are to be cut so that exactly so many elements lie below |
//! | [`merge`] | parts of runs to blocks of the result |
//! | `part` | parts of sorted lines, each made from the whole line |
//! | [`top`] | the best few |
//! | `gather` | elements at integer positions, and the reverse |

mod gather;
pub mod merge;
mod part;
pub mod ranks;
mod run;
pub mod runs;
pub mod top;

use swath_kernels::{DType, NdArray};

use self::gather::Routes;
pub use self::run::PhaseRun;
use super::stage::Stage;
use crate::error::{ArrayError, Result};
use crate::expr::op::{Constant, QuantileMethod};

/// What the blocks of sorted runs become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// All elements in order.
    Elements,
    /// Their positions along the axis.
    Positions,
    /// Each distinct element once.
    Distinct,
    /// How often each distinct element occurs.
    Counts,
}

/// Which ranks are looked for in the runs of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// These ranks.
    Ranks(Vec<u64>),
    /// Those that cut what there is into so many parts as even as can be.
    Parts(usize),
    /// For each position the two neighbours of a quantile.
    Quantiles(Vec<Constant>, QuantileMethod),
}

impl Wanted {
    /// How many ranks.
    pub fn count(&self) -> usize {
        match self {
            Self::Ranks(ranks) => ranks.len(),
            Self::Parts(parts) => parts - 1,
            Self::Quantiles(at, _) => at.len() * 2,
        }
    }

    /// The ranks among so many elements.
    fn ranks(&self, total: u64) -> Vec<u64> {
        match self {
            Self::Ranks(ranks) => ranks.clone(),
            Self::Parts(parts) => (1..*parts as u64).map(|part| total * part / *parts as u64).collect(),
            Self::Quantiles(at, method) => {
                let ranks = |at: &Constant| {
                    let (low, high, _) = method.ranks(total as usize, at.0.to::<f64>());
                    [low as u64, high as u64]
                };
                at.iter().flat_map(ranks).collect()
            }
        }
    }
}

/// A part of an operation over several blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// A block (input 0) sorted along `axis`, along the others it has length one; or, without an axis, all its elements. Outputs: the run;
    /// with `positions` where its elements were along the axis; `samples` elements at even distances; the run's length without
    /// NaN (`sorted_nan: false`) or with.
    Runs {
        /// The axis.
        axis: Option<usize>,
        /// Whether positions follow.
        positions: bool,
        /// How many samples.
        samples: usize,
        /// Whether NaN counts as an element.
        sorted_nan: bool,
    },
    /// The distinct elements of a block, how often each occurs, samples and length. The first two have unknown lengths.
    DistinctRuns {
        /// How many samples.
        samples: usize,
    },
    /// From the samples (input 0) and lengths (input 1) of all runs of a line: for each wanted rank the parts of the runs in which
    /// it must lie, `(.., rank, run, [from, to])`, and in the last place of `run` the rank itself.
    Brackets {
        /// Which ranks.
        wanted: Wanted,
        /// Whether runs hold each element once, and equal elements are not to be parted.
        distinct: bool,
    },
    /// From a rank's brackets (input 0) and the parts of the runs that they name (input 1, routed, along `axis`): where each run
    /// is to be cut, and the element at the rank (where there is one).
    Cuts {
        /// The axis of the runs.
        axis: usize,
        /// As in [`Phase::Brackets`].
        distinct: bool,
    },
    /// From all cuts (input 0) and lengths (input 1) of a line, and the parts of runs between two of them (input 2, routed along `axis`;
    /// input 3 what goes with them, positions or counts): a block of the result.
    Merge {
        /// The axis of the runs.
        axis: usize,
        /// What the result is.
        into: Merged,
    },
    /// From the elements at the ranks of quantiles (input 0) and the lengths (input 1: without NaN; input 2: with): the quantiles.
    Quantiles {
        /// Positions between 0 and 1.
        at: Vec<Constant>,
        /// Between neighbours.
        method: QuantileMethod,
        /// Whether NaN is left out.
        skip_nan: bool,
    },
    /// The best elements of a block (input 0) along an axis and their positions; those of input 1, unless this is the `first` level.
    /// Outputs: elements and positions, or in the last level one of them.
    Top {
        /// The axis.
        axis: usize,
        /// How many.
        count: usize,
        /// Largest, not smallest.
        largest: bool,
        /// Whether positions are made here.
        first: bool,
        /// In the last level: whether positions are the result, not elements.
        give: Option<bool>,
    },
    /// The elements of a line (all of it, input 0, routed along `axis`) whose ranks are the task's positions, in order.
    Part {
        /// The axis.
        axis: usize,
        /// Whether positions are the result, not elements.
        positions: bool,
    },
    /// The distinct elements of a line (all of it, input 0, routed along its only axis) that begin at the task's positions among the sorted
    /// elements. The output has unknown lengths.
    DistinctPart,
    /// Elements of the last input (routed) at the positions of the others along neighbouring axes from `axis`.
    Gather {
        /// The first axis.
        axis: usize,
    },
    /// The reduced QR decomposition of a block; outputs are `Q`, if wanted, and `R`.
    Qr {
        /// Whether `Q` is made.
        gives_q: bool,
    },
    /// The product of two blocks.
    Multiply,
    /// A block (input 1) with the elements at positions along an axis (input 0, all of them) replaced by those of input 2 (routed).
    Scatter {
        /// The axis.
        axis: usize,
    },
}

impl Phase {
    /// The name, as `explain()` shows it.
    pub fn label(&self) -> String {
        match self {
            Self::Runs { samples, .. } => format!("SortRuns, {samples} samples"),
            Self::DistinctRuns { samples } => format!("DistinctRuns, {samples} samples"),
            Self::Brackets { wanted, .. } => format!("BracketRanks, {} ranks", wanted.count()),
            Self::Cuts { .. } => "CutRuns".to_owned(),
            Self::Merge { into, .. } => {
                format!("MergeRuns to {into:?}").to_lowercase().replacen("mergeruns", "MergeRuns", 1)
            }
            Self::Quantiles { .. } => "Quantiles".to_owned(),
            Self::Top { count, .. } => format!("Top {count}"),
            Self::Part { positions, .. } => (if *positions { "SortPart, positions" } else { "SortPart" }).to_owned(),
            Self::DistinctPart => "DistinctPart".to_owned(),
            Self::Qr { gives_q } => (if *gives_q { "QrBlocks" } else { "QrBlocks, R alone" }).to_owned(),
            Self::Multiply => "Multiply".to_owned(),
            Self::Gather { axis } => format!("Gather axis={axis}"),
            Self::Scatter { axis } => format!("Scatter axis={axis}"),
        }
    }

    /// Bytes that a task takes beside what it reads and makes.
    pub(crate) fn scratch_bytes(&self, stage: &Stage, (read, made): (u64, u64)) -> u64 {
        let elements = |input: usize| {
            stage
                .inputs
                .get(input)
                .map_or(0, |input| super::memory::input_bytes(stage, input) / input.dtype.item_size() as u64)
        };
        match self {
            // Keys and as much again to sort them; positions in 32 bits with their keys.
            Self::Runs { positions, .. } => elements(0).saturating_mul(if *positions { 56 } else { 32 }),
            Self::DistinctRuns { .. } => elements(0).saturating_mul(64),
            // Order and bounds of ranks for each sample.
            Self::Brackets { .. } => elements(0).saturating_mul(40),
            Self::Cuts { .. } => read,
            Self::Merge { into: Merged::Elements, .. } => read.saturating_add(elements(2).saturating_mul(16)),
            Self::Merge { .. } => read.saturating_add(elements(2).saturating_mul(32)),
            Self::Quantiles { .. } => 0,
            Self::Top { .. } => elements(0).saturating_mul(32),
            // A few keys more than those that are wanted; or words of keys and positions, of all where most keys are alike.
            Self::Part { positions: false, .. } => read / 8,
            // The sorted part, of which what is distinct is made.
            Self::DistinctPart => (read / 8).saturating_add(made),
            Self::Part { .. } => elements(0).saturating_mul(8).saturating_add(made),
            // Copies that are factored in place, and work space as large.
            Self::Qr { .. } => read.saturating_mul(2),
            Self::Multiply => 0,
            // What was picked, the same in order, and positions grouped by blocks.
            Self::Gather { .. } => {
                let count = stage.inputs.len() as u64 - 1;
                made.saturating_mul(2).saturating_add(elements(0).saturating_mul(32 + 8 * count))
            }
            Self::Scatter { .. } => made.saturating_mul(3).saturating_add(elements(0).saturating_mul(48)),
        }
    }

    /// Whether the pieces of an input are done with as soon as they are pushed; else all are held until the end.
    pub fn streams(&self, input: usize) -> bool {
        matches!((self, input), (Self::Gather { .. }, 1..) | (Self::Scatter { .. }, 2))
    }

    /// Begins the phase for a task of its stage.
    pub fn start<'a>(&'a self, stage: &'a Stage, task: usize) -> PhaseRun<'a> {
        PhaseRun {
            phase: self,
            stage,
            task,
            pushed: stage.inputs.iter().map(|_| Vec::new()).collect(),
            found: Routes::default(),
        }
    }
}

/// Whole numbers of an array.
fn numbers(array: &NdArray) -> Result<Vec<usize>> {
    if array.dtype() != DType::I64 {
        return Err(ArrayError::internal(format!("a table of {}", array.dtype())));
    }
    Ok(array.to_vec::<i64>()?.into_iter().map(|number| number as usize).collect())
}
