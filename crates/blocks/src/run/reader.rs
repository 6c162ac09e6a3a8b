//! Blocks of a run that go to disk, and what tasks read of them.

use std::cell::Cell;
use std::sync::Arc;

use swath_arrays::Region;
use swath_arrays::lower::stage::Content;
use swath_kernels::{DType, NdArray};

use super::{Guard, Run};
use crate::block::{Block, BlockId, Blocks};
use crate::disk::{Stored, Written};
use crate::error::{BlocksError, Result};
use crate::fetch;
use crate::spill::SpillFile;
use crate::store::{Found, Victim, boxes};

impl Run {
    /// Writes blocks to disk and lets them go, the lock being free meanwhile.
    pub(super) fn write<'a>(&'a self, mut state: Guard<'a>, victims: Vec<Victim>) -> (Guard<'a>, Result<()>) {
        state.writing += 1;
        drop(state);
        let mut failure = None;
        for Victim { number, block, is_stored } in victims {
            let written =
                if is_stored || failure.is_some() { Ok(None) } else { self.write_one(number, &block).map(Some) };
            drop(block);
            let mut state = self.lock();
            if failure.is_some() {
                state.store.not_written(number);
                continue;
            }
            match written {
                Ok(stored) => {
                    let spilled = stored.as_ref().map_or(0, Stored::bytes);
                    state.stages[self.graph.id(number).stage].bytes_spilled += spilled;
                    let (freed, block) = state.store.written(number, stored);
                    // Its memory goes before it counts as free.
                    drop(block);
                    self.give_back(&mut state, freed);
                }
                Err(error) => {
                    state.store.not_written(number);
                    failure = Some(error);
                }
            }
        }
        let mut state = self.lock();
        state.writing -= 1;
        self.changed.notify_all();
        (state, failure.map_or(Ok(()), Err))
    }

    fn write_one(&self, number: usize, block: &Block) -> Result<Stored> {
        let id = self.graph.id(number);
        let reader = self.graph.box_reader(number).map(|stage| &self.stages[stage]);
        let written = Written::new(block, &boxes(reader, id.block), self.input_of(id))?;
        let file = self.file()?;
        let extent = self.lock().store.extents.take(written.bytes());
        written.write(&*file, extent)
    }

    /// The dtype that a state reduces.
    fn input_of(&self, id: BlockId) -> DType {
        let promise = &self.stages[id.stage].outputs[id.output];
        match &promise.content {
            Content::State { input, .. } => *input,
            Content::Array => promise.dtype,
        }
    }

    /// The run's file, made when it is first needed.
    fn file(&self) -> Result<Arc<dyn SpillFile>> {
        let mut state = self.lock();
        match &state.file {
            Some(file) => Ok(Arc::clone(file)),
            None => {
                let file = self.engine.spill.create()?;
                state.file = Some(Arc::clone(&file));
                Ok(file)
            }
        }
    }

    /// A block that was read back stays if there is room for it and others are to read it.
    fn keep_again(&self, number: usize, block: &Block) {
        let id = self.graph.id(number);
        let mut state = self.lock();
        if !state.store.is_worth_keeping(number) {
            return;
        }
        let state_bytes = self.state_bytes(id.stage, id.output);
        let added = state.store.added_bytes(block, state_bytes);
        if self.engine.memory.try_grow(added) {
            state.reserved += added;
            state.peak = state.peak.max(state.reserved);
            state.store.keep(number, block.clone(), state_bytes);
        }
    }
}

/// Reads blocks for one task.
pub(super) struct Reader<'a> {
    pub(super) run: &'a Run,
    /// Bytes that were read so far.
    pub(super) read: Cell<u64>,
}

impl Reader<'_> {
    fn find(&self, number: usize) -> Result<(Found, Option<Arc<dyn SpillFile>>)> {
        let state = self.run.lock();
        match state.store.find(number) {
            Found::Nothing if state.failure.is_some() => Err(BlocksError::Cancelled),
            Found::Nothing => {
                let id = self.run.graph.id(number);
                Err(BlocksError::internal(format!("{id:?} was read before it was made, or after its last reader")))
            }
            found => Ok((found, state.file.clone())),
        }
    }
}

fn file_of(file: Option<&Arc<dyn SpillFile>>) -> Result<&dyn SpillFile> {
    file.map(|file| &**file).ok_or_else(|| BlocksError::internal("a block is on disk, but there is no file"))
}

impl Blocks for Reader<'_> {
    fn get(&self, id: BlockId) -> Result<Block> {
        let number = self.run.graph.block(id);
        let block = match self.find(number)? {
            (Found::Memory(block), _) => block,
            (Found::Disk(stored), file) => {
                let block = stored.read(file_of(file.as_ref())?)?;
                self.run.keep_again(number, &block);
                block
            }
            (Found::Nothing, _) => return Err(BlocksError::internal("a block is nowhere")),
        };
        if let Block::Array(array) = &block {
            self.count_read(array.size_bytes());
        }
        Ok(block)
    }

    fn part(&self, id: BlockId, within: &Region) -> Result<NdArray> {
        let number = self.run.graph.block(id);
        let array = match self.find(number)? {
            (Found::Memory(block), _) => fetch::part(block.array()?, within)?,
            (Found::Disk(stored), file) => match stored.read_box(file_of(file.as_ref())?, within) {
                Some(array) => array?,
                None => return fetch::part(self.get(id)?.array()?, within),
            },
            (Found::Nothing, _) => return Err(BlocksError::internal("a block is nowhere")),
        };
        self.count_read(array.size_bytes());
        Ok(array)
    }

    fn count_read(&self, bytes: usize) {
        self.read.set(self.read.get() + bytes as u64);
    }
}
