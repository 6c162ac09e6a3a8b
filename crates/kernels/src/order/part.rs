//! Parts of what is sorted: a long line that several tasks sort together, each the elements of its own ranks, and elements of a few ranks.
//!
//! A sample of the line bounds the keys of the wanted ranks. One pass counts the keys below the bounds and keeps those between
//! them; what is kept is sorted. The ranks are exact, because they are counted: where the sample misleads the pass is made again without
//! the bound that failed. No task waits for another, and what is copied is what is wanted and a few percent more, however often keys occur:
//! those that equal a bound are only counted.
//!
//! Source of the bounds: R. Floyd, R. Rivest, "Expected time bounds for selection", 1975.

use std::borrow::Cow;
use std::ops::Range;

use super::key::Sortable;
use super::key_order::{Key, sort_words};
use super::sort::{check_length, into_elements};
use crate::error::{KernelError, Result};
use crate::layout::copy::elements_borrowed;
use crate::layout::width::same_dtype;
use crate::memory::reserved;
use crate::ndarray::NdArray;
use crate::with_element;

/// Samples of a line at the most. Bounds are drawn three standard deviations (half the root) from the rank.
const SAMPLES: usize = 8192;
const DEVIATIONS: f64 = 1.5;
/// Keys that are made at a time, while they are in the nearest cache.
const BLOCK: usize = 512;
/// Keys equal to a bound that are simply kept, so that nothing has to be moved for them.
const FEW: usize = 16;

/// The elements of some ranks of a line in ascending order, NaN and NaT last: a part of what [`sort`](super::sort()) makes of the line. The
/// line may lie in several pieces, one-dimensional arrays of one dtype.
///
/// Takes memory for the part and an eighth of the line.
///
/// # Errors
/// No pieces, other dimensions, dtypes that differ; ranks beyond the line.
pub fn sort_part(pieces: &[NdArray], ranks: Range<usize>) -> Result<NdArray> {
    let dtype = checked(pieces, &ranks)?;
    with_element!(dtype, T => {
        let line = Line::<T>::of(pieces, dtype.is_time(), true)?;
        let keys = sorted_part(&line, ranks);
        let elements = match into_elements::<T>(keys, line.time) {
            Ok(elements) => elements,
            Err(keys) => keys.into_iter().map(|key| T::of_key(key, line.time)).collect(),
        };
        NdArray::from_vec(&[elements.len()], elements)?.reinterpret(dtype)
    })
}

/// The positions in a line of the elements that [`sort_part`] gives, equal ones in the order in which they stand. int64.
///
/// # Errors
/// As [`sort_part`]; lines of 2^32 elements or more.
pub fn argsort_part(pieces: &[NdArray], ranks: Range<usize>) -> Result<NdArray> {
    let dtype = checked(pieces, &ranks)?;
    check_length(pieces.iter().map(NdArray::len).sum())?;
    with_element!(dtype, T => {
        let line = Line::<T>::of(pieces, dtype.is_time(), false)?;
        let order = <T as Sortable>::Key::order_part(&line, ranks);
        let mut positions: Vec<i64> = reserved(order.len());
        positions.extend(order.into_iter().map(i64::from));
        NdArray::from_vec(&[positions.len()], positions)
    })
}

pub(super) fn checked(pieces: &[NdArray], ranks: &Range<usize>) -> Result<crate::dtype::DType> {
    let first = pieces.first().ok_or_else(|| KernelError::invalid("need at least one piece to sort"))?;
    same_dtype("sort", first.dtype(), pieces.iter().map(NdArray::dtype))?;
    let length: usize = pieces.iter().map(NdArray::len).sum();
    if pieces.iter().any(|piece| piece.ndim() != 1) || ranks.start > ranks.end || ranks.end > length {
        return Err(KernelError::invalid(format!("no ranks {ranks:?} in a line of {length} elements")));
    }
    Ok(first.dtype())
}

/// A line in pieces, seen as keys.
#[derive(Debug)]
pub struct Line<'a, T: Sortable> {
    pieces: Vec<Cow<'a, [T]>>,
    length: usize,
    time: bool,
    /// Whether keys tell minus zero from zero.
    exact: bool,
}

impl<'a, T: Sortable> Line<'a, T> {
    pub(super) fn of(pieces: &'a [NdArray], time: bool, exact: bool) -> Result<Self> {
        let pieces = pieces.iter().map(elements_borrowed::<T>).collect::<Result<Vec<_>>>()?;
        let length = pieces.iter().map(|piece| piece.len()).sum();
        Ok(Self { pieces, length, time, exact })
    }

    /// A line of one piece, with exact keys.
    pub(super) fn whole(elements: &'a [T], time: bool) -> Self {
        Self { pieces: vec![Cow::Borrowed(elements)], length: elements.len(), time, exact: true }
    }

    /// Number of elements.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    #[inline(always)]
    fn to_key(&self, element: T) -> T::Key {
        if self.exact { element.exact_key(self.time) } else { element.key(self.time) }
    }

    /// The key at a position.
    pub(super) fn key(&self, position: usize) -> T::Key {
        let mut local = position;
        for piece in &self.pieces {
            if let Some(element) = piece.get(local) {
                return self.to_key(*element);
            }
            local -= piece.len();
        }
        T::Key::default()
    }

    /// All keys, block by block, with the position of the first.
    pub(super) fn blocks(&self, mut visit: impl FnMut(usize, &[T::Key])) {
        let mut keys = [T::Key::default(); BLOCK];
        let mut start = 0;
        for piece in &self.pieces {
            for block in piece.chunks(BLOCK) {
                // One loop for each kind of key, so that it is compiled to vectors.
                match self.exact {
                    true => keys.iter_mut().zip(block).for_each(|(key, element)| *key = element.exact_key(self.time)),
                    false => keys.iter_mut().zip(block).for_each(|(key, element)| *key = element.key(self.time)),
                }
                visit(start, &keys[..block.len()]);
                start += block.len();
            }
        }
    }
}

/// How many keys lie below the lower bound, equal it, and equal the upper one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub(super) below: usize,
    pub(super) lowest: usize,
    pub(super) highest: usize,
}

/// Positions about evenly spread over a line, in no rhythm.
fn sample_positions(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let stride = length as f64 / count.max(1) as f64;
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    (0..count).map(move |number| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let part = (random >> 11) as f64 / (1_u64 << 53) as f64;
        (((number as f64 + part) * stride) as usize).min(length - 1)
    })
}

/// Keys, or words, of a line about evenly spread, sorted.
pub(super) fn sorted_sample<K: Key>(length: usize, key: impl Fn(usize) -> K) -> Vec<K> {
    let mut sample: Vec<K> = sample_positions(length, SAMPLES.min(length / 16)).map(key).collect();
    K::sort(&mut sample);
    sample
}

/// Bounds of the keys of some ranks among `length`, from a sorted sample: the smallest and the largest key where it does not tell.
pub(super) fn bounds<K: Key>(sample: &[K], ranks: &Range<usize>, length: usize) -> (K, K) {
    let count = sample.len() as f64;
    let place = |rank: usize| rank as f64 / length.max(1) as f64 * count;
    let margin = DEVIATIONS * count.sqrt() + 1.0;
    let low = place(ranks.start) - margin;
    let high = place(ranks.end) + margin;
    let low = if ranks.start == 0 || low < 0.0 { None } else { sample.get(low as usize) };
    let high = if ranks.end >= length { None } else { sample.get(high as usize) };
    (low.copied().unwrap_or_default(), high.copied().unwrap_or(K::default().flipped()))
}

/// The keys of some ranks, sorted.
pub(super) fn sorted_part<T: Sortable>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<T::Key> {
    let sample = sorted_sample(line.length, |position| line.key(position));
    let (mut low, mut high) = bounds(&sample, &ranks, line.length);
    loop {
        let mut kept: Vec<T::Key> = reserved(room(line.length, &ranks));
        let mut counts = Counts::default();
        line.blocks(|_, keys| T::Key::keep(keys, (low, high), &mut kept, &mut counts));
        let is_low = counts.below <= ranks.start;
        let reached = counts.below + counts.lowest + kept.len() + if low == high { 0 } else { counts.highest };
        let is_high = ranks.end <= reached;
        if is_low && is_high {
            return cut_out(kept, (low, high), counts, ranks);
        }
        low = if is_low { low } else { T::Key::default() };
        high = if is_high { high } else { T::Key::default().flipped() };
    }
}

/// What a pass keeps at the most, as a rule; more makes the vector grow.
fn room(length: usize, ranks: &Range<usize>) -> usize {
    (ranks.len() + length / 12 + 2 * BLOCK).min(length + BLOCK)
}

/// The keys of the ranks, from those strictly between the bounds and the numbers of those that equal them.
fn cut_out<K: Key>(mut kept: Vec<K>, (low, high): (K, K), counts: Counts, ranks: Range<usize>) -> Vec<K> {
    let highest = if low == high { 0 } else { counts.highest };
    let wanted = ranks.len();
    let mut start = ranks.start - counts.below;
    // Of the keys that equal the lower bound those that are wanted; few of them are sorted with the others.
    let lowest = counts.lowest.saturating_sub(start);
    start = start.saturating_sub(counts.lowest);
    if lowest > FEW {
        let mut all = reserved(wanted);
        all.resize(lowest.min(wanted), low);
        K::sort(&mut kept);
        all.extend(kept.into_iter().take(wanted - all.len()));
        all.resize(wanted, high);
        return all;
    }
    kept.extend(std::iter::repeat_n(low, lowest));
    K::sort(&mut kept);
    let missing = (start + wanted).saturating_sub(kept.len());
    debug_assert!(missing <= highest);
    kept.extend(std::iter::repeat_n(high, missing));
    if start > 0 {
        kept.copy_within(start..start + wanted, 0);
    }
    kept.truncate(wanted);
    kept
}

/// The positions of some ranks, for keys that share a word with their position.
pub(super) fn order_words<K, T>(line: &Line<'_, T>, ranks: Range<usize>) -> Vec<u32>
where
    K: Key<Wide = u64>,
    T: Sortable<Key = K>,
{
    let (mut smallest, mut largest) = (u64::MAX, 0);
    line.blocks(|_, keys| {
        (smallest, largest) =
            keys.iter().fold((smallest, largest), |(low, high), key| (low.min(key.wide()), high.max(key.wide())));
    });
    // Half of each key's bits, those that differ most; where they are equal the keys decide.
    let shift = (64 - largest.saturating_sub(smallest).leading_zeros()).saturating_sub(32);
    let word = |key: u64, position: usize| ((key - smallest) >> shift << 32) | position as u64;
    let sample = sorted_sample(line.length, |position| word(line.key(position).wide(), position));
    let (mut low, mut high) = bounds(&sample, &ranks, line.length);
    if shift > 0 {
        // Words of one short key go together.
        low &= !u64::from(u32::MAX);
        high |= u64::from(u32::MAX);
    }
    loop {
        let mut kept: Vec<u64> = reserved(room(line.length, &ranks));
        let mut counts = Counts::default();
        let mut words = [0; BLOCK];
        line.blocks(|start, keys| {
            words.iter_mut().zip(keys).enumerate().for_each(|(at, (place, key))| *place = word(key.wide(), start + at));
            u64::keep(&words[..keys.len()], (low, high), &mut kept, &mut counts);
        });
        // Words differ: at most one equals a bound.
        kept.extend(std::iter::repeat_n(low, counts.lowest));
        kept.extend(std::iter::repeat_n(high, if low == high { 0 } else { counts.highest }));
        let is_low = counts.below <= ranks.start;
        let is_high = ranks.end <= counts.below + kept.len();
        if is_low && is_high {
            sort_words(&mut kept, shift, |position| line.key(position as usize).wide());
            let own = ranks.start - counts.below..ranks.end - counts.below;
            let mut order = reserved(own.len());
            order.extend(kept[own].iter().map(|word| *word as u32));
            return order;
        }
        low = if is_low { low } else { 0 };
        high = if is_high { high } else { u64::MAX };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::order::{argsort, sort};
    use crate::random::{Distribution, Key as Seed};

    /// Lines that are hard to cut.
    fn lines() -> Vec<NdArray> {
        let count = 20_000;
        let random = Distribution::Random.array(Seed::new(3, 1), DType::F64, &[count]).unwrap();
        let values = random.to_vec::<f64>().unwrap();
        let of = |change: &dyn Fn(usize, f64) -> f64| {
            let values = values.iter().enumerate().map(|(at, value)| change(at, *value)).collect();
            NdArray::from_vec::<f64>(&[count], values).unwrap()
        };
        vec![
            random,
            of(&|_, _| 1.0),
            of(&|_, value| (value * 3.0).floor() - 1.0),
            of(&|_, value| if value < 0.02 { value } else { 0.5 }),
            of(&|_, value| if value < 0.6 { f64::NAN } else { -value }),
            of(&|_, _| f64::NAN),
            of(&|at, _| -(at as f64)),
            of(&|at, value| if at % 2 == 0 { 0.0 * value } else { -0.0 }),
            // The sample tells little: most of the range is empty.
            of(&|_, value| value.powi(40) * 1e300),
            // One bit at the end differs.
            of(&|_, value| 1.0 + f64::EPSILON * (value * 7.0).floor()),
        ]
    }

    fn text(array: &NdArray) -> Vec<String> {
        array.scalars().iter().map(|value| format!("{value:?}")).collect()
    }

    #[test]
    fn parts_are_those_of_the_whole() {
        for (number, line) in lines().iter().enumerate() {
            for dtype in [DType::F64, DType::F32, DType::F16, DType::I64, DType::I32, DType::U8, DType::I16, DType::C64]
            {
                let bounded = line.clone();
                let line = if dtype.is_float() || dtype == DType::C64 {
                    crate::fused::cast(&bounded, dtype).unwrap()
                } else {
                    // Without what integers cannot be.
                    let numbers = bounded.to_vec::<f64>().unwrap();
                    let numbers = numbers.iter().map(|v| (v.clamp(-100.0, 100.0) * 97.0) as i64).collect();
                    crate::fused::cast(&NdArray::from_vec(&[bounded.len()], numbers).unwrap(), dtype).unwrap()
                };
                let n = line.len();
                let (sorted, order) = (sort(&line, 0).unwrap(), argsort(&line, 0).unwrap());
                let cut = n / 3 + 17;
                let pieces = [
                    line.slice(&[(0..cut).into()]).unwrap(),
                    line.slice(&[(cut..cut).into()]).unwrap(),
                    line.slice(&[(cut..n).into()]).unwrap(),
                ];
                for ranks in [0..n / 2, n / 2..n, 0..0, 0..n, n / 4..n / 4 + 1, 3 * n / 7..5 * n / 7, n - 1..n] {
                    let expected = text(&sorted.slice(&[ranks.clone().into()]).unwrap());
                    let found = sort_part(&pieces, ranks.clone()).unwrap();
                    assert_eq!(found.dtype(), dtype);
                    assert!(text(&found) == expected, "line {number}, {dtype}, ranks {ranks:?}");
                    let expected = order.slice(&[ranks.clone().into()]).unwrap();
                    let found = argsort_part(&pieces, ranks.clone()).unwrap();
                    assert!(found == expected, "positions of line {number}, {dtype}, ranks {ranks:?}");
                }
            }
        }
    }

    #[test]
    fn dates_keep_their_missing_ones_at_the_end() {
        let days: DType = "datetime64[D]".parse().unwrap();
        let numbers = (0..5000_i64).map(|i| if i % 7 == 0 { i64::MIN } else { i * 7919 % 5000 - 2500 }).collect();
        let dates = NdArray::from_vec(&[5000], numbers).unwrap().reinterpret(days).unwrap();
        let sorted = sort(&dates, 0).unwrap();
        for ranks in [0..2500, 2500..5000] {
            let part = sort_part(std::slice::from_ref(&dates), ranks.clone()).unwrap();
            assert_eq!(part, sorted.slice(&[ranks.into()]).unwrap());
        }
    }

    #[test]
    fn errors() {
        let line = NdArray::zeros(DType::F64, &[4]).unwrap();
        let error = sort_part(std::slice::from_ref(&line), 2..5).unwrap_err();
        assert_eq!(error.to_string(), "no ranks 2..5 in a line of 4 elements");
        assert!(sort_part(&[], 0..0).is_err());
        assert!(argsort_part(&[NdArray::zeros(DType::F64, &[2, 2]).unwrap()], 0..1).is_err());
        assert!(sort_part(&[line, NdArray::zeros(DType::F32, &[1]).unwrap()], 0..1).is_err());
    }
}
