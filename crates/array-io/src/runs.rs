//! Which bytes of an array in C order a box of it holds.

use std::ops::Range;

use crate::error::Result;

/// Runs nearer to each other than this are read together: a call to the system costs as much as copying so many bytes.
const GAP_BYTES: u64 = 16 << 10;
/// The most bytes that are read together for the sake of several runs.
const GROUP_BYTES: u64 = 1 << 20;

/// Something that gives bytes at a position, from many threads at once.
pub(crate) trait ReadAt {
    /// Fills `into` with the bytes from `offset` on.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()>;
}

/// The runs of neighbouring bytes that a box holds, all of one length, in ascending order.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    /// Bytes of each run.
    pub(crate) bytes: u64,
    /// The next run's position along each outer axis, where it starts, and how far it is to the next.
    outer: Vec<Outer>,
    next: Option<u64>,
}

#[derive(Debug, Clone)]
struct Outer {
    index: usize,
    count: usize,
    stride: u64,
}

impl Runs {
    /// The runs of `region` in an array of `shape` whose elements take `item` bytes. The array's bytes must fit `u64`.
    pub(crate) fn new(shape: &[usize], region: &[Range<usize>], item: usize) -> Self {
        let mut bytes = item as u64;
        let mut start = 0;
        let mut stride = item as u64;
        let mut outer = Vec::new();
        let mut is_whole = true;
        for (length, range) in shape.iter().zip(region).rev() {
            start += range.start as u64 * stride;
            if is_whole {
                bytes *= range.len() as u64;
                is_whole = range.len() == *length;
            } else if range.len() != 1 {
                outer.push(Outer { index: 0, count: range.len(), stride });
            }
            stride *= *length as u64;
        }
        outer.reverse();
        let is_empty = region.iter().any(Range::is_empty);
        Self { bytes, outer, next: (!is_empty).then_some(start) }
    }
}

impl Iterator for Runs {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let current = self.next?;
        let mut following = current;
        for axis in self.outer.iter_mut().rev() {
            axis.index += 1;
            if axis.index < axis.count {
                self.next = Some(following + axis.stride);
                return Some(current);
            }
            following -= (axis.count - 1) as u64 * axis.stride;
            axis.index = 0;
        }
        self.next = None;
        Some(current)
    }
}

/// Runs that are read together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// The bytes to read.
    pub(crate) range: Range<u64>,
    /// Where the runs start.
    pub(crate) runs: Vec<u64>,
}

/// The next runs that are to be read together, into `group`; whether there were any.
fn next_group(runs: &mut std::iter::Peekable<Runs>, bytes: u64, group: &mut Group) -> bool {
    group.runs.clear();
    let Some(first) = runs.next() else { return false };
    group.runs.push(first);
    let mut last = first;
    while let Some(next) =
        runs.next_if(|next| *next - last - bytes <= GAP_BYTES && *next + bytes - first <= GROUP_BYTES)
    {
        group.runs.push(next);
        last = next;
    }
    group.range = first..last + bytes;
    true
}

/// All runs of a box in groups, and the bytes of each run.
pub(crate) fn groups(shape: &[usize], region: &[Range<usize>], item: usize) -> (usize, Vec<Group>) {
    let runs = Runs::new(shape, region, item);
    let bytes = runs.bytes;
    let mut runs = runs.peekable();
    let mut groups = Vec::new();
    let mut group = Group::default();
    while next_group(&mut runs, bytes, &mut group) {
        groups.push(std::mem::take(&mut group));
    }
    (bytes as usize, groups)
}

/// Reads a box into `out`, which it fills in C order; `offset` is where the array's first element lies.
pub(crate) fn read_box(
    source: &(impl ReadAt + ?Sized),
    offset: u64,
    shape: &[usize],
    region: &[Range<usize>],
    item: usize,
    out: &mut [u8],
) -> Result<()> {
    let runs = Runs::new(shape, region, item);
    let bytes = runs.bytes as usize;
    let mut runs = runs.peekable();
    let mut scratch = Vec::new();
    let mut rest = out;
    let mut group = Group::default();
    while next_group(&mut runs, bytes as u64, &mut group) {
        let (target, after) = rest.split_at_mut(group.runs.len() * bytes);
        rest = after;
        if group.runs.len() == 1 {
            source.read_at(offset + group.range.start, target)?;
            continue;
        }
        scratch.resize((group.range.end - group.range.start) as usize, 0);
        source.read_at(offset + group.range.start, &mut scratch)?;
        for (run, target) in group.runs.iter().zip(target.chunks_exact_mut(bytes)) {
            let at = (run - group.range.start) as usize;
            target.copy_from_slice(&scratch[at..at + bytes]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    struct Counted(Vec<u8>, AtomicUsize);

    impl ReadAt for Counted {
        fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            into.copy_from_slice(&self.0[offset as usize..offset as usize + into.len()]);
            Ok(())
        }
    }

    #[test]
    fn neighbours_are_one_run() {
        let runs = |shape: &[usize], region: &[Range<usize>]| {
            let runs = Runs::new(shape, region, 8);
            (runs.bytes, runs.collect::<Vec<_>>())
        };
        assert_eq!(runs(&[], &[]), (8, vec![0]));
        assert_eq!(runs(&[4, 5], &[0..4, 0..5]), (160, vec![0]));
        assert_eq!(runs(&[4, 5], &[1..3, 0..5]), (80, vec![40]));
        assert_eq!(runs(&[4, 5], &[1..3, 2..4]), (16, vec![56, 96]));
        assert_eq!(runs(&[2, 3, 4], &[0..2, 1..3, 0..4]), (64, vec![32, 128]));
        assert_eq!(runs(&[2, 3, 4], &[0..2, 1..2, 3..4]), (8, vec![56, 152]));
        assert_eq!(runs(&[2, 3, 4], &[0..2, 1..1, 3..4]).1, Vec::<u64>::new());
    }

    #[test]
    fn near_runs_are_read_together() {
        let source = Counted(vec![7; 1 << 20], AtomicUsize::new(0));
        let mut out = vec![0; 1024 * 8];
        read_box(&source, 0, &[1024, 1024], &[0..1024, 5..13], 1, &mut out).unwrap();
        assert!(out.iter().all(|byte| *byte == 7));
        assert_eq!(source.1.load(Ordering::Relaxed), 1);
        read_box(&source, 0, &[4, 1 << 18], &[0..4, 5..13], 1, &mut out[..32]).unwrap();
        assert_eq!(source.1.load(Ordering::Relaxed), 5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_box_is_what_indexing_gives(
            axes in prop::collection::vec((1..6usize, 0..6usize, 0..6usize), 0..4),
            item in prop_oneof![Just(1usize), Just(4)],
        ) {
            let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
            let region: Vec<Range<usize>> = axes.iter()
                .map(|(n, a, b)| (*a.min(b)).min(*n)..(*a.max(b)).min(*n)).collect();
            let count: usize = shape.iter().product();
            let data: Vec<u8> = (0..count * item).map(|byte| byte as u8).collect();
            let wanted: Vec<u8> = (0..count)
                .filter(|flat| {
                    let mut rest = *flat;
                    shape.iter().zip(&region).rev().all(|(n, range)| {
                        let index = rest % n;
                        rest /= n;
                        range.contains(&index)
                    })
                })
                .flat_map(|flat| data[flat * item..(flat + 1) * item].to_vec())
                .collect();
            let mut out = vec![0; wanted.len()];
            let mut shifted = vec![0xee; 3];
            shifted.extend(&data);
            read_box(&Counted(shifted, AtomicUsize::new(0)), 3, &shape, &region, item, &mut out).unwrap();
            prop_assert_eq!(out, wanted);
        }
    }
}
