//! Which hold strategy serves what.

use marquee_entity::catalog::Strategy;
use thiserror::Error;

/// Why a strategy cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StrategyError {
    /// Known by name, but this installation has no implementation of it.
    #[error("the strategy `{0}` is not available; `ttl` and `skip_locked` are")]
    NotAvailable(Strategy),
    /// It hands out any free unit, so nobody can choose a seat.
    #[error("the strategy `{0}` cannot serve chosen seats, and this performance has a seating plan")]
    NoChosenSeats(Strategy),
}

/// Can `strategy` serve a performance with (`reserved`) or without a seating plan?
///
/// `ttl` claims chosen seats and any places; `skip_locked` claims any places alone.
///
/// # Errors
/// It cannot; why.
pub fn serves(strategy: Strategy, reserved: bool) -> Result<(), StrategyError> {
    match strategy {
        Strategy::SkipLocked if reserved => Err(StrategyError::NoChosenSeats(strategy)),
        Strategy::Ttl | Strategy::SkipLocked => Ok(()),
        Strategy::RowLock | Strategy::Redis => Err(StrategyError::NotAvailable(strategy)),
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
        assert_eq!(serves(Strategy::Ttl, true), Ok(()));
        assert_eq!(serves(Strategy::Ttl, false), Ok(()));
        assert_eq!(serves(Strategy::SkipLocked, false), Ok(()));
        assert_eq!(
            serves(Strategy::SkipLocked, true),
            Err(StrategyError::NoChosenSeats(Strategy::SkipLocked))
        );
        for strategy in [Strategy::RowLock, Strategy::Redis] {
            for reserved in [true, false] {
                assert_eq!(serves(strategy, reserved), Err(StrategyError::NotAvailable(strategy)));
            }
        }
    }

    #[test]
    fn the_default_serves() {
        for reserved in [true, false] {
            assert_eq!(serves(default_strategy(reserved), reserved), Ok(()));
        }
    }
}
