//! Running a program over a block, tile by tile.

use std::cell::Cell;

use arrow_buffer::MutableBuffer;

use super::source::Source;
use super::{Cursor, Node, Output, Program, TILE};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::isa::Ports;
use crate::memory::Room;
use crate::ndarray::NdArray;
use crate::reduce::Partial;
use crate::shape::{Strides, element_count};

/// Room for a tile of the widest elements, and some bytes so that tiles do not lie a multiple of 4 KiB apart.
pub(super) const SLOT_BYTES: usize = TILE * 16 + 192;

/// Lines of fewer elements are not worth a tile each.
pub(super) const SHORTEST_LINE: usize = 384;

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

/// Memory that an output is written to: a box of a larger array.
#[derive(Debug, Clone)]
pub struct Place {
    /// The first element.
    pub start: *mut u8,
    /// Steps along the axes of the block, in elements.
    pub strides: Strides,
}

/// An output while it is written.
enum Sink {
    Array { next: *mut u8, item_size: usize, room: Room, dtype: DType },
    Placed { start: *mut u8, item_size: usize, cursor: Cursor<1> },
    Partial(Box<(Partial, crate::reduce::Progress)>),
}

impl Sink {
    /// Where the next elements can be written as they come; none where they do not lie side by side.
    fn next(&self, length: usize) -> Option<*mut u8> {
        match self {
            Self::Array { next, .. } => Some(*next),
            Self::Placed { start, item_size, cursor } if cursor.steps() == [1] => {
                cursor.peek(length).map(|[offset]| start.wrapping_offset(offset * *item_size as isize))
            }
            Self::Placed { .. } | Self::Partial(_) => None,
        }
    }

    /// Takes the next elements, which may be where they belong already.
    ///
    /// # Safety
    /// `from` leads to `length` elements of the register's dtype; not more are given than the block has.
    unsafe fn take(&mut self, from: *const u8, length: usize) {
        match self {
            Self::Array { next, item_size, .. } => {
                // SAFETY: the output has room for all elements of the block.
                unsafe {
                    if !std::ptr::eq(from, *next) {
                        std::ptr::copy_nonoverlapping(from, *next, length * *item_size);
                    }
                    *next = next.add(length * *item_size);
                }
            }
            Self::Placed { start, item_size, cursor } => {
                let mut done = 0;
                while done < length {
                    let run = cursor.next_run(length - done);
                    let (size, step) = (*item_size, run.steps[0] * *item_size as isize);
                    let to = start.wrapping_offset(run.offsets[0] * size as isize);
                    let from = from.wrapping_add(done * size);
                    // SAFETY: the place has room for the block's elements.
                    unsafe {
                        match run.steps[0] {
                            _ if std::ptr::eq(from, to) => {}
                            1 => std::ptr::copy_nonoverlapping(from, to, run.length * size),
                            _ => (0..run.length).for_each(|index| {
                                let to = to.wrapping_offset(index as isize * step);
                                std::ptr::copy_nonoverlapping(from.add(index * size), to, size);
                            }),
                        }
                    }
                    done += run.length;
                }
            }
            // SAFETY: `length` elements of the register's dtype, for which the partial was made.
            Self::Partial(both) => unsafe { both.0.update_tile(&mut both.1, from, length) },
        }
    }
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
        if total > 0 && !self.run_in_rows(block, inputs, &mut sinks)? {
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
            .filter_map(|sink| match sink {
                Sink::Array { room, dtype, .. } => {
                    // SAFETY: all elements of the block were written.
                    let buffer = unsafe { room.into_buffer(total * dtype.item_size()) };
                    Some(Produced::Array(NdArray::over(dtype, block.shape, buffer)))
                }
                Sink::Placed { .. } => None,
                Sink::Partial(both) => Some(Produced::Partial(both.0)),
            })
            .collect())
    }

    /// Computes the outputs for a block, all of them arrays, into memory of the caller's.
    ///
    /// # Errors
    /// As [`Program::run`]; for another number of places, or an output that is no array.
    ///
    /// # Safety
    /// Every element of the block has its place in memory that is the caller's to write, aligned for the output's dtype; no two are the
    /// same, and none is in the inputs.
    pub unsafe fn run_into(&self, block: &Block<'_>, inputs: &[NdArray], places: &[Place]) -> Result<()> {
        self.check(block, inputs)?;
        let total = element_count(block.shape)?;
        let fit = places.len() == self.outputs.len()
            && places.iter().all(|place| place.strides.len() == block.shape.len())
            && self.outputs.iter().all(|output| matches!(output, Output::Array(_)));
        if !fit {
            return Err(KernelError::invalid("a program that is run into places has one for each output, all arrays"));
        }
        if total == 0 {
            return Ok(());
        }
        let sinks = self.outputs.iter().zip(places).map(|(output, place)| Sink::Placed {
            start: place.start,
            item_size: self.nodes[output.register()].dtype().item_size(),
            cursor: Cursor::new(block.shape, [&place.strides]),
        });
        self.run_tiles(block, inputs, total, &mut sinks.collect::<Vec<_>>())
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
                let mut room = Room::new(bytes);
                Ok(Sink::Array { next: room.as_mut_ptr(), item_size: dtype.item_size(), room, dtype })
            }
            Output::Reduce(_, reduction, axes) => {
                let partial = Partial::new(*reduction, dtype, block.shape, axes)?;
                let progress = partial.progress(block, axes);
                Ok(Sink::Partial(Box::new((partial, progress))))
            }
        }
    }

    /// A reduction of an input as it is, several rows at a time; whether that was done.
    fn run_in_rows(&self, block: &Block<'_>, inputs: &[NdArray], sinks: &mut [Sink]) -> Result<bool> {
        let ([Node::Input { index, .. }], [Sink::Partial(both)], [Output::Reduce(_, _, axes)]) =
            (self.nodes.as_slice(), sinks, self.outputs.as_slice())
        else {
            return Ok(false);
        };
        let array = inputs[*index].broadcast_to(block.shape)?;
        let (partial, progress) = &mut **both;
        Ok(partial.update_in_rows(progress, axes, &array))
    }

    fn run_tiles(&self, block: &Block<'_>, inputs: &[NdArray], total: usize, sinks: &mut [Sink]) -> Result<()> {
        // Sources and calls have tiles of their own; those of direct inputs and in-place outputs are never touched.
        let sources = self.nodes.iter().filter(|node| !matches!(node, Node::Call(_))).count();
        // Where an output is not written as it comes, its tiles have a place, too.
        let placed = sinks.iter().filter(|sink| matches!(sink, Sink::Placed { .. })).count();
        let bytes = (self.slot_count + sources + placed) * SLOT_BYTES;
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
        let lines =
            readers.iter().flatten().filter_map(Source::line).chain(sinks.iter().filter_map(|sink| match sink {
                Sink::Placed { cursor, .. } if !cursor.is_single_run() => Some(cursor.line()),
                _ => None,
            }));
        let line = lines.min().filter(|line| *line >= SHORTEST_LINE).unwrap_or(total);
        let tile = line.div_ceil(line.div_ceil(TILE)).next_multiple_of(16).min(TILE);
        let (mut done, mut line_left) = (0, line);
        while done < total {
            let length = tile.min(line_left).min(total - done);
            line_left = if line_left == length { line } else { line_left - length };
            for (register, node) in self.nodes.iter().enumerate() {
                if let Some(source) = &mut readers[register] {
                    // SAFETY: a tile has room for `length <= TILE` elements; all tiles together are `total`.
                    pointers[register] = unsafe { source.load(length, tiles[register]) };
                    continue;
                }
                let Node::Call(call) = node else { continue };
                let output = match tiles[register].is_null() {
                    true => self.in_place(register, sinks, length, slot(next_source)),
                    false => tiles[register],
                };
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
                // SAFETY: the pointers lead to tiles of `length` elements; all tiles together are `total`.
                unsafe { sink.take(pointers[output.register()], length) };
            }
            done += length;
        }
        if scratch.len() <= MOST_HELD_SLOTS * SLOT_BYTES {
            SCRATCH.set(Some(scratch));
        }
        Ok(())
    }

    /// Where the array output of a register is written next: its tile among `spare` ones if that is no run of elements.
    fn in_place(&self, register: usize, sinks: &[Sink], length: usize, spare: *mut u8) -> *mut u8 {
        let place = self
            .outputs
            .iter()
            .zip(sinks)
            .position(|(output, _)| matches!(output, Output::Array(value) if value.0 == register));
        let Some(place) = place else { return std::ptr::null_mut() };
        // Each output has a tile of its own.
        sinks[place].next(length).unwrap_or_else(|| spare.wrapping_add(place * SLOT_BYTES))
    }
}
