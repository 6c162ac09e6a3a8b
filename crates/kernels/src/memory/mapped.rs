//! Pages that are mapped for one array, and kept for a later one when it is dropped.

use std::alloc::{Layout, handle_alloc_error};
use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::LARGE;

/// A small page.
const SMALL: usize = 4096;
/// A huge one.
const HUGE: usize = 2 << 20;

/// Pages of the system's, kept or given back when dropped.
#[derive(Debug)]
pub(super) struct Mapped {
    pages: Option<Pages>,
}

impl Mapped {
    /// None for what is not large.
    pub(super) fn new(bytes: usize) -> Option<Self> {
        if bytes < LARGE {
            return None;
        }
        let kept = kept().and_then(|mut kept| kept.take(bytes));
        Some(Self { pages: Some(kept.unwrap_or_else(|| Pages::fresh(bytes))) })
    }

    /// Where they begin.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.pages.as_ref().map_or(NonNull::dangling(), |pages| pages.start)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let (Some(pages), Some(mut kept)) = (self.pages.take(), kept()) else { return };
        // What there is no room for goes back to the system when nobody waits for the lock.
        let left = kept.put(pages);
        drop(kept);
        drop(left);
    }
}

/// See [`super::keep`].
pub(super) fn keep(bytes: usize) {
    let left = kept().map(|mut kept| {
        kept.most_bytes = bytes;
        kept.shrunk_to(bytes)
    });
    drop(left);
}

/// See [`super::may_keep`].
pub(super) fn may_keep() -> usize {
    kept().map_or(0, |kept| kept.most_bytes)
}

/// See [`super::hand_back`].
pub(super) fn hand_back() {
    let left = kept().map(|mut kept| kept.shrunk_to(0));
    drop(left);
}

/// What is kept, oldest first.
static KEPT: Mutex<Kept> = Mutex::new(Kept { pages: VecDeque::new(), bytes: 0, most_bytes: 0 });

/// None while another thread has it: nobody waits for it, as there always is the system. So a process that was forked while a thread
/// of its parent had it goes on without.
fn kept() -> Option<MutexGuard<'static, Kept>> {
    match KEPT.try_lock() {
        Ok(kept) => Some(kept),
        Err(TryLockError::Poisoned(kept)) => Some(kept.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[derive(Debug)]
struct Kept {
    pages: VecDeque<Pages>,
    bytes: usize,
    most_bytes: usize,
}

impl Kept {
    /// The smallest that has room for so many bytes and is at most an eighth larger.
    fn take(&mut self, bytes: usize) -> Option<Pages> {
        let fits = |pages: &Pages| pages.bytes >= bytes && pages.bytes - bytes <= bytes / 8;
        let fitting = self.pages.iter().enumerate().filter(|(_, pages)| fits(pages));
        let (at, _) = fitting.min_by_key(|(_, pages)| pages.bytes)?;
        let pages = self.pages.remove(at)?;
        self.bytes -= pages.bytes;
        Some(pages)
    }

    /// Keeps them, in place of the oldest ones where need be; gives what is not kept.
    fn put(&mut self, pages: Pages) -> Vec<Pages> {
        if pages.bytes > self.most_bytes {
            return vec![pages];
        }
        pages.may_be_reclaimed();
        self.bytes += pages.bytes;
        self.pages.push_back(pages);
        self.shrunk_to(self.most_bytes)
    }

    /// The oldest ones that are more than so many bytes.
    fn shrunk_to(&mut self, bytes: usize) -> Vec<Pages> {
        let mut left = Vec::new();
        while self.bytes > bytes {
            let Some(oldest) = self.pages.pop_front() else { break };
            self.bytes -= oldest.bytes;
            left.push(oldest);
        }
        left
    }
}

/// A mapping, given back to the system when dropped.
#[derive(Debug)]
struct Pages {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: plain memory that belongs to its owner alone.
unsafe impl Send for Pages {}
// SAFETY: as above; nothing is changed through a shared reference.
unsafe impl Sync for Pages {}

impl Pages {
    /// New ones, which hold zeros.
    fn fresh(bytes: usize) -> Self {
        let fail = || handle_alloc_error(Layout::from_size_align(bytes, 1).unwrap_or(Layout::new::<u8>()));
        let Some(kept) = bytes.checked_next_multiple_of(SMALL) else { fail() };
        let Some(length) = kept.checked_add(HUGE) else { fail() };
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, wherever the system likes.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, -1, 0) };
        if mapped == libc::MAP_FAILED {
            fail();
        }
        let base = mapped.cast::<u8>();
        let before = (base as usize).next_multiple_of(HUGE) - base as usize;
        // SAFETY: what lies before and behind the aligned part belongs to this mapping, and is used by nobody.
        unsafe {
            if before > 0 {
                libc::munmap(base.cast(), before);
            }
            if before < HUGE {
                libc::munmap(base.add(before + kept).cast(), HUGE - before);
            }
        }
        let start = base.wrapping_add(before);
        // The rest stays in small pages: memory that nobody counts would else be as much as a huge page for each array.
        // SAFETY: the advice changes no contents.
        unsafe { libc::madvise(start.cast(), kept / HUGE * HUGE, libc::MADV_HUGEPAGE) };
        NonNull::new(start).map_or_else(|| fail(), |start| Self { start, bytes: kept })
    }

    /// Lets the system take them whenever it is short of memory, until they are written again.
    fn may_be_reclaimed(&self) {
        // SAFETY: nobody reads what they hold.
        unsafe { libc::madvise(self.start.as_ptr().cast(), self.bytes, libc::MADV_FREE) };
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping belongs to `self`, and nobody has it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[usize]) -> Vec<Pages> {
        sizes.iter().map(|bytes| Pages::fresh(*bytes)).collect()
    }

    fn sizes(kept: &Kept) -> Vec<usize> {
        assert_eq!(kept.bytes, kept.pages.iter().map(|pages| pages.bytes).sum::<usize>());
        kept.pages.iter().map(|pages| pages.bytes >> 20).collect()
    }

    #[test]
    fn what_fits_best_is_used_again() {
        let mut kept = Kept { pages: VecDeque::new(), bytes: 0, most_bytes: 64 << 20 };
        for pages in of(&[20 << 20, 8 << 20, 9 << 20]) {
            assert!(kept.put(pages).is_empty());
        }
        assert!(kept.take((20 << 20) + 1).is_none() && kept.take(4 << 20).is_none());
        let eight = kept.take((8 << 20) - 5).unwrap();
        assert_eq!((eight.bytes, sizes(&kept)), (8 << 20, vec![20, 9]));
        assert_eq!(kept.take(9 << 20).unwrap().bytes, 9 << 20);
        assert!(kept.take(9 << 20).is_none());
    }

    #[test]
    fn the_oldest_goes_first_and_what_is_too_large_at_once() {
        let mut kept = Kept { pages: VecDeque::new(), bytes: 0, most_bytes: 32 << 20 };
        for pages in of(&[10 << 20, 20 << 20]) {
            assert!(kept.put(pages).is_empty());
        }
        assert_eq!(kept.put(Pages::fresh(12 << 20)).iter().map(|pages| pages.bytes >> 20).collect::<Vec<_>>(), [10]);
        assert_eq!(sizes(&kept), [20, 12]);
        assert_eq!(kept.put(Pages::fresh(33 << 20)).len(), 1);
        assert_eq!(sizes(&kept), [20, 12]);
        assert_eq!(kept.shrunk_to(0).len(), 2);
        assert_eq!(sizes(&kept), [0_usize; 0]);
    }

    #[test]
    fn kept_pages_can_be_written_again() {
        let mut kept = Kept { pages: VecDeque::new(), bytes: 0, most_bytes: 32 << 20 };
        let pages = Pages::fresh(6 << 20);
        for value in 1..4 {
            // SAFETY: the mapping has so many bytes, and nobody else writes or reads them.
            let bytes = unsafe { std::slice::from_raw_parts_mut(pages.start.as_ptr(), pages.bytes) };
            bytes.fill(value);
            assert!(bytes.iter().all(|byte| *byte == value));
            pages.may_be_reclaimed();
        }
        assert!(kept.put(pages).is_empty());
    }
}
