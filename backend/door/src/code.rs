//! Provisioning codes: short enough to read out, long enough not to be guessed (60 bits).

use marquee_core::secret::sha256;
use rand::Rng;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;
const GROUP: usize = 4;

/// A new code as people read it: `7F3K-9QWX-2MZD`.
pub(crate) fn generate(rng: &mut impl Rng) -> String {
    let mut random = [0_u8; LENGTH];
    rng.fill_bytes(&mut random);
    let mut code = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (at, byte) in random.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32: every letter is equally likely.
        code.push(ALPHABET.get(usize::from(byte % 32)).map_or('0', |letter| char::from(*letter)));
    }
    code
}

/// What is stored of a code. A code may be typed in either case, with spaces or without dashes, with O for 0 and
/// I or L for 1; what is no code has no hash.
pub(crate) fn hash(typed: &str) -> Option<[u8; 32]> {
    let mut code = String::with_capacity(LENGTH);
    for letter in typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if code.len() == LENGTH || !letter.is_ascii() || !ALPHABET.contains(&(letter as u8)) {
            return None;
        }
        code.push(letter);
    }
    (code.len() == LENGTH).then(|| sha256(code.as_bytes()))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        for _ in 0..100 {
            let code = generate(&mut rng);
            assert_eq!(code.len(), LENGTH + 2, "{code}");
            let stored = hash(&code).unwrap();
            let loose = code.replace('-', " ").to_lowercase().replace('0', "o").replace('1', "l");
            assert_eq!(hash(&loose), Some(stored), "{code} as {loose}");
            assert_eq!(hash(&code.replace('-', "")), Some(stored));
        }
        assert_ne!(generate(&mut rng), generate(&mut rng));
    }

    #[test]
    fn what_is_no_code_has_no_hash() {
        for text in
            ["", "7F3K-9QWX-2MZ", "7F3K-9QWX-2MZDD", "7F3K-9QWX-2MZU", "7F3K-9QWX-2MZé", "7F3K\0QWX92MZD"]
        {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}
