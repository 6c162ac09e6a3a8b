//! Decoding LZ4 blocks, with every read and write checked: chunks come from anywhere.
//! The format: <https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>.

/// Decodes a block into `out`, whose length must be that of the decoded block. `None` for a broken one.
pub(crate) fn decode(mut block: &[u8], out: &mut [u8]) -> Option<()> {
    let mut at = 0usize;
    loop {
        let (token, rest) = block.split_first()?;
        block = rest;
        let literals = length(usize::from(token >> 4), &mut block)?;
        let (text, rest) = block.split_at_checked(literals)?;
        out.get_mut(at..at.checked_add(literals)?)?.copy_from_slice(text);
        at += literals;
        block = rest;
        if block.is_empty() {
            // The last sequence has no match.
            return (at == out.len()).then_some(());
        }
        let (offset, rest) = block.split_first_chunk::<2>()?;
        block = rest;
        let offset = usize::from(u16::from_le_bytes(*offset));
        let count = length(usize::from(token & 15), &mut block)?.checked_add(4)?;
        repeat(out, at, offset, count)?;
        at += count;
    }
}

fn length(start: usize, block: &mut &[u8]) -> Option<usize> {
    let mut length = start;
    if start == 15 {
        loop {
            let (byte, rest) = block.split_first()?;
            *block = rest;
            length = length.checked_add(usize::from(*byte))?;
            if *byte != 255 {
                break;
            }
        }
    }
    Some(length)
}

/// Copies `count` bytes that start `offset` before `at` to `at`, where they may run into themselves.
pub(crate) fn repeat(out: &mut [u8], at: usize, offset: usize, count: usize) -> Option<()> {
    let from = at.checked_sub(offset).filter(|_| offset > 0)?;
    let end = at.checked_add(count).filter(|end| *end <= out.len())?;
    // What is copied doubles the stretch that can be copied next.
    let mut filled = at;
    while filled < end {
        let step = (filled - from).min(end - filled);
        out.copy_within(from..from + step, filled);
        filled += step;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_literals_and_matches() {
        let mut out = [0; 12];
        // "abc", then 9 bytes from 3 before.
        decode(&[0x35, b'a', b'b', b'c', 3, 0, 0x00], &mut out).unwrap();
        assert_eq!(&out, b"abcabcabcabc");
        assert_eq!(decode(&[0x35, b'a', b'b', b'c', 4, 0, 0x00], &mut out), None);
        assert_eq!(decode(&[0x35, b'a', b'b', b'c', 0, 0, 0x00], &mut out), None);
        assert_eq!(decode(&[0x35, b'a', b'b', b'c', 3, 0, 0x00], &mut out[..11]), None);
        assert_eq!(decode(&[], &mut []), None);
        assert_eq!(decode(&[0], &mut []), Some(()));
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(block in prop::collection::vec(any::<u8>(), 0..200), size in 0..300usize) {
            let _ = decode(&block, &mut vec![0; size]);
        }
    }
}
