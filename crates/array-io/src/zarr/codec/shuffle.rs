//! Bytes or bits of elements that were sorted by their place in the element, so that they pack better.

/// Puts bytes back: the input holds all first bytes of the elements, then all second ones and so on, and a rest as it is.
pub(crate) fn unshuffle(shuffled: &[u8], out: &mut [u8], item: usize) {
    let count = shuffled.len() / item.max(1);
    let whole = count * item;
    // Bands short enough that both sides stay in the cache.
    const BAND: usize = 2048;
    for start in (0..count).step_by(BAND) {
        let end = count.min(start + BAND);
        for byte in 0..item {
            let plane = &shuffled[byte * count + start..byte * count + end];
            for (element, value) in out[start * item..end * item].chunks_exact_mut(item).zip(plane) {
                element[byte] = *value;
            }
        }
    }
    out[whole..].copy_from_slice(&shuffled[whole..]);
}

/// Puts bits back: for each bit of an element the input holds one plane with that bit of every element, eight to a byte. Only whole
/// eights of elements were shuffled at all.
pub(crate) fn unshuffle_bits(shuffled: &[u8], out: &mut [u8], item: usize) {
    let count = shuffled.len() / item.max(1);
    if !count.is_multiple_of(8) {
        out.copy_from_slice(shuffled);
        return;
    }
    let whole = count * item;
    let plane = count / 8;
    out[..whole].fill(0);
    for byte in 0..item {
        for bit in 0..8 {
            let bits = &shuffled[(byte * 8 + bit) * plane..][..plane];
            for (eight, bits) in out[..whole].chunks_exact_mut(8 * item).zip(bits) {
                for element in 0..8 {
                    eight[element * item + byte] |= (bits >> element & 1) << bit;
                }
            }
        }
    }
    out[whole..].copy_from_slice(&shuffled[whole..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_return_to_their_elements() {
        let mut out = [0; 7];
        unshuffle(&[1, 3, 5, 2, 4, 6, 9], &mut out, 2);
        assert_eq!(out, [1, 2, 3, 4, 5, 6, 9]);
    }

    #[test]
    fn bits_return_to_their_elements() {
        let elements: Vec<u8> = (0..33u8).map(|value| value.wrapping_mul(57)).collect();
        let mut planes = vec![0; 33];
        for element in 0..16 {
            for bit in 0..16 {
                let value = elements[element * 2 + bit / 8] >> (bit % 8) & 1;
                planes[bit * 2 + element / 8] |= value << (element % 8);
            }
        }
        planes[32..].copy_from_slice(&elements[32..]);
        let mut out = vec![0; 33];
        unshuffle_bits(&planes, &mut out, 2);
        assert_eq!(out, elements);
        unshuffle_bits(&planes[..30], &mut out[..30], 2);
        assert_eq!(out[..30], planes[..30]);
    }
}
