//! Order numbers: short enough to say, with no two characters that are read alike.

use rand::Rng;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a number: 40 bits.
const LENGTH: usize = 8;

/// A number at random.
pub fn draw(rng: &mut impl Rng) -> String {
    let mut bits = rng.next_u64();
    let mut number = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        let digit = ALPHABET.get((bits & 31) as usize).copied().unwrap_or(b'0');
        number.push(char::from(digit));
        bits >>= 5;
    }
    number
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn numbers_are_short_and_hardly_ever_the_same() {
        let seed = 7;
        let mut rng = StdRng::seed_from_u64(seed);
        let numbers: HashSet<String> = (0..10_000).map(|_| draw(&mut rng)).collect();
        assert!(numbers.len() >= 9_999, "seed {seed}");
        assert!(numbers.iter().all(|number| number.len() == 8 && !number.contains(['I', 'L', 'O', 'U'])));
    }
}
