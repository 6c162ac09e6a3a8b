//! The memory of large results: in huge pages where the system has them.
//!
//! Fresh memory costs a fault for each page that is touched first, of 4 KiB as a rule: for a result that is written once this may take
//! longer than its computation. In huge pages of 2 MiB it is a tenth of that. Linux gives them to whoever asks (`madvise`); elsewhere
//! the advice is left out.
//!
//! Even so the system clears every page before it hands it out, which takes longer than writing it. So pages of arrays that were dropped
//! are kept for the next array of about their size, as much as an engine allows ([`keep`]). The system may take them back whenever it
//! needs memory (`MADV_FREE`): until then they count as the process's, after that they are fresh again.

use std::sync::Arc;

use arrow_buffer::Buffer;

#[cfg(target_os = "linux")]
mod mapped;

#[cfg(target_os = "linux")]
use mapped::Mapped;

/// Allocations of fewer bytes are left as they are.
const LARGE: usize = 4 << 20;

/// Asks for huge pages for fresh memory that nothing has touched.
pub(crate) fn advise(memory: *mut u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        const PAGE: usize = 4096;
        let start = memory as usize;
        let first = start.next_multiple_of(PAGE);
        let length = (start + bytes).saturating_sub(first) / PAGE * PAGE;
        // SAFETY: the pages lie within an allocation; the advice changes none of their contents. Where it is refused all stays as is.
        unsafe { libc::madvise(memory.wrapping_add(first - start).cast(), length, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, bytes, LARGE);
}

/// An empty vector with room for `count` elements.
pub(crate) fn reserved<T>(count: usize) -> Vec<T> {
    let mut elements = Vec::<T>::with_capacity(count);
    advise(elements.as_mut_ptr().cast(), count * size_of::<T>());
    elements
}

/// As many elements of one value, which are written: fresh memory of zeros that is first read and then written takes two faults for each
/// page, and a word to every processor for the second.
pub fn filled<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut elements = reserved(count);
    elements.resize(count, value);
    elements
}

/// Memory for an array that is yet to be written: what it holds at first is of no meaning.
///
/// Large ones are mapped by themselves, from the start of a huge page on, so that all of their pages are; the allocator would take them
/// from what it has, in small pages, or clear them once more.
#[derive(Debug)]
pub struct Room(Kind);

#[derive(Debug)]
enum Kind {
    Words(Vec<u128>),
    Mapped(Mapped),
}

impl Room {
    /// Room for so many bytes, aligned for every dtype.
    pub fn new(bytes: usize) -> Self {
        match Mapped::new(bytes) {
            Some(mapped) => Self(Kind::Mapped(mapped)),
            None => Self(Kind::Words(Vec::with_capacity(bytes.div_ceil(size_of::<u128>())))),
        }
    }

    /// Its start.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        match &mut self.0 {
            Kind::Words(words) => words.as_mut_ptr().cast(),
            Kind::Mapped(mapped) => mapped.start().as_ptr(),
        }
    }

    /// The bytes as a buffer.
    ///
    /// # Safety
    /// The first `bytes` have been written, and there was asked for as many.
    pub unsafe fn into_buffer(self, bytes: usize) -> Buffer {
        match self.0 {
            Kind::Words(mut words) => {
                let count = bytes.div_ceil(size_of::<u128>());
                if let Some(rest) = (count * size_of::<u128>()).checked_sub(bytes).filter(|rest| *rest > 0) {
                    // SAFETY: the last word has room behind the bytes that were written.
                    unsafe { words.as_mut_ptr().cast::<u8>().add(bytes).write_bytes(0, rest) };
                }
                // SAFETY: the vector has room for these words, which are written.
                unsafe { words.set_len(count) };
                Buffer::from_vec(words).slice_with_length(0, bytes)
            }
            // SAFETY: the bytes lie in the mapping, which the buffer then owns.
            Kind::Mapped(mapped) => unsafe { Buffer::from_custom_allocation(mapped.start(), bytes, Arc::new(mapped)) },
        }
    }
}

/// Elsewhere all memory is the allocator's.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
enum Mapped {}

#[cfg(not(target_os = "linux"))]
impl Mapped {
    fn new(_: usize) -> Option<Self> {
        None
    }

    fn start(&self) -> std::ptr::NonNull<u8> {
        match *self {}
    }
}

/// Lets freed arrays keep as many bytes for later ones, all together; what is kept beyond that goes back at once. Nothing is kept before
/// somebody allows it.
pub fn keep(bytes: usize) {
    #[cfg(target_os = "linux")]
    mapped::keep(bytes);
    #[cfg(not(target_os = "linux"))]
    let _ = bytes;
}

/// How many bytes may be kept now.
pub fn may_keep() -> usize {
    #[cfg(target_os = "linux")]
    return mapped::may_keep();
    #[cfg(not(target_os = "linux"))]
    0
}

/// Gives all memory back that is kept for later arrays.
pub fn hand_back() {
    #[cfg(target_os = "linux")]
    mapped::hand_back();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_becomes_a_buffer() {
        for bytes in [0, 1, 16, 17, 4096, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 12_345] {
            let mut room = Room::new(bytes);
            let start = room.as_mut_ptr();
            assert_eq!(start as usize % 16, 0);
            // SAFETY: there is room for so many bytes.
            let buffer = unsafe {
                start.write_bytes(7, bytes);
                room.into_buffer(bytes)
            };
            assert!(buffer.len() == bytes && buffer.iter().all(|byte| *byte == 7), "{bytes}");
        }
    }

    #[test]
    fn advised_memory_is_memory() {
        for count in [0, 1, LARGE / 8 - 1, LARGE / 8, LARGE + 12_345] {
            let mut elements = reserved::<u64>(count);
            assert!(elements.is_empty() && elements.capacity() >= count);
            elements.extend(0..count as u64);
            assert_eq!(elements.last().copied(), (count as u64).checked_sub(1));
        }
    }
}
