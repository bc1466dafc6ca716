//! Waiting for what will be, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(40);

/// Looks until there is something, and panics when `seconds` have passed.
pub async fn until<T, F: AsyncFnMut() -> Option<T>>(what: &str, seconds: u64, mut look: F) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(seconds), "waited {seconds} s in vain for {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// A seed for a random test, told on standard error so that a failure can be repeated: `MARQUEE_TEST_SEED` sets it.
pub fn seed(test: &str) -> u64 {
    let set = std::env::var("MARQUEE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = set.unwrap_or_else(rand::random);
    eprintln!("{test}: MARQUEE_TEST_SEED={seed}");
    seed
}
