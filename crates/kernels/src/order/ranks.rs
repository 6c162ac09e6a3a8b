//! Elements of given rank in data that are read chunk by chunk, several times, and never held.
//!
//! Each pass counts, within the range of keys where an element must lie, how many elements fall into each of 65,536 parts;
//! the part that holds the rank is the range of the next pass. After one pass over float64 the range is 2^48 keys wide,
//! after four it is one key. When few elements are left in the ranges, they can be collected instead of counted again.
//!
//! The counts of chunks are added, so that chunks may be counted anywhere and in any order.

use super::key::Sortable;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::layout::copy::elements_in_order;
use crate::ndarray::NdArray;
use crate::scalar::Scalar;

const PART_BITS: u32 = 16;
const PARTS: usize = 1 << PART_BITS;

/// The keys in which an element must lie: those that begin with the upper bits of `prefix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    prefix: u64,
    /// Bits of the key that are not known yet.
    open_bits: u32,
    /// Elements before the range.
    before: u64,
    /// Elements in it.
    inside: u64,
}

/// The search for the elements of some ranks.
#[derive(Debug, Clone)]
pub struct RankSearch {
    dtype: DType,
    ranks: Vec<u64>,
    ranges: Vec<Range>,
}

/// What one chunk, or several added, hold in the ranges of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeCounts(Vec<Vec<u64>>);

impl RangeCounts {
    /// Adds the counts of other chunks of the same pass.
    ///
    /// # Errors
    /// Counts of another search or pass.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        if self.0.len() != other.0.len() {
            return Err(KernelError::invalid("counts of different searches cannot be added"));
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
        Ok(())
    }
}

impl RankSearch {
    /// A search for the elements that have `ranks` (from zero) among `count` elements of `dtype`.
    ///
    /// # Errors
    /// Complex numbers; a rank beyond the count.
    pub fn new(dtype: DType, count: u64, ranks: &[u64]) -> Result<Self> {
        if dtype.is_complex() {
            let accepts = "ranks over chunks take real numbers and dates";
            return Err(KernelError::Unsupported { function: "quantile", dtypes: vec![dtype], accepts });
        }
        if let Some(rank) = ranks.iter().find(|rank| **rank >= count) {
            return Err(KernelError::invalid(format!("rank {rank} is beyond the {count} elements there are")));
        }
        let open_bits = dtype.item_size() as u32 * 8;
        let whole = Range { prefix: 0, open_bits, before: 0, inside: count };
        Ok(Self { dtype, ranks: ranks.to_vec(), ranges: vec![whole; ranks.len()] })
    }

    /// Whether all elements are known.
    pub fn is_done(&self) -> bool {
        self.ranges.iter().all(|range| range.open_bits == 0)
    }

    /// Elements that [`RankSearch::collect`] would give over all chunks.
    pub fn remaining(&self) -> u64 {
        self.distinct().iter().filter(|range| range.open_bits > 0).map(|range| range.inside).sum()
    }

    /// Counts one chunk: one pass is this over all chunks.
    ///
    /// # Errors
    /// Another dtype.
    pub fn count(&self, chunk: &NdArray) -> Result<RangeCounts> {
        let distinct = self.distinct();
        let mut counts: Vec<Vec<u64>> =
            distinct.iter().map(|range| vec![0; if range.open_bits == 0 { 0 } else { PARTS }]).collect();
        let mut add = |key: u64| {
            for (range, counts) in distinct.iter().zip(&mut counts) {
                if range.open_bits > 0 && range.holds(key) {
                    counts[range.part(key)] += 1;
                }
            }
        };
        self.for_each_key(chunk, &mut add)?;
        Ok(RangeCounts(counts))
    }

    /// Narrows each range to the part that holds its rank.
    ///
    /// # Errors
    /// Counts of another search or pass, or not of all chunks.
    pub fn narrow(&mut self, counts: &RangeCounts) -> Result<()> {
        let distinct = self.distinct();
        let wrong = || KernelError::invalid("the counts of a pass do not belong to this search, or lack chunks");
        if counts.0.len() != distinct.len() {
            return Err(wrong());
        }
        for (range, rank) in self.ranges.iter_mut().zip(&self.ranks) {
            let number = distinct.iter().position(|other| other == range).ok_or_else(wrong)?;
            if range.open_bits == 0 {
                continue;
            }
            let shift = range.open_bits.saturating_sub(PART_BITS);
            let mut before = range.before;
            let mut found = None;
            for (part, inside) in counts.0[number].iter().enumerate() {
                if before + inside > *rank {
                    found = Some((part as u64, *inside));
                    break;
                }
                before += inside;
            }
            let (part, inside) = found.ok_or_else(wrong)?;
            *range = Range { prefix: range.prefix | part << shift, open_bits: shift, before, inside };
        }
        Ok(())
    }

    /// The keys of a chunk's elements that lie in the ranges, one list a range: an end to the search where few are left.
    ///
    /// # Errors
    /// Another dtype.
    pub fn collect(&self, chunk: &NdArray) -> Result<Vec<Vec<u64>>> {
        let distinct = self.distinct();
        let mut keys = vec![Vec::new(); distinct.len()];
        self.for_each_key(chunk, &mut |key| {
            for (range, keys) in distinct.iter().zip(&mut keys) {
                if range.open_bits > 0 && range.holds(key) {
                    keys.push(key);
                }
            }
        })?;
        Ok(keys)
    }

    /// Ends the search with what all chunks' [`RankSearch::collect`] gave, put together range by range.
    ///
    /// # Errors
    /// Keys of another search or pass, or not of all chunks.
    pub fn finish(&mut self, mut keys: Vec<Vec<u64>>) -> Result<()> {
        let distinct = self.distinct();
        let wrong = || KernelError::invalid("the elements collected do not belong to this search, or lack chunks");
        if keys.len() != distinct.len() {
            return Err(wrong());
        }
        keys.iter_mut().for_each(|keys| keys.sort_unstable());
        for (range, rank) in self.ranges.iter_mut().zip(&self.ranks) {
            let number = distinct.iter().position(|other| other == range).ok_or_else(wrong)?;
            if range.open_bits > 0 {
                let key = *keys[number].get((rank - range.before) as usize).ok_or_else(wrong)?;
                *range = Range { prefix: key, open_bits: 0, before: *rank, inside: 1 };
            }
        }
        Ok(())
    }

    /// The elements, in the order of the ranks.
    ///
    /// # Errors
    /// The search is not done.
    pub fn elements(&self) -> Result<Vec<Scalar>> {
        if !self.is_done() {
            return Err(KernelError::invalid("the search for ranks needs more passes"));
        }
        let time = self.dtype.is_time();
        macro_rules! element {
            ($type:ty, $key:expr) => {
                Scalar::of(<$type>::of_key($key as <$type as Sortable>::Key, time), self.dtype)
            };
        }
        Ok(self
            .ranges
            .iter()
            .map(|range| match self.dtype {
                DType::Bool => Scalar::Bool(range.prefix != 0),
                DType::I8 => element!(i8, range.prefix),
                DType::I16 => element!(i16, range.prefix),
                DType::I32 => element!(i32, range.prefix),
                DType::U8 => element!(u8, range.prefix),
                DType::U16 => element!(u16, range.prefix),
                DType::U32 => element!(u32, range.prefix),
                DType::U64 => element!(u64, range.prefix),
                DType::F16 => element!(half::f16, range.prefix),
                DType::F32 => element!(f32, range.prefix),
                DType::F64 => element!(f64, range.prefix),
                _ => element!(i64, range.prefix),
            })
            .collect())
    }

    /// The ranges, each once.
    fn distinct(&self) -> Vec<Range> {
        let mut distinct: Vec<Range> = Vec::with_capacity(self.ranges.len());
        for range in &self.ranges {
            if !distinct.contains(range) {
                distinct.push(*range);
            }
        }
        distinct
    }

    fn for_each_key(&self, chunk: &NdArray, each: &mut impl FnMut(u64)) -> Result<()> {
        if chunk.dtype() != self.dtype {
            let accepts = "chunks of one dtype";
            return Err(KernelError::Unsupported {
                function: "quantile",
                dtypes: vec![self.dtype, chunk.dtype()],
                accepts,
            });
        }
        let time = self.dtype.is_time();
        macro_rules! keys {
            ($type:ty) => {
                keys::<$type>(chunk, time, each)
            };
        }
        match self.dtype {
            DType::Bool => keys!(bool),
            DType::I8 => keys!(i8),
            DType::I16 => keys!(i16),
            DType::I32 => keys!(i32),
            DType::U8 => keys!(u8),
            DType::U16 => keys!(u16),
            DType::U32 => keys!(u32),
            DType::U64 => keys!(u64),
            DType::F16 => keys!(half::f16),
            DType::F32 => keys!(f32),
            DType::F64 => keys!(f64),
            _ => keys!(i64),
        }
    }
}

fn keys<T: Sortable<Key: Into<u64>> + Element>(chunk: &NdArray, time: bool, each: &mut impl FnMut(u64)) -> Result<()> {
    match chunk.as_slice::<T>() {
        Some(slice) => slice.iter().for_each(|value| each(value.exact_key(time).into())),
        None => elements_in_order::<T>(chunk)?.iter().for_each(|value| each(value.exact_key(time).into())),
    }
    Ok(())
}

impl Range {
    #[inline(always)]
    fn holds(&self, key: u64) -> bool {
        self.open_bits >= 64 || (key ^ self.prefix) >> self.open_bits == 0
    }

    #[inline(always)]
    fn part(&self, key: u64) -> usize {
        let shift = self.open_bits.saturating_sub(PART_BITS);
        (key >> shift) as usize & (PARTS - 1).min((1_usize << self.open_bits.min(PART_BITS)) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sort::sort;
    use super::*;
    use crate::layout::arrange::concatenate;
    use crate::random::{Distribution, Key};

    fn search(chunks: &[NdArray], ranks: &[u64], collect_below: u64) -> (Vec<Scalar>, usize) {
        let count = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let mut search = RankSearch::new(chunks[0].dtype(), count, ranks).unwrap();
        let mut passes = 0;
        while !search.is_done() {
            passes += 1;
            if search.remaining() <= collect_below {
                let mut all: Vec<Vec<u64>> = Vec::new();
                for chunk in chunks {
                    let keys = search.collect(chunk).unwrap();
                    all.resize(keys.len(), Vec::new());
                    all.iter_mut().zip(keys).for_each(|(all, keys)| all.extend(keys));
                }
                search.finish(all).unwrap();
                continue;
            }
            let mut counts = search.count(&chunks[0]).unwrap();
            for chunk in &chunks[1..] {
                counts.add(&search.count(chunk).unwrap()).unwrap();
            }
            search.narrow(&counts).unwrap();
        }
        (search.elements().unwrap(), passes)
    }

    #[test]
    fn ranks_are_those_of_the_sorted_whole() {
        let normal = |n, stream| Distribution::STANDARD_NORMAL.array(Key::new(1, stream), DType::F64, &[n]).unwrap();
        let special = NdArray::from_vec(&[4], vec![f64::NAN, 0.0, f64::INFINITY, f64::NEG_INFINITY]).unwrap();
        let chunks = [normal(1000, 0), normal(2500, 1), special, normal(1, 2)];
        let sorted = sort(&concatenate(&chunks, 0).unwrap(), 0).unwrap();
        let ranks = [0, 1, 1752, 1752, 1753, 3503, 3504];
        for (collect_below, passes) in [(0, 4), (100, 2), (1 << 20, 1)] {
            let (found, used) = search(&chunks, &ranks, collect_below);
            assert_eq!(used, passes);
            for (rank, found) in ranks.iter().zip(found) {
                let expected = sorted.get(&[*rank as usize]).unwrap();
                assert!(found == expected || (found.is_nan() && expected.is_nan()), "{rank}: {found:?}");
            }
        }
    }

    #[test]
    fn other_dtypes() {
        for dtype in [DType::I8, DType::U16, DType::I32, DType::I64, DType::U64] {
            let array = Distribution::Integers { low: 0, high: 100 }.array(Key::new(1, 9), dtype, &[500]).unwrap();
            let sorted = sort(&array, 0).unwrap();
            let (found, _) = search(&[array], &[250, 499], 0);
            assert_eq!(found, [sorted.get(&[250]).unwrap(), sorted.get(&[499]).unwrap()]);
        }
        let flags = NdArray::from_vec(&[3], vec![true, false, true]).unwrap();
        assert_eq!(search(&[flags], &[0, 1], 0).0, [Scalar::Bool(false), Scalar::Bool(true)]);
        let days = NdArray::from_vec(&[3], vec![i64::MIN, 7, 3])
            .unwrap()
            .reinterpret("datetime64[D]".parse().unwrap())
            .unwrap();
        let (found, _) = search(&[days], &[0, 2], 0);
        assert_eq!(found[0], Scalar::Datetime64(3, crate::TimeUnit::Day));
        assert!(found[1].is_nan());
    }

    #[test]
    fn misuse_is_refused() {
        assert!(RankSearch::new(DType::C64, 5, &[0]).is_err());
        assert!(RankSearch::new(DType::F64, 5, &[5]).is_err());
        let mut search = RankSearch::new(DType::F64, 5, &[4]).unwrap();
        assert!(search.elements().is_err());
        let chunk = NdArray::zeros(DType::F64, &[3]).unwrap();
        let counts = search.count(&chunk).unwrap();
        assert!(search.narrow(&counts).is_err(), "two elements were not counted");
        assert!(search.count(&NdArray::zeros(DType::F32, &[3]).unwrap()).is_err());
    }
}
