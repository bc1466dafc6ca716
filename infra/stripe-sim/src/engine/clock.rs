//! Time and randomness, both handed in, so that a test can decide them.

use std::sync::atomic::{AtomicI64, Ordering};
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

/// The simulator's time: another clock's, moved forward on demand.
pub struct Moved {
    real: Arc<dyn Clock>,
    offset_ms: AtomicI64,
}

impl Moved {
    /// `real`, moved forward by `offset_ms`.
    pub fn new(real: Arc<dyn Clock>, offset_ms: i64) -> Self {
        Self { real, offset_ms: AtomicI64::new(offset_ms) }
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.real.now_ms().saturating_add(self.offset_ms())
    }

    /// What the clock behind says: receivers of events compare signatures with theirs.
    pub fn real_ms(&self) -> i64 {
        self.real.now_ms()
    }

    /// By how much it is moved, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves it.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::SeqCst);
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
