//! One Parquet file in the making: row groups come from several threads and are written in order.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::error::{Error, Result};
use crate::scale::Scale;
use crate::table::{Piece, Table};

/// Rows generated at a time.
const BATCH_ROWS: usize = 8_192;

/// A Parquet file that several threads write together. It has a hidden name until it is whole.
#[derive(Debug)]
pub(crate) struct PartFile {
    table: Table,
    path: PathBuf,
    groups: u32,
    /// How many encoded groups may wait for an earlier one.
    window: usize,
    state: Mutex<State>,
    moved_on: Condvar,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    next_group: u32,
    waiting: BTreeMap<u32, Vec<ArrowColumnChunk>>,
}

struct Open {
    writer: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("next_group", &self.next_group).finish_non_exhaustive()
    }
}

impl PartFile {
    /// A file of so many row groups, written by so many threads. Nothing is opened yet.
    pub fn new(table: Table, path: &Path, groups: u32, threads: usize) -> Self {
        Self {
            table,
            path: path.to_owned(),
            groups,
            window: threads,
            state: Mutex::default(),
            moved_on: Condvar::new(),
        }
    }

    /// The name of the file when it is whole.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of a file until it is whole: hidden, and not ending in `.parquet`.
    pub fn unfinished_path(path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.tmp"))
    }

    /// Whether this is the name of a file that a killed run left behind.
    pub fn is_unfinished(path: &Path) -> bool {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with(".part-") && name.ends_with(".parquet.tmp")
        })
    }

    /// Generates, encodes and writes row group `group`. Returns whether the file is whole now.
    pub fn write_group(&self, group: u32, scale: Scale, piece: Piece, stopped: &AtomicBool) -> Result<bool> {
        let writers = self.column_writers(group)?;
        let chunks = self.encode(writers, scale, piece)?;
        let mut state = self.lock();
        // The group that the file needs next never waits, so this ends.
        while state.next_group != group && state.waiting.len() >= self.window && !stopped.load(Ordering::Relaxed) {
            let woken = self.moved_on.wait_timeout(state, Duration::from_millis(100));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting.insert(group, chunks);
        self.append_in_order(&mut state)?;
        self.moved_on.notify_all();
        if state.next_group < self.groups {
            return Ok(false);
        }
        match state.open.take() {
            Some(open) => self.finish(open).map(|()| true),
            None => Ok(false),
        }
    }

    /// Lets threads that wait for their turn see that the work has stopped.
    pub fn wake(&self) {
        self.moved_on.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked has stopped the whole run; the file stays unfinished.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn column_writers(&self, group: u32) -> Result<Vec<ArrowColumnWriter>> {
        let mut state = self.lock();
        if state.open.is_none() {
            state.open = Some(self.open()?);
        }
        match &state.open {
            Some(open) => open.factory.create_column_writers(group as usize).map_err(Error::parquet(&self.path)),
            None => Ok(vec![]),
        }
    }

    fn open(&self) -> Result<Open> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // A piece is a row group, whatever its size.
            .set_max_row_group_row_count(None)
            .build();
        let unfinished = Self::unfinished_path(&self.path);
        let file = File::create(&unfinished).map_err(Error::io("create", &unfinished))?;
        let (writer, factory) = ArrowWriter::try_new(file, self.table.schema(), Some(properties))
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(Error::parquet(&unfinished))?;
        Ok(Open { writer, factory })
    }

    fn encode(&self, mut writers: Vec<ArrowColumnWriter>, scale: Scale, piece: Piece) -> Result<Vec<ArrowColumnChunk>> {
        let schema = self.table.schema();
        for batch in self.table.batches(scale, piece, BATCH_ROWS) {
            let batch = batch.map_err(|source| Error::Rows { table: self.table.name(), source })?;
            // No column is nested: each has one leaf and one writer.
            for ((writer, field), column) in writers.iter_mut().zip(schema.fields()).zip(batch.columns()) {
                for leaf in compute_leaves(field, column).map_err(Error::parquet(&self.path))? {
                    writer.write(&leaf).map_err(Error::parquet(&self.path))?;
                }
            }
        }
        writers.into_iter().map(|writer| writer.close().map_err(Error::parquet(&self.path))).collect()
    }

    fn append_in_order(&self, state: &mut State) -> Result<()> {
        let State { open: Some(open), next_group, waiting } = state else { return Ok(()) };
        while let Some(chunks) = waiting.remove(next_group) {
            let append = || {
                let mut row_group = open.writer.next_row_group()?;
                for chunk in chunks {
                    chunk.append_to_row_group(&mut row_group)?;
                }
                row_group.close().map(|_| ())
            };
            append().map_err(Error::parquet(&self.path))?;
            *next_group += 1;
        }
        Ok(())
    }

    fn finish(&self, open: Open) -> Result<()> {
        let unfinished = Self::unfinished_path(&self.path);
        let file = open.writer.into_inner().map_err(Error::parquet(&unfinished))?;
        // Only what is on disk gets the final name, so that a power cut leaves no empty file under it either.
        file.sync_all().map_err(Error::io("sync", &unfinished))?;
        fs::rename(&unfinished, &self.path).map_err(Error::io("rename", &unfinished))
    }
}
