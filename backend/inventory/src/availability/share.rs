//! What falls to which process, where several choose places of one performance at a time: each has offers of its own, so
//! that they seldom choose the same.

/// Offers in a row that fall to one process, so that parties find room within them.
const STRETCH: u32 = 16;

/// One process's share, as far as it knows how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// Which process it is, from 0 on.
    pub(crate) nth: usize,
    /// How many there are, itself included.
    pub(crate) of: usize,
}

impl Share {
    /// There is no other.
    pub(crate) const ALL: Self = Self { nth: 0, of: 1 };

    /// Does this offer fall to it?
    pub(super) fn has(self, offer: u32) -> bool {
        (offer / STRETCH) as usize % self.of == self.nth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_offer_is_somebodys() {
        for of in 1..5 {
            for offer in 0..200 {
                assert_eq!((0..of).filter(|nth| Share { nth: *nth, of }.has(offer)).count(), 1);
            }
        }
    }
}
