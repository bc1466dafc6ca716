//! What the long campaigns share, each of which is a test process of its own.

use std::io::Write as _;

use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test of this process runs: each has as many houses as the machine carries, or stops what all stand on.
pub async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// How often each campaign runs, and each fault is tried: `MARQUEE_ROUNDS`, else once.
pub fn rounds() -> u64 {
    std::env::var("MARQUEE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Tells on standard error, past the test runner, which shows a passed test's words to nobody.
pub fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
