//! Products as stages.
//!
//! Each block of the result is made by one task that goes along the summed labels, one pair of blocks after another. Where that leaves
//! processors without work, several tasks go along parts of them, and what they give is added up.

use smallvec::SmallVec;

use super::build::Builder;
use super::stage::{Access, Content, Input, Origin, Output, Stage, Step};
use crate::error::Result;
use crate::expr::contraction::{Contraction, Label};
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Op, Window};
use crate::grid::{AxisChunks, ChunkGrid};
use crate::optimize::transpose_into_product::is_gram;

/// Multiplications with an element that outweigh making it: then a generated array is made anew by each task rather than kept.
const WORTH_GENERATING: usize = 128;

/// The stages of a product.
pub(super) fn build(builder: &mut Builder<'_>, node: &ArrayExpr, contraction: &Contraction) -> Result<()> {
    let product = Product { node, contraction };
    let direct = [product.is_direct(builder, 0), product.is_direct(builder, 1)];
    let summed = contraction.summed();
    let both = summed.iter().all(|label| contraction.left.contains(label) && contraction.right.contains(label));
    let parts = if both { product.parts(builder, direct) } else { None };
    let lead = parts.as_ref().map_or(0, SmallVec::len);
    let inputs = vec![product.input(builder, 0, direct[0], lead)?, product.input(builder, 1, direct[1], lead)?];
    let own = node.grid();
    let symmetric = product.is_gram() && !node.dtype().is_time() && own.axis(0) == own.axis(1);
    let step = Step::Contract { contraction: contraction.clone(), accumulate: both, symmetric };
    let parts = parts.unwrap_or_default();
    let ones = parts.iter().map(|part| AxisChunks::regular(part.count(), 1)).collect::<Vec<_>>();
    let with_lead = |lead: &[AxisChunks]| ChunkGrid::new(lead.iter().chain(own.axes()).cloned());
    let output = Output { content: Content::Array, dtype: node.dtype(), grid: with_lead(&ones) };
    let (tasks, nodes) = (with_lead(&parts), vec![node.clone()]);
    let stage = Stage { step, inputs, tasks, outputs: vec![output], nodes, task_bytes: 0 };
    let mut place = (builder.push(stage), 0);
    if lead > 0 {
        place = super::tree::add_axes(builder, node, place.0, &(0..lead).collect());
    }
    builder.produced.insert(node.id(), place);
    Ok(())
}

/// A product and its labels.
struct Product<'a> {
    node: &'a ArrayExpr,
    contraction: &'a Contraction,
}

impl Product<'_> {
    fn labels(&self, input: usize) -> &[Label] {
        if input == 0 { &self.contraction.left } else { &self.contraction.right }
    }

    fn is_gram(&self) -> bool {
        is_gram(self.contraction, &self.node.inputs()[0], &self.node.inputs()[1])
    }

    /// The output labels that an input lacks, as axes of the result: each of their blocks needs the input again.
    fn others(&self, input: usize) -> impl Iterator<Item = &AxisChunks> {
        let own = self.labels(input);
        let axes = self.contraction.output.iter().zip(self.node.grid().axes());
        axes.filter(move |(label, _)| !own.contains(label)).map(|(_, chunks)| chunks)
    }

    /// Whether tasks read or make an input's blocks themselves, one after another, so that none of it is kept: what costs nothing to
    /// read, what is read by one task only, and what is generated for far less than it is multiplied.
    fn is_direct(&self, builder: &Builder<'_>, input: usize) -> bool {
        let array = &self.node.inputs()[input];
        if builder.produced.contains_key(&array.id()) || !array.grid().is_known() {
            return false;
        }
        let is_whole = |window: &[Window], shape: &[usize]| {
            window.iter().zip(shape).all(|(own, length)| (own.start, own.step, own.length) == (0, 1, *length))
        };
        let times: usize = self.others(input).map(AxisChunks::count).product();
        match array.op() {
            Op::Read { source, window } => is_whole(window, source.0.shape()) && (times == 1 || source.0.is_cheap()),
            Op::Generate { generator, whole, window } => {
                let multiplications: usize = self.others(input).map(AxisChunks::longest).product();
                is_whole(window, whole) && (times == 1 || generator.0.is_cheap() || multiplications >= WORTH_GENERATING)
            }
            _ => false,
        }
    }

    fn input(&self, builder: &mut Builder<'_>, input: usize, direct: bool, lead: usize) -> Result<Input> {
        let array = &self.node.inputs()[input];
        let summed = self.contraction.summed();
        let place = |label: &Label| match self.contraction.output.iter().position(|own| own == label) {
            Some(axis) => Some(lead + axis),
            None => summed.iter().position(|own| own == label).filter(|_| lead > 0),
        };
        let access = Access::Blocks(self.labels(input).iter().map(place).collect());
        let origin = match array.op() {
            Op::Read { source, .. } if direct => Origin::Source(source.clone()),
            Op::Generate { generator, whole, .. } if direct => Origin::Generator(generator.clone(), whole.clone()),
            _ => {
                builder.make_input(array)?;
                return builder.input(array, access);
            }
        };
        Ok(Input { origin, access, grid: array.grid().clone(), dtype: array.dtype() })
    }

    /// For each summed label the blocks that tasks take together, as chunks of their numbers, where the blocks of the result are too few
    /// for all processors.
    fn parts(&self, builder: &Builder<'_>, direct: [bool; 2]) -> Option<SmallVec<[AxisChunks; 2]>> {
        let processors = builder.options.parallelism;
        let blocks = |label: &Label| {
            let of = |input: usize| {
                let axis = self.labels(input).iter().position(|own| own == label)?;
                Some(self.node.inputs()[input].grid().axis(axis).count())
            };
            of(0).or_else(|| of(1)).unwrap_or(1)
        };
        let counts: SmallVec<[usize; 2]> = self.contraction.summed().iter().map(blocks).collect();
        let steps: usize = counts.iter().product();
        if steps < 2 || self.node.grid().block_count() >= processors {
            return None;
        }
        let limit = builder.options.task_limit_bytes;
        let made = self.node.block_bytes();
        // Adding up so many results at a time, into one more.
        let fits = |parts: usize, limit: u64| made.saturating_mul(parts as u64 + 1) <= limit;
        let read = self.node.inputs().iter().map(ArrayExpr::block_bytes).max().unwrap_or(0);
        let parts = match () {
            // Blocks go as soon as they are made, for less.
            () if direct != [true; 2] && made <= read => steps,
            // Some to spare, for the case that one is held up.
            () if fits(2 * processors, limit / 8) => 2 * processors,
            () if fits(processors, limit) => processors,
            () => return None,
        };
        let most = counts.iter().copied().max().unwrap_or(1);
        let mut left = Some(parts);
        let cut = counts.iter().map(|count| match left {
            _ if parts == steps => AxisChunks::regular(*count, 1),
            Some(parts) if *count == most => {
                left = None;
                AxisChunks::even(*count, parts.min(*count))
            }
            _ => AxisChunks::whole(*count),
        });
        Some(cut.collect())
    }
}
