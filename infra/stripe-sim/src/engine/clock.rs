//! Time and randomness, both handed in, so that a test can decide them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Where the simulator takes the time from.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Source of ids, secrets and jitter.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<StdRng>>);

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl Ids {
    /// From the operating system's randomness, or from `seed` where a run must repeat.
    pub fn new(seed: Option<u64>) -> Self {
        let rng = match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => rand::make_rng(),
        };
        Self(Arc::new(Mutex::new(rng)))
    }

    /// `length` random letters and digits.
    pub fn text(&self, length: usize) -> String {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (0..length)
            .filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len())))
            .map(|byte| char::from(*byte))
            .collect()
    }

    /// An id shaped like Stripe's: the prefix, a version digit, then 23 random characters.
    pub fn object(&self, prefix: &str) -> String {
        format!("{prefix}_1{}", self.text(23))
    }

    /// A number of milliseconds below `limit`.
    pub fn jitter_ms(&self, limit: i64) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..limit.max(1))
    }
}
