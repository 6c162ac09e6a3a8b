//! How one axis is cut into chunks.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The lengths of the chunks along one axis. Regular ones (all alike but for a shorter last) take no memory per chunk.
///
/// There is always at least one chunk; an axis of length zero has one empty one. After a boolean mask the lengths are not known
/// before the run: then those given are upper bounds ([`AxisChunks::is_known`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AxisChunks {
    lengths: Lengths,
    known: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Lengths {
    /// Chunks of `chunk` (at least one) elements, the last perhaps shorter. `chunk` is at most `max(length, 1)`.
    Regular { length: usize, chunk: usize },
    /// Where the chunks start, and the end of the last. Never what `Regular` could say.
    Bounds(Arc<[usize]>),
}

/// A chunk that a range of positions meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxisPiece {
    /// The chunk's number.
    pub block: usize,
    /// The part of the chunk, counted from its start.
    pub within: Range<usize>,
    /// The same part, counted from the start of the range.
    pub at: Range<usize>,
}

impl AxisChunks {
    /// Chunks of `chunk` elements (one if zero is given); the last may be shorter.
    pub fn regular(length: usize, chunk: usize) -> Self {
        Self { lengths: Lengths::Regular { length, chunk: chunk.clamp(1, length.max(1)) }, known: true }
    }

    /// One chunk.
    pub fn whole(length: usize) -> Self {
        Self::regular(length, length)
    }

    /// `count` chunks (at least one, at most `length`) as even as can be.
    pub fn even(length: usize, count: usize) -> Self {
        Self::regular(length, length.div_ceil(count.max(1)))
    }

    /// Chunks of these lengths; none at all means one empty chunk.
    pub fn from_lengths(lengths: &[usize]) -> Self {
        let total: usize = lengths.iter().sum();
        let Some((last, rest)) = lengths.split_last() else { return Self::whole(0) };
        let chunk = lengths[0];
        let regular = rest.iter().all(|length| *length == chunk) && *last <= chunk && (*last > 0 || rest.is_empty());
        if regular {
            return Self::regular(total, chunk);
        }
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        Self { lengths: Lengths::Bounds(std::iter::once(0).chain(ends).collect()), known: true }
    }

    /// The same chunks, whose lengths are now bounds of what will be known after running. A bound of zero is the length.
    #[must_use]
    pub fn unknown(&self) -> Self {
        Self { lengths: self.lengths.clone(), known: self.length() == 0 }
    }

    /// Whether the lengths are exact and not upper bounds.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Elements along the axis; an upper bound where not known.
    pub fn length(&self) -> usize {
        match &self.lengths {
            Lengths::Regular { length, .. } => *length,
            Lengths::Bounds(bounds) => bounds.last().copied().unwrap_or(0),
        }
    }

    /// Number of chunks, at least one.
    pub fn count(&self) -> usize {
        match &self.lengths {
            Lengths::Regular { length, chunk } => length.div_ceil(*chunk).max(1),
            Lengths::Bounds(bounds) => bounds.len() - 1,
        }
    }

    /// Whether there is one chunk only.
    pub fn is_single(&self) -> bool {
        self.count() == 1
    }

    /// The positions of a chunk; empty beyond the last one.
    pub fn range(&self, block: usize) -> Range<usize> {
        match &self.lengths {
            Lengths::Regular { length, chunk } => {
                let start = block.saturating_mul(*chunk).min(*length);
                start..start.saturating_add(*chunk).min(*length)
            }
            Lengths::Bounds(bounds) => match (bounds.get(block), bounds.get(block + 1)) {
                (Some(start), Some(end)) => *start..*end,
                _ => self.length()..self.length(),
            },
        }
    }

    /// Elements of a chunk.
    pub fn size(&self, block: usize) -> usize {
        self.range(block).len()
    }

    /// All chunks' lengths.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.count()).map(|block| self.size(block))
    }

    /// Elements of the longest chunk.
    pub fn longest(&self) -> usize {
        match &self.lengths {
            Lengths::Regular { length, chunk } => (*chunk).min(*length),
            Lengths::Bounds(_) => self.lengths().max().unwrap_or(0),
        }
    }

    /// The length of all chunks but the last, if they are alike.
    pub fn regular_length(&self) -> Option<usize> {
        match &self.lengths {
            Lengths::Regular { chunk, .. } => Some(*chunk),
            Lengths::Bounds(_) => None,
        }
    }

    /// The chunk that holds a position; the last one for a position beyond the end.
    pub fn locate(&self, position: usize) -> usize {
        match &self.lengths {
            Lengths::Regular { chunk, .. } => (position / chunk).min(self.count() - 1),
            Lengths::Bounds(bounds) => {
                (bounds.partition_point(|start| *start <= position).max(1) - 1).min(self.count() - 1)
            }
        }
    }

    /// The empty chunk at a position, if there is one.
    fn empty_at(&self, position: usize) -> Option<usize> {
        let Lengths::Bounds(bounds) = &self.lengths else { return None };
        let first = bounds.partition_point(|start| *start < position);
        (bounds.get(first) == Some(&position) && bounds.get(first + 1) == Some(&position)).then_some(first)
    }

    /// The chunks that a range of positions meets, in order; one empty piece for an empty range, so that the product over several
    /// axes is never without a block to take the dtype from. It is of an empty chunk where one lies there: blocks whose lengths are known
    /// only after running are read whole.
    pub fn overlapping(&self, range: Range<usize>) -> impl Iterator<Item = AxisPiece> + '_ {
        let empty = if range.is_empty() { self.empty_at(range.start) } else { None };
        let first = empty.unwrap_or_else(|| self.locate(range.start));
        let last = if range.is_empty() { first } else { self.locate(range.end - 1) };
        let (start, end) = (range.start, range.end.max(range.start));
        (first..=last).filter_map(move |block| {
            let chunk = self.range(block);
            let (low, high) = (chunk.start.max(start), chunk.end.min(end));
            if low >= high {
                // Empty chunks in the middle of a range hold nothing.
                return (first == last).then_some(AxisPiece { block, within: 0..0, at: 0..0 });
            }
            Some(AxisPiece { block, within: low - chunk.start..high - chunk.start, at: low - start..high - start })
        })
    }

    /// The positions at which a chunk starts, without the first.
    fn cuts(&self) -> impl Iterator<Item = usize> + '_ {
        (1..self.count()).map(|block| self.range(block).start)
    }

    /// The coarsest chunks that lie within those of both; lengths must agree.
    pub fn refined_with(&self, other: &Self) -> Self {
        if self == other || other.is_single() {
            return self.clone();
        }
        if self.is_single() {
            return other.clone();
        }
        let mut cuts: Vec<usize> = self.cuts().chain(other.cuts()).collect();
        cuts.sort_unstable();
        cuts.dedup();
        Self::from_cuts(self.length(), &cuts)
    }

    fn from_cuts(length: usize, cuts: &[usize]) -> Self {
        let mut lengths = Vec::with_capacity(cuts.len() + 1);
        let mut start = 0;
        for end in cuts.iter().copied().chain([length]) {
            lengths.push(end - start);
            start = end;
        }
        Self::from_lengths(&lengths)
    }

    /// Whether each chunk of this one lies within one chunk of `other`.
    pub fn refines(&self, other: &Self) -> bool {
        if self == other || other.is_single() {
            return true;
        }
        if let (Lengths::Regular { chunk: fine, .. }, Lengths::Regular { chunk: coarse, .. }) =
            (&self.lengths, &other.lengths)
        {
            return coarse.is_multiple_of(*fine);
        }
        other.cuts().all(|cut| cut == self.length() || self.range(self.locate(cut)).start == cut)
    }

    /// Each chunk longer than `longest` cut evenly into shorter ones.
    pub fn split_to(&self, longest: usize) -> Self {
        let longest = longest.max(1);
        if self.longest() <= longest {
            return self.clone();
        }
        let mut lengths = Vec::new();
        for length in self.lengths() {
            let parts = length.div_ceil(longest).max(1);
            let each = length.div_ceil(parts).max(1);
            let mut left = length;
            for _ in 0..parts {
                lengths.push(each.min(left));
                left -= each.min(left);
            }
        }
        Self::from_lengths(&lengths)
    }

    /// What a Python slice of the axis leaves of each chunk, in the slice's order, without what becomes empty.
    pub fn sliced(&self, start: usize, step: isize, count: usize) -> Self {
        let stride = step.unsigned_abs().max(1);
        if count == 0 {
            return Self { known: self.known, ..Self::whole(0) };
        }
        if let (Lengths::Regular { length, chunk }, 1, 0) = (&self.lengths, step, start)
            && count <= *length
        {
            return Self { known: self.known, ..Self::regular(count, *chunk) };
        }
        let mut lengths = Vec::new();
        let mut taken = 0;
        while taken < count {
            let position = if step > 0 { start + taken * stride } else { start.saturating_sub(taken * stride) };
            let chunk = self.range(self.locate(position));
            let room = if step > 0 { chunk.end.saturating_sub(position) } else { position + 1 - chunk.start };
            let here = room.div_ceil(stride).clamp(1, count - taken);
            lengths.push(here);
            taken += here;
        }
        Self { known: self.known, ..Self::from_lengths(&lengths) }
    }

    /// The same chunks without empty ones, but for that of an axis of length zero.
    #[must_use]
    pub fn without_empty(&self) -> Self {
        match &self.lengths {
            Lengths::Regular { .. } => self.clone(),
            Lengths::Bounds(_) => {
                let lengths: Vec<usize> = self.lengths().filter(|length| *length > 0).collect();
                Self { known: self.known, ..Self::from_lengths(&lengths) }
            }
        }
    }

    /// The chunks of this axis followed by those of another; empty ones go.
    pub fn followed_by(&self, other: &Self) -> Self {
        let lengths: Vec<usize> = self.lengths().chain(other.lengths()).filter(|length| *length > 0).collect();
        Self { known: self.known && other.known, ..Self::from_lengths(&lengths) }
    }
}

impl fmt::Display for AxisChunks {
    /// `10` for one chunk, `4x25` for 25 chunks of at most 4, `3+5+2` for uneven ones, with `?` where they are bounds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lengths {
            _ if self.is_single() => write!(f, "{}", self.length())?,
            Lengths::Regular { chunk, .. } => write!(f, "{chunk}x{}", self.count())?,
            Lengths::Bounds(_) if self.count() > 4 => write!(f, "~{}x{}", self.longest(), self.count())?,
            Lengths::Bounds(_) => {
                f.write_str(&self.lengths().map(|length| length.to_string()).collect::<Vec<_>>().join("+"))?;
            }
        }
        if self.known { Ok(()) } else { f.write_str("?") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(chunks: &AxisChunks) -> Vec<usize> {
        chunks.lengths().collect()
    }

    #[test]
    fn regular_chunks_are_compact_and_canonical() {
        let axis = AxisChunks::regular(10, 4);
        assert_eq!(lengths(&axis), [4, 4, 2]);
        assert_eq!(axis, AxisChunks::from_lengths(&[4, 4, 2]));
        assert_eq!(axis.regular_length(), Some(4));
        assert_eq!((axis.range(2), axis.range(9)), (8..10, 10..10));
        assert_eq!(AxisChunks::regular(3, 100), AxisChunks::whole(3));
        assert_eq!(lengths(&AxisChunks::whole(0)), [0]);
        assert_eq!(AxisChunks::from_lengths(&[]), AxisChunks::whole(0));
        assert_eq!(lengths(&AxisChunks::even(10, 3)), [4, 4, 2]);
        assert_ne!(axis, axis.unknown());
        assert!(AxisChunks::from_lengths(&[0, 0]).unknown().is_known(), "what has no room is empty");
        let uneven = AxisChunks::from_lengths(&[4, 0, 5]);
        assert_eq!((lengths(&uneven), uneven.longest(), uneven.regular_length()), (vec![4, 0, 5], 5, None));
        assert_eq!(lengths(&AxisChunks::from_lengths(&[4, 4, 0])), [4, 4, 0]);
        assert_eq!(lengths(&AxisChunks::from_lengths(&[0, 4, 0, 4, 1, 0]).without_empty()), [4, 4, 1]);
        assert_eq!(lengths(&AxisChunks::from_lengths(&[0, 0]).without_empty()), [0]);
    }

    #[test]
    fn positions_find_their_chunk() {
        for axis in [AxisChunks::regular(10, 4), AxisChunks::from_lengths(&[1, 0, 6, 3]), AxisChunks::whole(10)] {
            for position in 0..10 {
                assert!(axis.range(axis.locate(position)).contains(&position), "{axis} {position}");
            }
            let pieces: Vec<AxisPiece> = axis.overlapping(2..9).collect();
            assert_eq!(pieces.iter().map(|piece| piece.within.len()).sum::<usize>(), 7);
            assert_eq!((pieces[0].at.start, pieces[pieces.len() - 1].at.end), (0, 7));
        }
        let empty: Vec<AxisPiece> = AxisChunks::regular(10, 4).overlapping(3..3).collect();
        assert_eq!(empty, [AxisPiece { block: 0, within: 0..0, at: 0..0 }]);
        assert_eq!(AxisChunks::whole(0).overlapping(0..0).count(), 1);
    }

    #[test]
    fn an_empty_range_finds_the_empty_chunk_there() {
        let block =
            |axis: &AxisChunks, at: usize| axis.overlapping(at..at).map(|piece| piece.block).collect::<Vec<_>>();
        let axis = AxisChunks::from_lengths(&[0, 3, 0, 2, 0]);
        assert_eq!((block(&axis, 0), block(&axis, 3), block(&axis, 5)), (vec![0], vec![2], vec![4]));
        assert_eq!((block(&axis, 2), block(&axis, 4)), (vec![1], vec![3]));
        for number in 0..axis.count() {
            let piece = axis.overlapping(axis.range(number)).next().unwrap();
            assert_eq!((axis.size(piece.block), piece.block), (axis.size(number), number));
        }
    }

    #[test]
    fn chunks_refine() {
        let (four, six) = (AxisChunks::regular(12, 4), AxisChunks::regular(12, 6));
        let both = four.refined_with(&six);
        assert_eq!(lengths(&both), [4, 2, 2, 4]);
        assert!(both.refines(&four) && both.refines(&six) && !four.refines(&six));
        assert!(AxisChunks::regular(12, 2).refines(&six) && four.refines(&AxisChunks::whole(12)));
        assert_eq!(lengths(&six.split_to(4)), [3, 3, 3, 3]);
        assert_eq!(lengths(&AxisChunks::from_lengths(&[2, 7]).split_to(3)), [2, 3, 3, 1]);
    }

    #[test]
    fn slices_keep_the_borders() {
        let axis = AxisChunks::regular(10, 4);
        assert_eq!(lengths(&axis.sliced(3, 1, 6)), [1, 4, 1]);
        assert_eq!(lengths(&axis.sliced(9, -1, 10)), [2, 4, 4]);
        assert_eq!(lengths(&axis.sliced(0, 3, 4)), [2, 1, 1]);
        assert_eq!(lengths(&axis.sliced(9, -6, 2)), [1, 1]);
        assert_eq!(lengths(&axis.sliced(5, 1, 0)), [0]);
        assert_eq!(axis.sliced(0, 1, 7), AxisChunks::regular(7, 4));
        assert_eq!(lengths(&axis.followed_by(&AxisChunks::whole(3))), [4, 4, 2, 3]);
    }

    #[test]
    fn chunks_have_a_short_form() {
        assert_eq!(AxisChunks::regular(100, 4).to_string(), "4x25");
        assert_eq!(AxisChunks::from_lengths(&[3, 5, 2]).to_string(), "3+5+2");
        assert_eq!(AxisChunks::whole(7).unknown().to_string(), "7?");
        assert_eq!(AxisChunks::from_lengths(&[1, 2, 3, 4, 5]).to_string(), "~5x5");
    }
}
