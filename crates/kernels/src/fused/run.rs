//! Running a program over a block, tile by tile.

use std::cell::Cell;

use arrow_buffer::MutableBuffer;

use super::source::Source;
use super::{Node, Output, Program, TILE};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::isa::Ports;
use crate::ndarray::NdArray;
use crate::reduce::Partial;
use crate::shape::element_count;

/// Room for a tile of the widest elements, and some bytes so that tiles do not lie a multiple of 4 KiB apart.
pub(super) const SLOT_BYTES: usize = TILE * 16 + 192;

/// Scratch of so many slots stays with the thread: clearing it anew would take longer than a small program.
const MOST_HELD_SLOTS: usize = 16;

thread_local! {
    /// Scratch of the last run. What it holds does not matter: every tile is written before it is read.
    static SCRATCH: Cell<Option<MutableBuffer>> = const { Cell::new(None) };
}

/// The part of an array that a run computes.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Its shape.
    pub shape: &'a [usize],
    /// Where it starts in the whole array; empty for the start.
    pub origin: &'a [u64],
    /// The shape of the whole array; empty if the block is the whole.
    pub global_shape: &'a [u64],
}

impl<'a> Block<'a> {
    /// A whole array.
    pub fn whole(shape: &'a [usize]) -> Self {
        Self { shape, origin: &[], global_shape: &[] }
    }
}

/// What a run gives for one output.
#[derive(Debug, Clone)]
pub enum Produced {
    /// A contiguous array.
    Array(NdArray),
    /// The state of a reduction.
    Partial(Partial),
}

impl Produced {
    /// The array, or the finished reduction.
    ///
    /// # Errors
    /// As [`Partial::finish`].
    pub fn finish(self) -> Result<NdArray> {
        match self {
            Self::Array(array) => Ok(array),
            Self::Partial(partial) => partial.finish(),
        }
    }
}

/// An output while it is written.
enum Sink {
    Array { next: *mut u8, item_size: usize, buffer: MutableBuffer, dtype: DType },
    Partial(Box<(Partial, crate::reduce::Progress)>),
}

impl Program {
    /// Computes the outputs for a block. Inputs broadcast to its shape.
    ///
    /// # Errors
    /// For inputs that are missing, of another dtype, or do not broadcast; for axes beyond the block.
    pub fn run(&self, block: &Block<'_>, inputs: &[NdArray]) -> Result<Vec<Produced>> {
        self.check(block, inputs)?;
        let total = element_count(block.shape)?;
        let mut sinks =
            self.outputs.iter().map(|output| self.sink(output, block, total)).collect::<Result<Vec<_>>>()?;
        if total > 0 {
            self.run_tiles(block, inputs, total, &mut sinks)?;
        }
        for sink in &mut sinks {
            if let Sink::Partial(both) = sink {
                let (partial, progress) = &mut **both;
                partial.conclude(progress)?;
            }
        }
        Ok(sinks
            .into_iter()
            .map(|sink| match sink {
                Sink::Array { buffer, dtype, .. } => Produced::Array(NdArray::over(dtype, block.shape, buffer.into())),
                Sink::Partial(both) => Produced::Partial(both.0),
            })
            .collect())
    }

    /// Computes the only output, an array, over a whole shape.
    ///
    /// # Errors
    /// As [`Program::run`]; when there is no output.
    pub fn run_to_array(&self, shape: &[usize], inputs: &[NdArray]) -> Result<NdArray> {
        let produced = self.run(&Block::whole(shape), inputs)?.into_iter().next();
        produced.ok_or_else(|| KernelError::invalid("a program without outputs gives no array"))?.finish()
    }

    fn check(&self, block: &Block<'_>, inputs: &[NdArray]) -> Result<()> {
        if inputs.len() < self.input_count {
            let (expected, given) = (self.input_count, inputs.len());
            return Err(KernelError::invalid(format!("the program reads {expected} inputs, {given} were given")));
        }
        let ndim = block.shape.len();
        let fits = |length: usize| length == 0 || length == ndim;
        if !fits(block.origin.len()) || !fits(block.global_shape.len()) {
            return Err(KernelError::invalid("origin and global shape of a block must have its number of dimensions"));
        }
        for node in &self.nodes {
            if let Node::Input { index, dtype } = node {
                let given = inputs[*index].dtype();
                if given != *dtype {
                    return Err(KernelError::invalid(format!("input {index} must be {dtype}, it is {given}")));
                }
            }
        }
        Ok(())
    }

    fn sink(&self, output: &Output, block: &Block<'_>, total: usize) -> Result<Sink> {
        let dtype = self.nodes[output.register()].dtype();
        match output {
            Output::Array(_) => {
                let bytes = total.checked_mul(dtype.item_size()).filter(|bytes| isize::try_from(*bytes).is_ok());
                let bytes =
                    bytes.ok_or_else(|| KernelError::invalid("array is too big: its bytes cannot be counted"))?;
                let mut buffer = MutableBuffer::from_len_zeroed(bytes);
                crate::memory::advise(buffer.as_mut_ptr(), bytes);
                Ok(Sink::Array { next: buffer.as_mut_ptr(), item_size: dtype.item_size(), buffer, dtype })
            }
            Output::Reduce(_, reduction, axes) => {
                let partial = Partial::new(*reduction, dtype, block.shape, axes)?;
                let progress = partial.progress(block, axes);
                Ok(Sink::Partial(Box::new((partial, progress))))
            }
        }
    }

    fn run_tiles(&self, block: &Block<'_>, inputs: &[NdArray], total: usize, sinks: &mut [Sink]) -> Result<()> {
        // Sources and calls have tiles of their own; those of direct inputs and in-place outputs are never touched.
        let sources = self.nodes.iter().filter(|node| !matches!(node, Node::Call(_))).count();
        let bytes = (self.slot_count + sources) * SLOT_BYTES;
        let held = SCRATCH.take().filter(|held| held.len() >= bytes);
        let mut scratch = held.unwrap_or_else(|| MutableBuffer::from_len_zeroed(bytes));
        let base = scratch.as_mut_ptr();
        // SAFETY: within the scratch buffer, whose start is aligned to 64 bytes or more; so are slots.
        let slot = |index: usize| unsafe { base.add(index * SLOT_BYTES) };
        let mut tiles: Vec<*mut u8> = Vec::with_capacity(self.nodes.len());
        let mut next_source = self.slot_count;
        for (register, node) in self.nodes.iter().enumerate() {
            if matches!(node, Node::Call(_)) {
                tiles.push(self.slots[register].map_or(std::ptr::null_mut(), slot));
            } else {
                tiles.push(slot(next_source));
                next_source += 1;
            }
        }
        let mut readers = self
            .nodes
            .iter()
            .zip(&tiles)
            .map(|(node, tile)| Source::new(node, block, inputs, *tile))
            .collect::<Result<Vec<_>>>()?;
        let mut pointers: Vec<*const u8> = vec![std::ptr::null(); self.nodes.len()];
        let mut done = 0;
        while done < total {
            let length = TILE.min(total - done);
            for (register, node) in self.nodes.iter().enumerate() {
                if let Some(source) = &mut readers[register] {
                    // SAFETY: a tile has room for `length <= TILE` elements; all tiles together are `total`.
                    pointers[register] = unsafe { source.load(length, tiles[register]) };
                    continue;
                }
                let Node::Call(call) = node else { continue };
                let output = if tiles[register].is_null() { self.in_place(register, sinks) } else { tiles[register] };
                let mut ports = Ports { inputs: [std::ptr::null(); 4], output, length, argument: call.argument };
                for (port, input) in ports.inputs.iter_mut().zip(&call.inputs) {
                    *port = pointers[*input];
                }
                // SAFETY: the builder cast the inputs to the dtypes of the loop's signature; each pointer leads to `length`
                // elements, aligned as arrays and tiles are; an output's tile is none of its inputs' (`assign_slots`).
                unsafe { (call.run)(&ports) };
                pointers[register] = output;
            }
            for (sink, output) in sinks.iter_mut().zip(&self.outputs) {
                let from = pointers[output.register()];
                match sink {
                    Sink::Array { next, item_size, .. } => {
                        // SAFETY: the output has room for `total` elements, of which `done` are written.
                        unsafe {
                            if !std::ptr::eq(from, *next) {
                                std::ptr::copy_nonoverlapping(from, *next, length * *item_size);
                            }
                            *next = next.add(length * *item_size);
                        }
                    }
                    // SAFETY: `length` elements of the register's dtype, for which the partial was made.
                    Sink::Partial(both) => unsafe { both.0.update_tile(&mut both.1, from, length) },
                }
            }
            done += length;
        }
        if scratch.len() <= MOST_HELD_SLOTS * SLOT_BYTES {
            SCRATCH.set(Some(scratch));
        }
        Ok(())
    }

    /// Where the array output of a register is written next.
    fn in_place(&self, register: usize, sinks: &[Sink]) -> *mut u8 {
        let of_register = self.outputs.iter().zip(sinks).find_map(|(output, sink)| match (output, sink) {
            (Output::Array(value), Sink::Array { next, .. }) if value.0 == register => Some(*next),
            _ => None,
        });
        of_register.unwrap_or(std::ptr::null_mut())
    }
}
