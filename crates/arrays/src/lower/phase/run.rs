//! A phase of one task under way: what it reads, what was handed over, what it makes.

use swath_kernels::linalg::{QrMode, matmul, qr};
use swath_kernels::{Dims, NdArray};

use super::gather::Routes;
use super::{Phase, gather, merge, part, ranks, runs, top};
use crate::error::{ArrayError, Result};
use crate::grid::Region;
use crate::lower::stage::Stage;

/// A phase of one task under way.
#[derive(Debug)]
pub struct PhaseRun<'a> {
    pub(super) phase: &'a Phase,
    pub(super) stage: &'a Stage,
    pub(super) task: usize,
    pub(super) pushed: Vec<Vec<NdArray>>,
    pub(super) found: Routes,
}

impl PhaseRun<'_> {
    /// The boxes of a routed input that the task reads, in the order in which they are to be pushed. The inputs before it must have been
    /// pushed.
    ///
    /// # Errors
    /// Tables of a wrong form: a defect.
    pub fn routes(&self, input: usize) -> Result<Vec<Region>> {
        let grid = &self.stage.inputs[input].grid;
        match self.phase {
            Phase::Cuts { axis, .. } => {
                ranks::bracket_regions(self.first(0)?, grid, &self.stage.tasks, self.task, *axis)
            }
            Phase::Merge { axis, .. } => {
                merge::regions(self.first(0)?, self.first(1)?, grid, &self.stage.tasks, self.task, *axis)
            }
            Phase::Part { axis, .. } => Ok(part::regions(grid, &self.stage.tasks, self.task, *axis)),
            Phase::DistinctPart => Ok(part::regions(grid, &self.stage.tasks, self.task, 0)),
            Phase::Gather { axis } => {
                let block = self.stage.tasks.region(self.task);
                let behind = axis + self.stage.inputs[0].grid.ndim();
                Ok(self.found.regions(&block[..*axis], &block[behind..]))
            }
            Phase::Scatter { axis } => {
                let block = self.stage.tasks.region(self.task);
                Ok(self.found.regions(&block[..*axis], &block[axis + 1..]))
            }
            other => Err(ArrayError::internal(format!("{} has no routed input", other.label()))),
        }
    }

    /// Hands over what a read of an input gave.
    ///
    /// # Errors
    /// Those of the kernels.
    pub fn push(&mut self, input: usize, array: NdArray) -> Result<()> {
        // Of a piece that is not kept only what is wanted stays.
        let routed = self.pushed.len() - 1;
        let (keeps, array) = match self.phase {
            Phase::Gather { axis } | Phase::Scatter { axis } if input == routed => {
                (true, self.found.pick(self.pushed[input].len(), &array, *axis)?)
            }
            _ => (false, array),
        };
        self.pushed
            .get_mut(input)
            .ok_or_else(|| ArrayError::internal(format!("there is no input {input}")))?
            .push(array);
        if keeps || input + 1 != routed {
            return Ok(());
        }
        let grid = &self.stage.inputs[routed].grid;
        match self.phase {
            Phase::Gather { axis } => {
                let positions = (0..routed).map(|input| self.first(input)).collect::<Result<Vec<_>>>()?;
                self.found = Routes::new(&positions, grid, *axis)?;
            }
            Phase::Scatter { axis } => {
                let (range, size) = (self.stage.tasks.region(self.task)[*axis].clone(), self.length(*axis));
                let (values, _) = gather::hits(self.first(0)?, &range, (*axis, size))?;
                self.found = Routes::grouped(vec![values.into_iter().map(|at| at as usize).collect()], grid, *axis);
            }
            _ => {}
        }
        Ok(())
    }

    /// Elements along an axis of the whole result.
    fn length(&self, axis: usize) -> usize {
        self.stage.tasks.axis(axis).length()
    }

    /// The block of each output.
    ///
    /// # Errors
    /// Those of the kernels.
    pub fn finish(self) -> Result<Vec<NdArray>> {
        let made = match self.phase {
            Phase::Runs { axis, positions, samples, sorted_nan } => {
                let start = axis.map_or(0, |axis| self.stage.tasks.region(self.task)[axis].start);
                runs::sorted(self.first(0)?, start, *positions, *samples, *sorted_nan)?
            }
            Phase::DistinctRuns { samples } => runs::distinct(self.first(0)?, *samples)?,
            Phase::Brackets { wanted, distinct } => {
                vec![ranks::brackets(self.first(0)?, self.first(1)?, wanted, *distinct)?]
            }
            Phase::Cuts { distinct, .. } => {
                ranks::cuts(self.first(0)?, &self.pushed[1], self.stage.inputs[1].dtype, *distinct)?
            }
            Phase::Merge { into, .. } => {
                let (values, with) = (&self.pushed[2], self.pushed.get(3).map_or(&[][..], Vec::as_slice));
                vec![merge::merged(values, with, *into, self.stage.inputs[2].dtype)?]
            }
            Phase::Quantiles { at, method, skip_nan } => {
                let dtype = self.stage.outputs[0].dtype;
                let lengths = (self.first(1)?, self.first(2)?);
                vec![merge::quantiles(self.first(0)?, lengths, at, *method, *skip_nan, dtype)?]
            }
            Phase::Top { axis, count, largest, first, give } => {
                let start = self.stage.tasks.region(self.task)[*axis].start;
                let positions = if *first { None } else { Some(self.first(1)?) };
                let (best, places) = top::best(self.first(0)?, positions, (*axis, start), (*count, *largest))?;
                match give {
                    Some(true) => vec![places],
                    Some(false) => vec![best],
                    None => vec![best, places],
                }
            }
            Phase::Part { axis, positions } => {
                let ranks = self.stage.tasks.region(self.task)[*axis].clone();
                vec![part::sorted(&self.pushed[0], ranks, *positions)?]
            }
            Phase::DistinctPart => {
                let ranks = self.stage.tasks.region(self.task)[0].clone();
                vec![part::distinct(&self.pushed[0], ranks)?]
            }
            Phase::Qr { gives_q: true } => {
                let (q, r) = qr(self.first(0)?, QrMode::Reduced)?;
                vec![q.ok_or_else(|| ArrayError::internal("QR gave no Q"))?, r]
            }
            Phase::Qr { gives_q: false } => vec![qr(self.first(0)?, QrMode::R)?.1],
            Phase::Multiply => vec![matmul(self.first(0)?, self.first(1)?)?],
            Phase::Gather { axis } => vec![self.gathered(*axis)?],
            Phase::Scatter { axis } => {
                let (range, size) = (self.stage.tasks.region(self.task)[*axis].clone(), self.length(*axis));
                let (_, local) = gather::hits(self.first(0)?, &range, (*axis, size))?;
                vec![gather::replaced(self.first(1)?, &local, &self.pushed[2], *axis)?]
            }
        };
        made.into_iter().zip(&self.stage.outputs).map(|(array, output)| self.shaped(array, &output.grid)).collect()
    }

    fn gathered(&self, axis: usize) -> Result<NdArray> {
        let routed = self.pushed.len() - 1;
        let (positions, block) = (self.first(0)?, self.stage.tasks.region(self.task));
        let behind = &block[axis + positions.ndim()..];
        let lengths = |ranges: &[std::ops::Range<usize>]| ranges.iter().map(|range| range.len()).collect::<Dims>();
        let shape = |middle: &[usize]| -> Dims {
            lengths(&block[..axis]).iter().chain(middle).chain(&lengths(behind)).copied().collect()
        };
        let empty = shape(&[0]);
        let empty = (self.stage.inputs[routed].dtype, empty.as_slice());
        let all = gather::in_order(&self.pushed[routed], &self.found, axis, empty)?;
        Ok(all.reshape(&shape(positions.shape()))?)
    }

    /// The array that an input is, where it is one.
    fn first(&self, input: usize) -> Result<&NdArray> {
        self.pushed
            .get(input)
            .and_then(|arrays| arrays.first())
            .ok_or_else(|| ArrayError::internal(format!("input {input} of {} was not pushed", self.phase.label())))
    }

    /// Under the shape of the output's block, if that is known.
    fn shaped(&self, array: NdArray, grid: &crate::grid::ChunkGrid) -> Result<NdArray> {
        if !grid.is_known() {
            return Ok(array);
        }
        let shape: Dims = grid.block_shape(self.task);
        Ok(if array.shape() == shape.as_slice() { array } else { array.reshape(&shape)? })
    }
}
