//! The blocks of a run: in memory as long as there is room, then on disk, gone after their last reader.
//!
//! Memory is counted by buffer: blocks that share one (views) count it once, and buffers that the user holds anyway count nothing.

use std::collections::HashMap;

use swath_arrays::Region;
use swath_kernels::NdArray;

use crate::block::Block;
use crate::disk::{Extents, Stored};

/// Blocks below this stay in memory as long as there are larger ones: writing them would free little for a file operation.
const SMALLEST_SPILLED_BYTES: u64 = 4 << 10;

/// A block's place.
#[derive(Debug, Default)]
struct Slot {
    content: Content,
    /// Where it lies on disk. Stays when it is read back: then letting it go again costs nothing.
    stored: Option<Stored>,
    /// Tasks that are still to read it, and one more if it is a result.
    readers: u32,
    /// Bytes that it counts itself, if it shares no buffer: a state.
    own_bytes: u64,
    /// Whether somebody writes it to disk now.
    is_written: bool,
    /// Tasks under way that read it where it lies: it stays.
    pins: u32,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    None,
    Memory(Block),
    Disk,
}

/// What a look for a block finds.
pub(crate) enum Found {
    Memory(Block),
    Disk(Stored),
    Nothing,
}

/// All blocks of a run.
pub(crate) struct Store {
    slots: Vec<Slot>,
    /// Buffers of blocks by address: how many blocks lie in each, and its bytes.
    buffers: HashMap<usize, (u32, u64)>,
    /// Buffers that are not counted: the user's own arrays.
    foreign: Vec<usize>,
    pub(crate) extents: Extents,
}

/// A block that is to go to disk.
pub(crate) struct Victim {
    pub(crate) number: usize,
    pub(crate) block: Block,
    /// Whether it is on disk already.
    pub(crate) is_stored: bool,
}

fn address(array: &NdArray) -> usize {
    array.buffer().as_ptr() as usize
}

impl Store {
    /// For blocks with so many readers each.
    pub(crate) fn new(readers: impl Iterator<Item = u32>, foreign: Vec<usize>) -> Self {
        let slots = readers.map(|readers| Slot { readers, ..Slot::default() }).collect();
        Self { slots, buffers: HashMap::new(), foreign, extents: Extents::default() }
    }

    /// Whether an array lies in a buffer of the user's.
    pub(crate) fn is_foreign(&self, array: &NdArray) -> bool {
        self.foreign.contains(&address(array))
    }

    /// Bytes that keeping a block would add.
    pub(crate) fn added_bytes(&self, block: &Block, state_bytes: u64) -> u64 {
        match block {
            Block::State(_) => state_bytes,
            Block::Array(array) => {
                let buffer = address(array);
                let counted = array.is_empty() || self.foreign.contains(&buffer) || self.buffers.contains_key(&buffer);
                if counted { 0 } else { array.buffer().len() as u64 }
            }
        }
    }

    /// Keeps a block that a task made. The bytes that this adds.
    pub(crate) fn keep(&mut self, number: usize, block: Block, state_bytes: u64) -> u64 {
        if self.slots[number].readers == 0 {
            return 0;
        }
        let added = self.added_bytes(&block, state_bytes);
        match &block {
            Block::State(_) => self.slots[number].own_bytes = state_bytes,
            Block::Array(array) => {
                let buffer = address(array);
                if !array.is_empty() && !self.foreign.contains(&buffer) {
                    self.buffers.entry(buffer).or_insert((0, array.buffer().len() as u64)).0 += 1;
                }
            }
        }
        self.slots[number].content = Content::Memory(block);
        added
    }

    /// Lets go of a block in memory. The bytes that this frees, and the block, to be dropped where no lock is held.
    fn release(&mut self, number: usize) -> (u64, Option<Block>) {
        let slot = &mut self.slots[number];
        let Content::Memory(block) = std::mem::take(&mut slot.content) else { return (0, None) };
        let mut freed = std::mem::take(&mut slot.own_bytes);
        if let Block::Array(array) = &block
            && let Some(entry) = self.buffers.get_mut(&address(array))
            && !array.is_empty()
        {
            entry.0 -= 1;
            if entry.0 == 0 {
                freed += entry.1;
                self.buffers.remove(&address(array));
            }
        }
        (freed, Some(block))
    }

    /// One reader of a block less; after the last it goes. The bytes that this frees, and the block to be dropped.
    pub(crate) fn read_by_one(&mut self, number: usize) -> (u64, Option<Block>) {
        let slot = &mut self.slots[number];
        slot.readers = slot.readers.saturating_sub(1);
        if slot.readers > 0 {
            return (0, None);
        }
        if let Some(stored) = slot.stored.take() {
            self.extents.give_back(stored.extent);
        }
        if matches!(slot.content, Content::Disk) {
            slot.content = Content::None;
        }
        self.release(number)
    }

    /// Where a block is.
    pub(crate) fn find(&self, number: usize) -> Found {
        let slot = &self.slots[number];
        match (&slot.content, &slot.stored) {
            (Content::Memory(block), _) => Found::Memory(block.clone()),
            (Content::Disk, Some(stored)) => Found::Disk(stored.clone()),
            _ => Found::Nothing,
        }
    }

    /// The bytes of memory that a block counts; those of a buffer are divided among its blocks.
    fn share(&self, slot: &Slot) -> u64 {
        match &slot.content {
            Content::Memory(Block::State(_)) => slot.own_bytes,
            Content::Memory(Block::Array(array)) if !array.is_empty() => {
                self.buffers.get(&address(array)).map_or(0, |entry| entry.1 / u64::from(entry.0))
            }
            _ => 0,
        }
    }

    /// Keeps a block in memory, if it is there, until [`Store::unpin`]. The bytes that it counts there.
    pub(crate) fn pin(&mut self, number: usize) -> Option<u64> {
        let slot = &self.slots[number];
        if !matches!(slot.content, Content::Memory(_)) || slot.is_written {
            return None;
        }
        let bytes = self.share(slot);
        self.slots[number].pins += 1;
        Some(bytes)
    }

    /// Lets a block go again after [`Store::pin`].
    pub(crate) fn unpin(&mut self, number: usize) {
        if let Some(slot) = self.slots.get_mut(number) {
            slot.pins = slot.pins.saturating_sub(1);
        }
    }

    /// Whether a block that is on disk will be read again after the reader that has it now.
    pub(crate) fn is_worth_keeping(&self, number: usize) -> bool {
        matches!(self.slots[number].content, Content::Disk) && self.slots[number].readers > 1
    }

    /// Blocks to write so that so many bytes become free, those first whose next use is farthest; fewer if there are not enough. They
    /// are marked: each must come back by [`Store::written`].
    pub(crate) fn victims(&mut self, bytes: u64, next_use: impl Fn(usize) -> u32) -> Vec<Victim> {
        let mut candidates: Vec<(u32, usize, u64)> = Vec::new();
        for (number, slot) in self.slots.iter().enumerate() {
            if slot.is_written || slot.pins > 0 {
                continue;
            }
            let own = self.share(slot);
            if own > 0 {
                candidates.push((next_use(number), number, own));
            }
        }
        if candidates.iter().any(|(_, _, own)| *own >= SMALLEST_SPILLED_BYTES) {
            candidates.retain(|(_, _, own)| *own >= SMALLEST_SPILLED_BYTES);
        }
        candidates.sort_unstable_by_key(|(next_use, _, _)| std::cmp::Reverse(*next_use));
        let mut victims = Vec::new();
        let mut freed = 0;
        for (_, number, own) in candidates {
            if freed >= bytes {
                break;
            }
            let slot = &mut self.slots[number];
            let Content::Memory(block) = &slot.content else { continue };
            victims.push(Victim { number, block: block.clone(), is_stored: slot.stored.is_some() });
            slot.is_written = true;
            freed += own;
        }
        victims
    }

    /// A victim that is on disk now: it goes from memory. The bytes that this frees.
    pub(crate) fn written(&mut self, number: usize, stored: Option<Stored>) -> (u64, Option<Block>) {
        let slot = &mut self.slots[number];
        slot.is_written = false;
        if slot.readers == 0 {
            // Its last reader came meanwhile.
            if let Some(stored) = stored {
                self.extents.give_back(stored.extent);
            }
            return (0, None);
        }
        if let Some(stored) = stored {
            slot.stored = Some(stored);
        }
        let freed = self.release(number);
        self.slots[number].content = Content::Disk;
        freed
    }

    /// A victim that could not be written: it stays.
    pub(crate) fn not_written(&mut self, number: usize) {
        self.slots[number].is_written = false;
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.slots = Vec::new();
        self.buffers = HashMap::new();
        self.extents = Extents::default();
    }
}

/// Whether a view keeps much more in memory than its elements.
pub(crate) fn is_wasteful(array: &NdArray) -> bool {
    !array.is_empty() && array.size_bytes().saturating_mul(2) < array.buffer().len()
}

/// The boxes of a block that the tasks of its only reader take, if each takes only some of it.
pub(crate) fn boxes(reader: Option<&swath_arrays::lower::stage::Stage>, block: usize) -> Vec<Region> {
    let boxes: Vec<Region> =
        reader.map_or_else(Vec::new, |stage| stage.splits(block).into_iter().map(|(_, within)| within).collect());
    if boxes.len() > 1 { boxes } else { Vec::new() }
}
