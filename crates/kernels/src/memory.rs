//! The memory of large results: in huge pages where the system has them.
//!
//! Fresh memory costs a fault for each page that is touched first, of 4 KiB as a rule: for a result that is written once this may take
//! longer than its computation. In huge pages of 2 MiB it is a tenth of that. Linux gives them to whoever asks (`madvise`); elsewhere
//! the advice is left out.

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
pub(crate) fn filled<T: Clone>(value: T, count: usize) -> Vec<T> {
    let mut elements = reserved(count);
    elements.resize(count, value);
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

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
