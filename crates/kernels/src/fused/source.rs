//! Tiles from inputs: arrays of any strides, constants, coordinates, generators.

use std::sync::Arc;

use super::run::{Block, SHORTEST_LINE, SLOT_BYTES};
use super::{Cursor, Node, Ramp, TILE};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::shape::{Strides, contiguous_strides};

/// Numbers that depend on nothing but the global element index: random generators.
pub trait Generate: Send + Sync {
    /// The dtype of the numbers.
    fn dtype(&self) -> DType;

    /// Writes the numbers of the global indices `first..` into `output`, whose length is a multiple of the item size.
    fn fill(&self, first: u64, output: &mut [u8]);
}

/// A source in the middle of a block.
pub(super) enum Source {
    /// Elements that lie in order: tiles are read where they are.
    Direct { next: *const u8, item_size: usize },
    /// One value: its tile was filled at the start.
    Filled,
    /// A short line again and again: its tile holds it as often as a tile needs from any place of it.
    Periodic { item_size: usize, period: usize, phase: usize },
    /// Elements to be gathered.
    Gathered { base: *const u8, item_size: usize, cursor: Cursor<1>, filled: Option<isize> },
    /// Positions.
    Ramp { ramp: Ramp, origin: u64, cursor: Cursor<1> },
    /// Generated numbers.
    Generated { generator: Arc<dyn Generate>, item_size: usize, origin: u64, cursor: Cursor<1> },
}

impl Source {
    /// The elements that lie side by side, where tiles that end with them are read in place.
    pub(super) fn line(&self) -> Option<usize> {
        match self {
            Self::Gathered { cursor, .. } if matches!(cursor.steps(), [0 | 1]) => Some(cursor.line()),
            _ => None,
        }
    }

    /// The source of a node; none for a call. May fill `tile`, which has [`TILE`] elements.
    pub(super) fn new(node: &Node, block: &Block<'_>, inputs: &[NdArray], tile: *mut u8) -> Result<Option<Self>> {
        Ok(Some(match node {
            Node::Call(_) => return Ok(None),
            Node::Constant { value, .. } => {
                let one = NdArray::scalar(*value);
                // SAFETY: a 0-d array has one element; the tile has room for `TILE` of them.
                unsafe { fill(one.buffer().as_ptr(), value.dtype().item_size(), tile, TILE) };
                Self::Filled
            }
            Node::Input { index, .. } => {
                let array = inputs[*index].broadcast_to(block.shape)?;
                let item_size = array.dtype().item_size();
                // SAFETY: the offset of an array that has elements lies inside its buffer.
                let base = unsafe { array.buffer().as_ptr().add(array.offset() * item_size) };
                let cursor = Cursor::new(block.shape, [array.strides()]);
                match (cursor.is_single_run(), cursor.steps()) {
                    (true, [1]) => Self::Direct { next: base, item_size },
                    (true, [0]) => {
                        // SAFETY: as above.
                        unsafe { fill(base, item_size, tile, TILE) };
                        Self::Filled
                    }
                    (false, [1]) if fits_as_period(&cursor, item_size) => {
                        let period = cursor.line();
                        let count = TILE + period;
                        for start in (0..count).step_by(period) {
                            let length = period.min(count - start);
                            // SAFETY: the line has `period` elements; the slot has room for `count` of them.
                            unsafe {
                                std::ptr::copy_nonoverlapping(base, tile.add(start * item_size), length * item_size);
                            }
                        }
                        Self::Periodic { item_size, period, phase: 0 }
                    }
                    _ => Self::Gathered { base, item_size, cursor, filled: None },
                }
            }
            Node::Coordinate { axis, ramp } => {
                if *axis >= block.shape.len() {
                    return Err(KernelError::AxisOutOfBounds { axis: *axis as isize, ndim: block.shape.len() });
                }
                let strides: Strides = (0..block.shape.len()).map(|other| isize::from(other == *axis)).collect();
                let cursor = Cursor::new(block.shape, [&strides]);
                Self::Ramp { ramp: *ramp, origin: block.origin_of(*axis), cursor }
            }
            Node::Generated(generator) => {
                let strides = block.global_strides();
                let origin = block.global_start(&strides);
                let (item_size, cursor) = (generator.dtype().item_size(), Cursor::new(block.shape, [&strides]));
                Self::Generated { generator: Arc::clone(generator), item_size, origin, cursor }
            }
        }))
    }

    /// The next `length` elements, in `tile` or where they lie.
    ///
    /// # Safety
    /// `tile` has room for them; not more elements are asked for than the block has.
    pub(super) unsafe fn load(&mut self, length: usize, tile: *mut u8) -> *const u8 {
        match self {
            Self::Direct { next, item_size } => {
                let here = *next;
                // SAFETY: at most one past the end of the array.
                *next = unsafe { here.add(length * *item_size) };
                here
            }
            Self::Filled => tile,
            Self::Periodic { item_size, period, phase } => {
                // SAFETY: the slot holds a tile and a line.
                let here = unsafe { tile.add(*phase * *item_size) };
                *phase = (*phase + length) % *period;
                here
            }
            Self::Gathered { base, item_size, cursor, filled } => {
                let mut done = 0;
                while done < length {
                    let run = cursor.next_run(length - done);
                    // SAFETY: offsets of elements lie inside the array's buffer.
                    let from = unsafe { base.offset(run.offsets[0] * *item_size as isize) };
                    if run.length == length && run.steps[0] == 1 {
                        *filled = None;
                        return from;
                    }
                    if run.steps[0] == 0 && run.length == length {
                        if *filled != Some(run.offsets[0]) {
                            // SAFETY: the tile has room for a whole tile.
                            unsafe { fill(from, *item_size, tile, TILE) };
                            *filled = Some(run.offsets[0]);
                        }
                        return tile;
                    }
                    *filled = None;
                    // SAFETY: `done + run.length <= length`, for which the tile has room.
                    unsafe {
                        let to = tile.add(done * *item_size);
                        match run.steps[0] {
                            1 => std::ptr::copy_nonoverlapping(from, to, run.length * *item_size),
                            0 => fill(from, *item_size, to, run.length),
                            step => gather(from, step, *item_size, to, run.length),
                        }
                    }
                    done += run.length;
                }
                tile
            }
            Self::Ramp { ramp, origin, cursor } => {
                let mut done = 0;
                while done < length {
                    let run = cursor.next_run(length - done);
                    let first = origin.wrapping_add_signed(run.offsets[0] as i64);
                    // SAFETY: the tile is aligned and has room for `length` numbers of eight bytes.
                    unsafe { ramp_tile(*ramp, first, run.steps[0] as u64, tile.add(done * 8), run.length) };
                    done += run.length;
                }
                tile
            }
            Self::Generated { generator, item_size, origin, cursor } => {
                let mut done = 0;
                while done < length {
                    let run = cursor.next_run(length - done);
                    // The last axis of the whole array has stride one, unless it has length one in the block.
                    let count = if run.steps[0] == 1 { run.length } else { 1 };
                    for piece in 0..run.length / count {
                        let first = origin.wrapping_add_signed((run.offsets[0] + piece as isize * run.steps[0]) as i64);
                        // SAFETY: `done + run.length <= length`, for which the tile has room; it is initialised memory.
                        let output = unsafe {
                            std::slice::from_raw_parts_mut(
                                tile.add((done + piece * count) * *item_size),
                                count * *item_size,
                            )
                        };
                        generator.fill(first, output);
                    }
                    done += run.length;
                }
                tile
            }
        }
    }
}

/// Whether a slot holds a tile of the line again and again, and the line is so short that tiles of whole lines would be, too.
fn fits_as_period(cursor: &Cursor<1>, item_size: usize) -> bool {
    let line = cursor.period().filter(|line| *line < SHORTEST_LINE);
    line.is_some_and(|line| (TILE + line) * item_size <= SLOT_BYTES)
}

/// # Safety
/// `to` is aligned for eight bytes and has room for `length` numbers of them.
unsafe fn ramp_tile(ramp: Ramp, first: u64, step: u64, to: *mut u8, length: usize) {
    match ramp {
        Ramp::Integer { start, step: slope } => {
            // SAFETY: the caller's promise.
            let output = unsafe { std::slice::from_raw_parts_mut(to.cast::<i64>(), length) };
            for (index, number) in output.iter_mut().enumerate() {
                let position = first.wrapping_add(index as u64 * step) as i64;
                *number = start.wrapping_add(slope.wrapping_mul(position));
            }
        }
        Ramp::Float { start, step: slope, last } => {
            // SAFETY: the caller's promise.
            let output = unsafe { std::slice::from_raw_parts_mut(to.cast::<f64>(), length) };
            for (index, number) in output.iter_mut().enumerate() {
                let position = first.wrapping_add(index as u64 * step);
                *number = start + slope * position as f64;
            }
            if let Some((position, value)) = last {
                for (index, number) in output.iter_mut().enumerate() {
                    if first.wrapping_add(index as u64 * step) == position {
                        *number = value;
                    }
                }
            }
        }
    }
}

/// Repeats one element.
///
/// # Safety
/// `from` has one element and `to` room for `length`, both aligned for numbers of their size (16 bytes: of 8).
unsafe fn fill(from: *const u8, item_size: usize, to: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    unsafe { gather(from, 0, item_size, to, length) }
}

/// Copies elements that lie `step` apart.
///
/// # Safety
/// All elements lie in one allocation, `to` has room for `length`; both are aligned for the dtype.
unsafe fn gather(from: *const u8, step: isize, item_size: usize, to: *mut u8, length: usize) {
    // SAFETY: the caller's promise; complex numbers may be aligned to half their size, so that they are copied by halves.
    unsafe {
        match item_size {
            1 => gather_as::<u8>(from, step, to, length),
            2 => gather_as::<u16>(from, step, to, length),
            4 => gather_as::<u32>(from, step, to, length),
            8 => gather_unaligned::<u64>(from, step, to, length),
            _ => gather_unaligned::<[u64; 2]>(from, step, to, length),
        }
    }
}

/// # Safety
/// As [`gather`].
unsafe fn gather_as<T: Copy>(from: *const u8, step: isize, to: *mut u8, length: usize) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for index in 0..length {
        // SAFETY: the caller's promise.
        unsafe { to.add(index).write(from.offset(index as isize * step).read()) };
    }
}

/// # Safety
/// As [`gather`].
unsafe fn gather_unaligned<T: Copy>(from: *const u8, step: isize, to: *mut u8, length: usize) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for index in 0..length {
        // SAFETY: the caller's promise.
        unsafe { to.add(index).write_unaligned(from.offset(index as isize * step).read_unaligned()) };
    }
}

impl Block<'_> {
    fn origin_of(&self, axis: usize) -> u64 {
        self.origin.get(axis).copied().unwrap_or(0)
    }

    /// Steps in the whole array, for the block's axes.
    pub(super) fn global_strides(&self) -> Strides {
        if self.global_shape.is_empty() {
            return contiguous_strides(self.shape);
        }
        let shape: Vec<usize> = self.global_shape.iter().map(|length| *length as usize).collect();
        contiguous_strides(&shape)
    }

    /// The global index of the block's first element.
    pub(super) fn global_start(&self, strides: &[isize]) -> u64 {
        self.origin
            .iter()
            .zip(strides)
            .map(|(origin, stride)| origin.wrapping_mul(*stride as u64))
            .fold(0, u64::wrapping_add)
    }
}
