//! Requests for holds are taken in turn, a few at a time.
//!
//! When a sale opens, thousands come in one moment, and whoever only looks stands behind them in the same thread. One whose
//! turn has not come costs no more than its bytes; it is read, checked and queued for its claim when it has, and then waits
//! for the claim without a turn. So a browser stands behind a few of them, not behind all. A turn lasts only as long as
//! there is something to do: nothing that others have to send or to answer is waited for in one.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::HoldError;

/// Requests of a process that are read and checked at one time.
const AT_ONCE: usize = 64;
/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(8);

/// Whose turn it is.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A request's turn; it ends when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Turn(Option<OwnedSemaphorePermit>);

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// `Overloaded` when so many came before that it took too long.
    pub(crate) async fn next(&self) -> Result<Turn, HoldError> {
        self.within(PATIENCE).await
    }

    async fn within(&self, patience: Duration) -> Result<Turn, HoldError> {
        let permit = timeout(patience, Arc::clone(&self.0).acquire_owned()).await;
        // Never closed.
        Ok(Turn(permit.map_err(|_| HoldError::Overloaded)?.ok()))
    }
}

impl Turn {
    /// Does what memory mostly answers. Where it does not, the turn ends before anything is waited for.
    pub(crate) async fn unless_it_waits<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Some(done) = work.as_mut().now_or_never() {
            return done;
        }
        self.0 = None;
        work.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_that_does_not_come_is_not_waited_for() {
        let turns = Turns::default();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(turns.within(PATIENCE).await.unwrap());
        }
        let told = timeout(PATIENCE, turns.within(Duration::from_millis(10))).await.expect("it ends");
        assert!(matches!(told, Err(HoldError::Overloaded)), "{told:?}");
        taken.pop();
        assert!(turns.within(PATIENCE).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_waits_for_something_has_no_turn_meanwhile() {
        let turns = Turns(Arc::new(Semaphore::new(1)));
        let mut turn = turns.next().await.unwrap();
        assert_eq!(turn.unless_it_waits(std::future::ready(1)).await, 1);
        assert_eq!(turns.0.available_permits(), 0, "what is there at once takes no turn away");
        let others = async { turns.within(PATIENCE).await.is_ok() };
        assert!(turn.unless_it_waits(others).await);
    }
}
