//! Elements and positions chosen by flags, 64 flags at a time as the bits of a word.

use crate::element::Element;
use crate::isa::Isa;
use crate::memory::reserved;

const WORD: usize = 64;

/// The positions of elements that pass a test.
pub(super) fn positions<T: Element>(elements: &[T], test: impl Fn(T) -> bool) -> Vec<i64> {
    let mut words: Vec<u64> = Vec::with_capacity(elements.len().div_ceil(WORD));
    for chunk in elements.chunks(WORD) {
        let mut flags = [0; WORD];
        flags.iter_mut().zip(chunk).for_each(|(flag, value)| *flag = u8::from(test(*value)));
        words.push(word(&flags));
    }
    positions_of(&words)
}

/// Flags of 0 and 1 as bits, the first one lowest.
#[inline(always)]
fn word(flags: &[u8; WORD]) -> u64 {
    // Eight bytes of one bit each times this number have their bits side by side in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut word = 0;
    for (place, eight) in flags.as_chunks::<8>().0.iter().enumerate() {
        word |= (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * place);
    }
    word
}

/// Room beyond the last element, so that whole vectors can be written.
const SLACK: usize = 16;

fn positions_of(words: &[u64]) -> Vec<i64> {
    let count = words.iter().map(|word| word.count_ones() as usize).sum::<usize>();
    let mut positions = reserved(count + SLACK);
    #[cfg(target_arch = "x86_64")]
    if Isa::detect() == Isa::Avx512 {
        // SAFETY: the processor has the instructions; there is room for all positions and a vector more.
        unsafe {
            vectors::positions(words, positions.as_mut_ptr());
            positions.set_len(count);
        }
        return positions;
    }
    for (word, start) in words.iter().zip((0_i64..).step_by(WORD)) {
        let mut rest = *word;
        while rest != 0 {
            positions.push(start + i64::from(rest.trailing_zeros()));
            rest &= rest - 1;
        }
    }
    positions
}

/// The `count` elements whose flags are set.
pub(super) fn pick<T: Element>(source: &[T], flags: &[bool], count: usize) -> Vec<T> {
    let length = source.len().min(flags.len());
    let (source, flags) = (&source[..length], &flags[..length]);
    let mut elements: Vec<T> = reserved(count + SLACK);
    let target = elements.as_mut_ptr();
    let mut place = 0;
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if Isa::detect() == Isa::Avx512 && (size_of::<T>() == 8 || size_of::<T>() == 4) {
        let words = flags.as_chunks::<WORD>().0;
        done = words.len() * WORD;
        for (number, flags) in words.iter().enumerate() {
            // SAFETY: a `bool` is a byte of 0 or 1.
            let bits = word(unsafe { &*std::ptr::from_ref(flags).cast::<[u8; WORD]>() });
            if bits == 0 {
                continue;
            }
            let from = source[number * WORD..].as_ptr();
            // SAFETY: the processor has the instructions; 64 elements follow `from`, and there is room for all that are chosen and a
            // vector more, as long as no more are than `count`, which is looked at before.
            unsafe {
                assert!(place + bits.count_ones() as usize <= count, "more flags than were counted");
                place += match size_of::<T>() {
                    8 => vectors::pick_wide(bits, from.cast(), target.add(place).cast()),
                    _ => vectors::pick_narrow(bits, from.cast(), target.add(place).cast()),
                };
            }
        }
    }
    // Written everywhere, kept where the flag moves the place on: no branch to mispredict.
    for (value, flag) in source[done..].iter().zip(&flags[done..]) {
        assert!(place <= count, "more flags than were counted");
        // SAFETY: there is room beyond the last one.
        unsafe { target.add(place).write(*value) };
        place += usize::from(*flag);
    }
    assert!(place == count, "the flags were counted before");
    // SAFETY: so many are written.
    unsafe { elements.set_len(count) };
    elements
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    //! With AVX-512: a vector is compressed and written whole, and the next one begins where its last element ends.

    use std::arch::x86_64::*;

    /// # Safety
    /// The processor has AVX-512 F; there is room for as many positions as there are bits, and for eight more.
    #[target_feature(enable = "avx512f,avx512dq,popcnt,bmi1,bmi2")]
    pub(super) unsafe fn positions(words: &[u64], mut target: *mut i64) {
        let mut eight = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        let step = _mm512_set1_epi64(8);
        for word in words {
            if *word == 0 {
                eight = _mm512_add_epi64(eight, _mm512_set1_epi64(64));
                continue;
            }
            for byte in word.to_le_bytes() {
                // SAFETY: the caller's promise.
                unsafe {
                    _mm512_storeu_si512(target.cast(), _mm512_maskz_compress_epi64(byte, eight));
                    target = target.add(byte.count_ones() as usize);
                }
                eight = _mm512_add_epi64(eight, step);
            }
        }
    }

    /// # Safety
    /// The processor has AVX-512 F; 64 elements are read; there is room for as many as there are bits, and for a vector more.
    #[target_feature(enable = "avx512f,avx512dq,popcnt,bmi1,bmi2")]
    pub(super) unsafe fn pick_wide(bits: u64, from: *const i64, target: *mut i64) -> usize {
        let mut place = 0;
        for (number, byte) in bits.to_le_bytes().into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let values = _mm512_loadu_si512(from.add(number * 8).cast());
                _mm512_storeu_si512(target.add(place).cast(), _mm512_maskz_compress_epi64(byte, values));
            }
            place += byte.count_ones() as usize;
        }
        place
    }

    /// # Safety
    /// As [`pick_wide`].
    #[target_feature(enable = "avx512f,avx512dq,popcnt,bmi1,bmi2")]
    pub(super) unsafe fn pick_narrow(bits: u64, from: *const i32, target: *mut i32) -> usize {
        let mut place = 0;
        for number in 0..4 {
            let part = (bits >> (16 * number)) as u16;
            // SAFETY: the caller's promise.
            unsafe {
                let values = _mm512_loadu_si512(from.add(number * 16).cast());
                _mm512_storeu_si512(target.add(place).cast(), _mm512_maskz_compress_epi32(part, values));
            }
            place += part.count_ones() as usize;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn chosen_elements_and_their_positions() {
        for count in [0, 1, 63, 64, 65, 200, 1000] {
            for shift in [0, 1, 4, 63] {
                let flags: Vec<bool> =
                    (0..count).map(|i| Key::new(5, 1).draw(i) >> shift == 0 || shift == 0 || i % 3 == shift).collect();
                let chosen: Vec<i64> = (0..count as i64).filter(|i| flags[*i as usize]).collect();
                assert_eq!(positions(&flags, |flag| flag), chosen);
                let wide: Vec<i64> = (0..count as i64).collect();
                assert_eq!(pick(&wide, &flags, chosen.len()), chosen);
                let narrow: Vec<u32> = (0..count as u32).collect();
                assert!(pick(&narrow, &flags, chosen.len()).iter().map(|i| i64::from(*i)).eq(chosen.iter().copied()));
                let short: Vec<u16> = (0..count as u16).collect();
                assert!(pick(&short, &flags, chosen.len()).iter().map(|i| i64::from(*i)).eq(chosen.iter().copied()));
            }
        }
    }
}
