//! Generates the data: Parquet files in parallel, resumable, in bounded memory.
//!
//! ```text
//!   table ──► files (parts) ──► row groups            the unit of work is one row group
//!                                │  │  │
//!                             worker threads          each makes rows and encodes them
//!                                │  │  │
//!                        one writer per file          appends groups in order, then renames the file
//! ```
//!
//! A file carries a hidden temporary name until it is whole and on disk, so that a killed run leaves nothing that a reader
//! would take for data; the next run keeps what is whole and makes the rest. One row group is encoded per thread, and
//! few wait for their turn, so memory does not grow with the scale.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::part_file::PartFile;
use crate::progress::Progress;
use crate::scale::Scale;
use crate::table::{Piece, Table};

/// About how many rows go into a row group. Enough for encodings to pay off, and few enough that even the smaller tables
/// of scale 1 give every core of a laptop something to read.
const ROW_GROUP_ROWS: u64 = 131_072;

/// Parquet counts row groups in 16 bits.
const MAX_ROW_GROUPS: u64 = 30_000;

/// What to generate, and where.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// How large.
    pub scale: Scale,
    /// Where to: each table becomes a folder in it.
    pub folder: PathBuf,
    /// Into how many files each growing table is cut.
    pub parts: u32,
    /// How many threads work.
    pub threads: usize,
}

/// What [`generate`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Files that were made.
    pub files_written: usize,
    /// Files that were there already.
    pub files_kept: usize,
}

/// Generates what is missing in the folder.
///
/// # Errors
/// If the folder holds data of another scale or cut otherwise, or cannot be written.
pub fn generate(options: &GenerateOptions, progress: &Progress) -> Result<Generated> {
    if !(1..=10_000).contains(&options.parts) {
        return Err(Error::Option(format!("parts must be between 1 and 10000, got {}", options.parts)));
    }
    let folder = &options.folder;
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    // Two generators in one folder take turns; the second finds everything made.
    let lock_path = folder.join(".lock");
    let lock = File::create(&lock_path).map_err(Error::io("create", &lock_path))?;
    lock.lock().map_err(Error::io("lock", &lock_path))?;
    Manifest::new(options.scale, options.parts).claim(folder)?;

    let mut generated = Generated::default();
    let mut missing = vec![];
    for table in Table::ALL {
        let table_folder = folder.join(table.name());
        fs::create_dir_all(&table_folder).map_err(Error::io("create", &table_folder))?;
        remove_unfinished(&table_folder)?;
        for plan in plan_files(table, options.scale, options.parts, &table_folder) {
            if plan.is_whole() {
                generated.files_kept += 1;
            } else {
                missing.push(plan);
            }
        }
    }
    generated.files_written = missing.len();
    write_files(options, &missing, progress)?;
    Ok(generated)
}

/// One file to be: some consecutive pieces of a table, each a row group.
#[derive(Clone, Debug)]
struct FilePlan {
    table: Table,
    path: PathBuf,
    first_piece: u32,
    groups: u32,
    pieces: u32,
}

impl FilePlan {
    fn piece(&self, group: u32) -> Piece {
        Piece { index: self.first_piece + group, count: self.pieces }
    }

    /// Whether the file is there with all its row groups. A file gets its name when it is whole; this guards against one
    /// that was cut or replaced later.
    fn is_whole(&self) -> bool {
        let Ok(file) = File::open(&self.path) else { return false };
        SerializedFileReader::new(file).is_ok_and(|file| file.num_row_groups() == self.groups as usize)
    }
}

fn plan_files(table: Table, scale: Scale, parts: u32, folder: &Path) -> Vec<FilePlan> {
    let parts = if table.grows() { parts } else { 1 };
    let rows = table.approximate_rows(scale).div_ceil(parts.into());
    // `MAX_ROW_GROUPS` fits.
    let groups = rows.div_ceil(ROW_GROUP_ROWS).clamp(1, MAX_ROW_GROUPS) as u32;
    let file = |part| FilePlan {
        table,
        path: folder.join(format!("part-{part:05}.parquet")),
        first_piece: part * groups,
        groups,
        pieces: parts * groups,
    };
    (0..parts).map(file).collect()
}

fn remove_unfinished(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if PartFile::is_unfinished(&path) {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

fn write_files(options: &GenerateOptions, plans: &[FilePlan], progress: &Progress) -> Result<()> {
    let threads = options.threads.max(1);
    let files: Vec<PartFile> =
        plans.iter().map(|plan| PartFile::new(plan.table, &plan.path, plan.groups, threads)).collect();
    let jobs: Vec<(usize, u32)> =
        plans.iter().enumerate().flat_map(|(file, plan)| (0..plan.groups).map(move |group| (file, group))).collect();
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    progress.start(jobs.len() as u64);
    // Workers take the groups in order, so that a file's groups arrive nearly in order too.
    let work = || -> Result<()> {
        while !stopped.load(Ordering::Relaxed)
            && let Some(&(file, group)) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let whole = files[file].write_group(group, options.scale, plans[file].piece(group), &stopped)?;
            progress.step();
            if whole {
                progress.line(format_args!("{}", files[file].path().display()));
            }
        }
        Ok(())
    };
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let result = work();
                    if result.is_err() {
                        stopped.store(true, Ordering::Relaxed);
                        files.iter().for_each(PartFile::wake);
                    }
                    result
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    progress.finish();
    results.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(folder: &Path, parts: u32) -> GenerateOptions {
        GenerateOptions { scale: Scale::try_from(0.001).unwrap(), folder: folder.to_owned(), parts, threads: 2 }
    }

    #[test]
    fn a_second_run_keeps_whole_files_and_remakes_cut_ones() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), 2);
        let first = generate(&options, &Progress::silent()).unwrap();
        assert_eq!(first, Generated { files_written: 14, files_kept: 0 });
        let again = generate(&options, &Progress::silent()).unwrap();
        assert_eq!(again, Generated { files_written: 0, files_kept: 14 });

        let orders = folder.path().join("orders/part-00001.parquet");
        let whole = fs::read(&orders).unwrap();
        fs::write(&orders, &whole[..whole.len() / 2]).unwrap();
        let unfinished = PartFile::unfinished_path(&folder.path().join("part/part-00000.parquet"));
        fs::write(&unfinished, "half").unwrap();
        let repaired = generate(&options, &Progress::silent()).unwrap();
        assert_eq!(repaired, Generated { files_written: 1, files_kept: 13 });
        assert_eq!(fs::read(&orders).unwrap(), whole, "generation is deterministic");
        assert!(!unfinished.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), 1);
        generate(&options, &Progress::silent()).unwrap();
        let orders = folder.path().join("orders/part-00000.parquet");
        fs::remove_file(&orders).unwrap();
        // A folder where the temporary file should go.
        fs::create_dir_all(PartFile::unfinished_path(&orders).join("full")).unwrap();
        let error = generate(&options, &Progress::silent()).unwrap_err().to_string();
        assert!(error.contains("orders"), "{error}");
    }

    #[test]
    fn row_groups_stay_within_what_parquet_can_count() {
        let scale = Scale::try_from(100_000.0).unwrap();
        let plans = plan_files(Table::LineItem, scale, 1, Path::new(""));
        assert_eq!(plans[0].groups, 30_000);
    }
}
