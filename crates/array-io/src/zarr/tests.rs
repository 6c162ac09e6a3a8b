//! Reading, writing and damage, over a store that counts.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use proptest::prelude::*;
use swath_arrays::{ArraySink, ArraySource, ChunkGrid};
use swath_kernels::{DType, NdArray, Scalar, TimeUnit};

use super::group::NodeKind;
use super::*;
use crate::error::Result;

/// A folder that counts what is read, and cannot rename if it is told so.
#[derive(Debug)]
struct Counted {
    inner: LocalStore,
    reads: AtomicUsize,
    can_stage: bool,
}

impl Counted {
    fn new(folder: &std::path::Path, can_stage: bool) -> Arc<Self> {
        Arc::new(Self { inner: LocalStore::new(folder), reads: AtomicUsize::new(0), can_stage })
    }

    fn count(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

impl Store for Counted {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Bytes>> {
        self.count();
        self.inner.get(key, limit_bytes)
    }

    fn get_suffix(&self, key: &str, bytes: u64) -> Result<Option<Bytes>> {
        self.count();
        self.inner.get_suffix(key, bytes)
    }

    fn get_ranges(&self, key: &str, ranges: &[Range<u64>]) -> Result<Option<Vec<Bytes>>> {
        self.count();
        self.inner.get_ranges(key, ranges)
    }

    fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.inner.put(key, bytes)
    }

    fn delete(&self, key: &str) -> Result<()> {
        self.inner.delete(key)
    }

    fn delete_all(&self, prefix: &str) -> Result<()> {
        self.inner.delete_all(prefix)
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.inner.list(prefix)
    }

    fn can_stage(&self) -> bool {
        self.can_stage
    }

    fn stage(&self, prefix: &str) -> Result<Option<Box<dyn Staging>>> {
        if self.can_stage { self.inner.stage(prefix) } else { Ok(None) }
    }
}

fn numbers(shape: &[usize]) -> NdArray {
    NdArray::from_vec(shape, (1..=shape.iter().product::<usize>() as i32).collect()).unwrap()
}

fn part(array: &NdArray, region: &[Range<usize>]) -> NdArray {
    array.slice(&region.iter().map(|range| range.clone().into()).collect::<Vec<_>>()).unwrap()
}

fn write_all(sink: &ZarrSink, array: &NdArray) {
    let grid = sink.grid().unwrap();
    for block in 0..grid.block_count() {
        let region = grid.region(block);
        sink.write(&region, &part(array, &region)).unwrap();
    }
}

fn write(store: &Arc<Counted>, path: &str, array: &NdArray, options: &ZarrOptions) {
    let sink = ZarrSink::create_in(Arc::clone(store) as _, path, array.dtype(), array.shape(), options).unwrap();
    write_all(&sink, array);
    sink.finish().unwrap();
}

fn read(array: &ZarrArray) -> NdArray {
    let everything: Vec<Range<usize>> = array.shape().iter().map(|length| 0..*length).collect();
    array.read_box(&everything).unwrap()
}

fn forms(chunk: &[usize]) -> Vec<ZarrOptions> {
    let plain = ZarrOptions::new(chunk);
    let shard: Vec<usize> = chunk.iter().map(|length| length * 2).collect();
    vec![
        ZarrOptions { compression: Compression::None, ..plain.clone() },
        ZarrOptions { has_checksum: true, ..plain.clone() },
        ZarrOptions { compression: Compression::Gzip(1), ..plain.clone() },
        ZarrOptions { format: ZarrFormat::V2, ..plain.clone() },
        ZarrOptions { format: ZarrFormat::V2, compression: Compression::None, ..plain.clone() },
        ZarrOptions { shard_shape: Some(shard.clone()), ..plain.clone() },
        ZarrOptions { shard_shape: Some(shard), compression: Compression::None, has_checksum: true, ..plain },
    ]
}

#[test]
fn all_dtypes_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    let times = [DType::Datetime64(TimeUnit::Nanosecond), DType::Timedelta64(TimeUnit::Day)];
    for dtype in DType::NUMERIC.into_iter().chain(times) {
        for shape in [&[][..], &[0], &[5], &[3, 4]] {
            let chunk: Vec<usize> = shape.iter().map(|length| (length / 2).max(1)).collect();
            for options in forms(&chunk) {
                let options = ZarrOptions { mode: WriteMode::Overwrite, fill_value: Scalar::nan(dtype), ..options };
                let array = NdArray::full(shape, Scalar::one(dtype)).unwrap();
                write(&store, "deep/er/a", &array, &options);
                let opened = ZarrArray::open_in(Arc::clone(&store) as _, "deep/er/a").unwrap();
                assert_eq!(read(&opened), array, "{dtype} {options:?}");
            }
        }
    }
    let group = ZarrGroup::open_in(Arc::clone(&store) as _, "deep").unwrap();
    assert_eq!(group.members().unwrap(), [("er".to_owned(), NodeKind::Group)]);
    assert_eq!(group.group("er").unwrap().members().unwrap(), [("a".to_owned(), NodeKind::Array)]);
    assert_eq!(group.array("er/a").unwrap().path(), "deep/er/a");
    let error = ZarrArray::open_in(Arc::clone(&store) as _, "deep").unwrap_err().to_string();
    assert!(error.contains("/deep: it is a Zarr group and not an array"), "{error}");
    let error = ZarrArray::open_in(store, "deep/none").unwrap_err().to_string();
    assert!(error.contains("/deep/none: no Zarr array: there is neither zarr.json nor .zarray"), "{error}");
}

/// Shapes with a chunk length, a box and whether the chunk is part of a larger shard, for each axis.
fn axes() -> impl Strategy<Value = Vec<(usize, usize, usize, usize)>> {
    prop::collection::vec((0..10usize, 1..5usize, 0..10usize, 0..10usize), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Any box of what was written is the box of the array, in every form; each chunk that it meets is asked for once (of a shard the
    /// index and the inner chunks), and no other.
    #[test]
    fn boxes_equal_slices(axes in axes(), form in 0..7usize) {
        let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let chunk: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
        let region: Vec<Range<usize>> =
            axes.iter().map(|(n, _, a, b)| (*a.min(b)).min(*n)..(*a.max(b)).min(*n)).collect();
        let array = numbers(&shape);
        let folder = tempfile::tempdir().unwrap();
        let store = Counted::new(folder.path(), true);
        let options = &forms(&chunk)[form];
        write(&store, "a", &array, options);
        let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
        prop_assert_eq!(&read(&opened), &array);
        store.reads();
        let found = opened.read_box(&region).unwrap();
        prop_assert_eq!(found, part(&array, &region));
        let touched = if region.iter().any(Range::is_empty) { 0 } else { opened.grid().pieces_count(&region) };
        let reads = store.reads();
        if options.shard_shape.is_some() {
            prop_assert!(reads >= touched && reads <= 2 * touched, "{} reads for {} shards", reads, touched);
        } else {
            prop_assert_eq!(reads, touched);
        }
    }

    /// A box written into an array that is there changes that box and nothing else.
    #[test]
    fn boxes_can_be_written(axes in axes(), form in 0..7usize, is_zero: bool) {
        let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let chunk: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
        let region: Vec<Range<usize>> =
            axes.iter().map(|(n, _, a, b)| (*a.min(b)).min(*n)..(*a.max(b)).min(*n)).collect();
        let array = numbers(&shape);
        let folder = tempfile::tempdir().unwrap();
        let store = Counted::new(folder.path(), true);
        write(&store, "a", &array, &forms(&chunk)[form]);
        let lengths: Vec<usize> = region.iter().map(Range::len).collect();
        let new = if is_zero { NdArray::zeros(DType::I32, &lengths).unwrap() } else { NdArray::full(&lengths, Scalar::I32(-7)).unwrap() };
        let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
        let sink = ZarrSink::region(opened, &region).unwrap();
        prop_assert_eq!(sink.grid().unwrap().shape().to_vec(), lengths);
        write_all(&sink, &new);
        sink.finish().unwrap();
        let at: Vec<usize> = region.iter().map(|range| range.start).collect();
        let expected = swath_kernels::layout::index::assign(&array, &at, &new).unwrap();
        let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
        prop_assert_eq!(read(&opened), expected);
    }

    /// Whatever stands in a shard, reading it ends with an array or an error.
    #[test]
    fn no_bytes_do_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
        form in 0..7usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Counted::new(folder.path(), true);
        let options = &forms(&[4, 4])[form];
        write(&store, "a", &numbers(&[8, 8]), options);
        let key = if options.format == ZarrFormat::V2 { "a/0.0" } else { "a/c/0/0" };
        let mut bytes = store.inner.get(key, 1 << 20).unwrap().unwrap().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        store.put(key, bytes.into()).unwrap();
        let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
        for region in [[0..8, 0..8], [1..3, 2..7]] {
            let _ = opened.read_box(&region);
        }
    }
}

#[test]
fn a_killed_write_leaves_nothing_to_read() {
    for can_stage in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = Counted::new(folder.path(), can_stage);
        let array = numbers(&[4, 4]);
        let options = ZarrOptions::new(&[2, 2]);
        let open = || ZarrArray::open_in(Arc::clone(&store) as _, "g/a");
        let create =
            |options: &ZarrOptions| ZarrSink::create_in(Arc::clone(&store) as _, "g/a", DType::I32, &[4, 4], options);
        let killed = create(&options).unwrap();
        killed.write(&[0..2, 0..2], &part(&array, &[0..2, 0..2])).unwrap();
        drop(killed);
        assert!(open().unwrap_err().to_string().contains("no Zarr array"), "{can_stage}");
        // The next try starts anew, without what the first left.
        let sink = create(&options).unwrap();
        write_all(&sink, &NdArray::zeros(DType::I32, &[4, 4]).unwrap());
        sink.finish().unwrap();
        assert_eq!(read(&open().unwrap()), NdArray::zeros(DType::I32, &[4, 4]).unwrap());
        let error = create(&options).unwrap_err().to_string();
        assert!(error.contains("there is an array or a group already"), "{error}");
        let overwrite = ZarrOptions { mode: WriteMode::Overwrite, ..options.clone() };
        let killed = create(&overwrite).unwrap();
        killed.write(&[0..2, 0..2], &part(&array, &[0..2, 0..2])).unwrap();
        drop(killed);
        // Where it can be renamed, the old array is still there; elsewhere there is none.
        assert_eq!(open().is_ok(), can_stage);
        write(&store, "g/a", &array, &overwrite);
        assert_eq!(read(&open().unwrap()), array);
        let names = store.list("g/a").unwrap();
        assert_eq!(names, ["c", "zarr.json"]);
        assert_eq!(
            std::fs::read_dir(folder.path().join("g")).unwrap().count(),
            2,
            "the group's metadata and the array"
        );
        let inside = ZarrSink::create_in(Arc::clone(&store) as _, "g/a/b", DType::I32, &[4, 4], &options);
        assert!(inside.unwrap_err().to_string().contains("an array cannot stand within an array"));
    }
}

#[test]
fn others_files_are_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years").unwrap();
    for mode in [WriteMode::Error, WriteMode::Overwrite] {
        let options = ZarrOptions { mode, ..ZarrOptions::new(&[2]) };
        let error = ZarrSink::create(folder.path(), DType::I32, &[4], &options).unwrap_err().to_string();
        assert!(error.contains("it has other files (thesis.txt, ...)"), "{error}");
    }
    assert!(folder.path().join("thesis.txt").exists());
}

#[test]
fn damage_is_told_with_file_and_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    for (number, options) in forms(&[2, 2]).into_iter().enumerate() {
        let is_checked = options.has_checksum;
        write(&store, "a", &numbers(&[4, 8]), &ZarrOptions { mode: WriteMode::Overwrite, ..options.clone() });
        let (key, position) = match (options.format, &options.shard_shape) {
            (ZarrFormat::V2, _) => ("a/1.2", "[1, 2]"),
            (_, None) => ("a/c/1/2", "[1, 2]"),
            (_, Some(_)) => ("a/c/0/1", "[0, 1]"),
        };
        let mut bytes = store.inner.get(key, 1 << 20).unwrap().unwrap().to_vec();
        bytes[2] ^= 0x40;
        store.put(key, bytes.clone().into()).unwrap();
        let read = || ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap().read(&[0..4, 0..8]);
        if is_checked {
            let error = read().unwrap_err().to_string();
            assert!(
                error.contains(&format!("{key}: chunk {position}: ")) && error.contains("CRC-32C"),
                "{number}: {error}"
            );
        }
        bytes.truncate(bytes.len() - 3);
        store.put(key, bytes.into()).unwrap();
        let error = read().unwrap_err().to_string();
        assert!(error.contains(&format!("{key}: chunk {position}: ")), "{number}: {error}");
    }
}

#[test]
fn absent_chunks_hold_the_fill_value_and_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    for options in forms(&[2]) {
        let options = ZarrOptions { mode: WriteMode::Overwrite, fill_value: Some(Scalar::F64(f64::NAN)), ..options };
        let array = NdArray::from_vec(&[7], vec![1.0, 2.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 3.0]).unwrap();
        write(&store, "a", &array, &options);
        let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
        let (first, second) = match (options.format, opened.metadata().inner_chunk_shape().is_some()) {
            (ZarrFormat::V2, _) => ("a/0", "a/1"),
            (_, false) => ("a/c/0", "a/c/1"),
            (_, true) => ("a/c/0", "a/c/9"),
        };
        assert!(store.inner.get(first, 999).unwrap().is_some() && store.inner.get(second, 999).unwrap().is_none());
        let back = read(&opened).to_vec::<f64>().unwrap();
        assert_eq!(
            back.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            array.to_vec::<f64>().unwrap().iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn blocks_must_be_whole_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    let sink = ZarrSink::create_in(store, "a", DType::I32, &[6], &ZarrOptions::new(&[4])).unwrap();
    let error = sink.write(&[0..3][..], &numbers(&[3])).unwrap_err().to_string();
    assert!(error.contains("[0..3] is only a part of chunk 0: write whole chunks"), "{error}");
    sink.write(&[0..6][..], &numbers(&[6])).unwrap();
    let grid = ChunkGrid::new([swath_arrays::AxisChunks::from_lengths(&[3, 5, 1])]);
    assert_eq!(ZarrOptions::for_grid(&grid).chunk_shape, [5]);
    let options = ZarrOptions { shard_shape: Some(vec![6]), ..ZarrOptions::new(&[4]) };
    let error = ZarrSink::create(folder.path().join("b"), DType::I32, &[6], &options).unwrap_err().to_string();
    assert!(error.contains("shards of shape [6] cannot be cut into inner chunks of shape [4]"), "{error}");
    let options = ZarrOptions { format: ZarrFormat::V2, has_checksum: true, ..ZarrOptions::new(&[4]) };
    let error = ZarrSink::create(folder.path().join("b"), DType::I32, &[6], &options).unwrap_err().to_string();
    assert!(error.contains("version 2 of the format has neither shards nor checksums"), "{error}");
}

#[test]
fn inner_chunks_are_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    let options =
        ZarrOptions { shard_shape: Some(vec![64, 64]), compression: Compression::None, ..ZarrOptions::new(&[8, 8]) };
    let array = numbers(&[64, 64]);
    write(&store, "a", &array, &options);
    let key = "a/c/0/0";
    let whole = store.inner.get(key, 1 << 20).unwrap().unwrap().to_vec();
    // All that is not of the second inner chunk and the index goes: it is still read, and others are not.
    let mut bytes = vec![0xff; whole.len()];
    bytes[256..512].copy_from_slice(&whole[256..512]);
    bytes[64 * 256..].copy_from_slice(&whole[64 * 256..]);
    store.put(key, bytes.into()).unwrap();
    let opened = ZarrArray::open_in(Arc::clone(&store) as _, "a").unwrap();
    let region = [1..7, 9..15];
    assert_eq!(opened.read_box(&region).unwrap(), part(&array, &region));
    assert_eq!(opened.preferred_grid().block_count(), 1);
}

#[test]
fn very_many_chunks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Counted::new(folder.path(), true);
    let sink =
        ZarrSink::create_in(Arc::clone(&store) as _, "a", DType::U8, &[1 << 40], &ZarrOptions::new(&[1])).unwrap();
    sink.finish().unwrap();
    let opened = ZarrArray::open_in(store, "a").unwrap();
    let error = opened.read_box(&[0..1 << 29][..]).unwrap_err().to_string();
    assert!(error.contains("/a: a box meets 536870912 chunks"), "{error}");
    let error = opened.read_box(&[0..1 << 60][..]).unwrap_err().to_string();
    assert!(error.contains("is not inside an array of shape"), "{error}");
    assert_eq!(opened.read_box(&[1 << 39..(1 << 39) + 2][..]).unwrap().to_vec::<u8>().unwrap(), [0, 0]);
}

#[cfg(feature = "object-store")]
#[test]
fn object_stores_hold_arrays() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let memory = Arc::new(object_store::memory::InMemory::new());
    let store: Arc<dyn Store> =
        Arc::new(RemoteStore::new(memory, "bucket", "s3://bucket", runtime.handle().clone()).unwrap());
    let array = numbers(&[6, 7]);
    for options in forms(&[2, 3]) {
        let options = ZarrOptions { mode: WriteMode::Overwrite, ..options };
        let sink = ZarrSink::create_in(Arc::clone(&store), "g/a", DType::I32, &[6, 7], &options).unwrap();
        assert!(ZarrArray::open_in(Arc::clone(&store), "g/a").is_err());
        write_all(&sink, &array);
        sink.finish().unwrap();
        let opened = ZarrArray::open_in(Arc::clone(&store), "g/a").unwrap();
        assert_eq!(read(&opened), array);
        let region = [1..5, 2..4];
        assert_eq!(opened.read_box(&region).unwrap(), part(&array, &region));
        assert!(!store.list("g/a").unwrap().contains(&".writing".to_owned()));
    }
    let group = ZarrGroup::open_in(Arc::clone(&store), "").unwrap();
    assert_eq!(group.group("g").unwrap().members().unwrap(), [("a".to_owned(), NodeKind::Array)]);
    let options = ZarrOptions::new(&[2, 3]);
    let error = ZarrSink::create_in(store, "g/a", DType::I32, &[6, 7], &options).unwrap_err().to_string();
    assert!(error.contains("cannot write s3://bucket/g/a: there is an array or a group already"), "{error}");
}
