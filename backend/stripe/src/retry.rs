//! Trying a call again under the same key, within a bounded time.

use std::future::Future;
use std::time::Duration;

use marquee_payments::ProviderError;
use tokio::time::{Instant, sleep};

/// What one call may take, tries and pauses included. Shorter than a payment's lease.
pub const CALL_BUDGET: Duration = Duration::from_secs(9);
/// What one try may take: enough for a slow bank, and some is left to ask again under the same key.
pub(crate) const TRY_BUDGET: Duration = Duration::from_secs(6);
/// With less than this left a try does not wait for its turn any more: a bank may take a while.
pub(crate) const ENOUGH: Duration = Duration::from_secs(3);
/// Pauses before the second try, the third and so on; after the last there is none.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(150), Duration::from_millis(500), Duration::from_millis(1_500)];
/// With less than this left another try is not worth beginning.
const SHORTEST_TRY: Duration = Duration::from_millis(300);

/// Calls until the outcome is known, or time and tries are used up.
///
/// A try is told when the call ends. A definite answer to a later try is the answer to all of them, as they carry one key. Where the last try surely did
/// nothing but an earlier one is in doubt, the outcome is unknown.
pub(crate) async fn retry<T, Call, Answer>(mut call: Call) -> Result<T, ProviderError>
where
    Call: FnMut(Instant) -> Answer,
    Answer: Future<Output = Result<T, ProviderError>>,
{
    let ends = Instant::now() + CALL_BUDGET;
    let mut doubt = None;
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match call(ends).await {
            Err(error) if matches!(error, ProviderError::Unknown(_)) || error.never_arrived() => error,
            decided => return decided,
        };
        tracing::debug!(%error, "a call to the payment provider did not come through");
        if matches!(error, ProviderError::Unknown(_)) {
            doubt = Some(error.clone());
        }
        let left = ends.saturating_duration_since(Instant::now());
        match pauses.next() {
            Some(pause) if left > pause + SHORTEST_TRY => sleep(pause).await,
            _ => return Err(doubt.unwrap_or(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use marquee_payments::Refusal;

    use super::*;

    fn unknown() -> Result<u8, ProviderError> {
        Err(ProviderError::Unknown("broken".to_owned()))
    }

    fn unreachable() -> Result<u8, ProviderError> {
        Err(Refusal::Unreachable("refused".to_owned()).into())
    }

    async fn run(answers: &[Result<u8, ProviderError>]) -> (Result<u8, ProviderError>, usize) {
        let mut left: VecDeque<_> = answers.iter().cloned().collect();
        let outcome = retry(|_| {
            let answer = left.pop_front().unwrap_or_else(unreachable);
            async move { answer }
        })
        .await;
        (outcome, answers.len() - left.len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_definite_answer_ends_it() {
        assert_eq!(run(&[Ok(1), unknown()]).await, (Ok(1), 1));
        assert_eq!(run(&[unknown(), Ok(1)]).await, (Ok(1), 2));
        let declined = || {
            let (decline_code, message) = ("x".to_owned(), "x".to_owned());
            Err(ProviderError::Declined { decline_code, message, fingerprint: None })
        };
        assert_eq!(run(&[unknown(), declined()]).await, (declined(), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_provider_keeps_is_not_asked_for_again() {
        let kept = || Err(ProviderError::Unanswered("kept".to_owned()));
        assert_eq!(run(&[unknown(), kept(), Ok(1)]).await, (kept(), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_is_not_forgotten() {
        assert_eq!(run(&[unknown(), unreachable(), unreachable(), unreachable()]).await.0, unknown());
        assert_eq!(run(&[unreachable(), unreachable(), unreachable(), unreachable()]).await.0, unreachable());
    }
}
