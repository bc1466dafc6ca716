//! A set of small numbers in order.

/// Numbers below a bound, each a bit; words that are not empty are bits of the layer above. Finding the next member
/// looks at a few words however sparse the set is.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranks {
    layers: Vec<Vec<u64>>,
}

impl Ranks {
    /// An empty set of numbers below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        let mut layers = Vec::new();
        let mut bits = bound;
        loop {
            let words = bits.div_ceil(64).max(1);
            layers.push(vec![0; words]);
            if words == 1 {
                return Self { layers };
            }
            bits = words;
        }
    }

    pub(super) fn insert(&mut self, number: u32) {
        let mut at = number as usize;
        for layer in &mut self.layers {
            if let Some(word) = layer.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
            at /= 64;
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        let mut at = number as usize;
        for layer in &mut self.layers {
            let Some(word) = layer.get_mut(at / 64) else { return };
            *word &= !(1 << (at % 64));
            if *word != 0 {
                return;
            }
            at /= 64;
        }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        let word = self.layers.first().and_then(|layer| layer.get(number as usize / 64));
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The least member from `number` on.
    pub(super) fn next(&self, number: u32) -> Option<u32> {
        let mut at = number as usize;
        for (height, layer) in self.layers.iter().enumerate() {
            let word = layer.get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                return self.descend(height, at / 64 * 64 + word.trailing_zeros() as usize);
            }
            at = at / 64 + 1;
        }
        None
    }

    fn descend(&self, height: usize, from: usize) -> Option<u32> {
        let below = self.layers.get(..height)?.iter().rev();
        let found = below
            .fold(from, |at, layer| at * 64 + layer.get(at).map_or(0, |word| word.trailing_zeros() as usize));
        u32::try_from(found).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_order_across_layers() {
        let members = [0, 63, 64, 4_095, 4_096, 262_144, 299_999];
        let mut set = Ranks::new(300_000);
        assert_eq!(set.next(0), None);
        members.iter().for_each(|member| set.insert(*member));
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(member) = set.next(at) {
            found.push(member);
            at = member + 1;
        }
        assert_eq!(found, members);
        set.remove(4_095);
        set.remove(4_096);
        assert_eq!(set.next(65), Some(262_144));
        assert!(!set.contains(4_096) && set.contains(63));
        assert_eq!(set.next(300_000), None);
        assert_eq!(Ranks::new(0).next(0), None);
    }
}
