//! Which hold strategy serves what.

use marquee_entity::catalog::Strategy;
use thiserror::Error;

/// Why a strategy cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StrategyError {
    /// It hands out any free unit, so nobody can choose a seat.
    #[error("the strategy `{0}` cannot serve chosen seats, and this performance has a seating plan")]
    NoChosenSeats(Strategy),
}

/// Can `strategy` serve a performance with (`reserved`) or without a seating plan?
///
/// `row_lock`, `ttl` and `redis` claim chosen seats, any places and places side by side; `skip_locked` claims any
/// places, side by side or not, but no chosen ones.
///
/// # Errors
/// It cannot; why.
pub fn serves(strategy: Strategy, reserved: bool) -> Result<(), StrategyError> {
    match strategy {
        Strategy::SkipLocked if reserved => Err(StrategyError::NoChosenSeats(strategy)),
        Strategy::RowLock | Strategy::Ttl | Strategy::SkipLocked | Strategy::Redis => Ok(()),
    }
}

/// The strategy of a performance for which none was chosen.
pub fn default_strategy(reserved: bool) -> Strategy {
    if reserved { Strategy::Ttl } else { Strategy::SkipLocked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix() {
        for strategy in [Strategy::RowLock, Strategy::Ttl, Strategy::Redis] {
            assert_eq!((serves(strategy, true), serves(strategy, false)), (Ok(()), Ok(())), "{strategy}");
        }
        assert_eq!(serves(Strategy::SkipLocked, false), Ok(()));
        let refused = Err(StrategyError::NoChosenSeats(Strategy::SkipLocked));
        assert_eq!(serves(Strategy::SkipLocked, true), refused);
    }

    #[test]
    fn the_default_serves() {
        for reserved in [true, false] {
            assert_eq!(serves(default_strategy(reserved), reserved), Ok(()));
        }
    }
}
