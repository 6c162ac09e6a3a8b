//! How fast arrays are written and read: 512 MiB of f64 in chunks of 8 MiB, by one thread and by two.
//!
//! `cargo bench -p swath-array-io --bench speed [folder]`; the folder should lie on what is to be measured (memory: `/dev/shm`).

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use swath_array_io::zarr::Compression;
use swath_array_io::{NpySink, NpySource, ZarrArray, ZarrOptions, ZarrSink};
use swath_arrays::{ArraySink, ArraySource, ChunkGrid, Region};
use swath_kernels::{DType, NdArray};

const SHAPE: [usize; 2] = [8192, 8192];
const CHUNK: [usize; 2] = [1024, 1024];

/// Runs all blocks on so many threads, several times; the best rate in GB/s.
fn rate(threads: usize, grid: &ChunkGrid, block: &(dyn Fn(Region) + Sync)) -> f64 {
    let bytes = (SHAPE[0] * SHAPE[1] * 8) as f64;
    let once = || {
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= grid.block_count() {
                            break;
                        }
                        block(grid.region(number));
                    }
                });
            }
        });
        bytes / started.elapsed().as_secs_f64() / 1e9
    };
    (0..3).map(|_| once()).fold(0.0, f64::max)
}

fn part(array: &NdArray, region: &[Range<usize>]) -> NdArray {
    array.slice(&region.iter().map(|range| range.clone().into()).collect::<Vec<_>>()).unwrap()
}

fn measure(name: &str, sink: &dyn ArraySink, open: &dyn Fn() -> Box<dyn ArraySource>, array: &NdArray) {
    let grid = ChunkGrid::regular(&SHAPE, &CHUNK);
    let write = |threads| rate(threads, &grid, &|region| sink.write(&region, &part(array, &region)).unwrap());
    let (one, two) = (write(1), write(2));
    sink.finish().unwrap();
    let source = open();
    let read = |threads| rate(threads, &grid, &|region| drop(source.read(&region).unwrap()));
    println!("{name:24} write {one:5.2} {two:5.2}   read {:5.2} {:5.2}  GB/s by 1 and 2 threads", read(1), read(2));
}

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = tempfile::tempdir_in(folder.map_or_else(std::env::temp_dir, PathBuf::from)).unwrap();
    // As measured values are: a smooth part and digits that do not pack.
    let values = |digits: f64| {
        let value = |i: usize| ((i as f64 * 1e-3).sin() * digits).round() / digits;
        NdArray::from_vec(&SHAPE, (0..SHAPE[0] * SHAPE[1]).map(value).collect()).unwrap()
    };
    let zarr = |name: &str, array: &NdArray, options: &ZarrOptions| {
        let path = folder.path().join(name);
        let sink = ZarrSink::create(&path, DType::F64, &SHAPE, options).unwrap();
        measure(name, &sink, &|| Box::new(ZarrArray::open(&path).unwrap()), array);
        println!("{:24} {:.2} of the bytes", "", size(&path) as f64 / array.size_bytes() as f64);
        std::fs::remove_dir_all(path).unwrap();
    };
    let array = values(1e3);
    let path = folder.path().join("a.npy");
    let sink = NpySink::create(&path, DType::F64, &SHAPE).unwrap();
    measure("npy", &sink, &|| Box::new(NpySource::open(&path).unwrap()), &array);
    std::fs::remove_file(&path).unwrap();
    let plain = ZarrOptions { compression: Compression::None, ..ZarrOptions::new(&CHUNK) };
    zarr("uncompressed", &array, &plain);
    zarr("uncompressed+crc32c", &array, &ZarrOptions { has_checksum: true, ..plain.clone() });
    for level in [-3, 1, 3] {
        zarr(&format!("zstd {level}"), &array, &ZarrOptions { compression: Compression::Zstd(level), ..plain.clone() });
    }
    zarr("zstd 1, all digits", &values(1e15), &ZarrOptions { compression: Compression::Zstd(1), ..plain.clone() });
    let shards = ZarrOptions { chunk_shape: vec![128, 128], shard_shape: Some(CHUNK.to_vec()), ..plain };
    zarr("shards", &array, &shards);
    zarr("shards, zstd 1", &array, &ZarrOptions { compression: Compression::Zstd(1), ..shards });
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }).sum()
}
