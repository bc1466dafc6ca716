//! Base 32 in Crockford's alphabet, upper case alone: every text has one reading and every reading one text.
//!
//! Lengths are whole groups (5 bytes, 8 characters), so there are no bits of padding in which two texts could differ.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The text of `bytes`, whose length is a multiple of five.
pub(super) fn encode(bytes: &[u8]) -> String {
    debug_assert!(bytes.len().is_multiple_of(5), "whole groups only");
    bytes
        .chunks(5)
        .flat_map(|group| {
            let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |at| bits >> (5 * at) & 31)
        })
        .map(|digit| ALPHABET.get(digit as usize).map_or('0', |byte| char::from(*byte)))
        .collect()
}

/// The bytes of `text`, or nothing if it is not what [`encode`] writes.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(8) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 8 * 5);
    for group in text.as_bytes().chunks(8) {
        let mut bits = 0_u64;
        for letter in group {
            let digit = ALPHABET.iter().position(|known| known == letter)?;
            bits = bits << 5 | digit as u64;
        }
        bytes.extend_from_slice(bits.to_be_bytes().get(3..)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts() {
        assert_eq!(encode(&[0; 5]), "00000000");
        assert_eq!(encode(&[0xff; 5]), "ZZZZZZZZ");
        assert_eq!(encode(b"hello"), "D1JPRV3F");
        assert_eq!(decode("D1JPRV3F").unwrap(), b"hello");
        for text in ["D1JPRV3", "d1JPRV3F", "D1JPRV3O", "D1JPRV3 ", "D1JPRV3é", "D1JPRV3F="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
