//! Limits per address or account, shared between instances through Redis; without it each instance counts for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};

use crate::clock::SharedClock;

/// Redis may take this long before the limit is counted locally: a limiter never makes anybody wait.
const PATIENCE: Duration = Duration::from_millis(50);
/// Entries kept locally; while there are so many, those who have none are counted together.
const LOCAL_ENTRIES: usize = 50_000;

/// So many in so many seconds.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Names the counter.
    pub name: &'static str,
    /// Allowed in a window.
    pub max: u32,
    /// The window, in seconds.
    pub window: u32,
}

/// How often something was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// In this window, the last one included.
    pub hits: u32,
    /// Seconds until the window ends, at least 1.
    pub left: u32,
}

/// Counts against limits.
#[derive(Clone)]
pub struct Limits {
    redis: Option<ConnectionManager>,
    local: Arc<Mutex<Local>>,
    clock: SharedClock,
}

/// What is counted without Redis.
#[derive(Default)]
struct Local {
    /// By key: when its window ends, and its hits.
    windows: HashMap<String, (i64, u32)>,
    /// When those that had ended were dropped.
    tidied: i64,
}

impl Limits {
    /// Counts through Redis where there is one. A Redis that is away is tried again in the background.
    pub fn new(redis_url: Option<&str>, clock: SharedClock) -> Self {
        let redis = redis_url.and_then(|url| {
            let client = Client::open(url)
                .inspect_err(|error| tracing::warn!(%error, "cannot read the address of redis"));
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(PATIENCE));
            ConnectionManager::new_lazy_with_config(client.ok()?, config).ok()
        });
        Self { redis, local: Arc::default(), clock }
    }

    /// Counts one for `who`.
    ///
    /// # Errors
    /// Over the limit: the seconds until the window ends.
    pub async fn hit(&self, limit: Limit, who: &str) -> Result<(), u32> {
        let Count { hits, left } = self.count(limit, who).await;
        if hits > limit.max { Err(left) } else { Ok(()) }
    }

    /// Counts one for `who`, for limits with rules of their own.
    pub async fn count(&self, limit: Limit, who: &str) -> Count {
        let now = self.clock.now().timestamp();
        let window = i64::from(limit.window.max(1));
        let all = format!("limit:{}:{}", limit.name, now / window);
        let key = format!("{all}:{who}");
        let hits = match self.hit_redis(&key, limit.window).await {
            Some(hits) => hits,
            None => self.hit_local(key, all, now + window),
        };
        Count { hits, left: (window - now % window) as u32 }
    }

    async fn hit_redis(&self, key: &str, window: u32) -> Option<u32> {
        let mut redis = self.redis.clone()?;
        let script = Script::new(
            "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n",
        );
        let counted =
            tokio::time::timeout(PATIENCE, script.key(key).arg(window).invoke_async(&mut redis)).await;
        counted.ok()?.inspect_err(|error| tracing::debug!(%error, "limit counted locally")).ok()
    }

    /// Counts under `key`, or, where there is no room for one more, under that of `all`.
    fn hit_local(&self, key: String, all: String, ends: i64) -> u32 {
        let Ok(mut local) = self.local.lock() else { return 0 };
        let now = self.clock.now().timestamp();
        if local.windows.len() >= LOCAL_ENTRIES && local.tidied < now {
            local.tidied = now;
            local.windows.retain(|_, (ends, _)| *ends > now);
        }
        let room = local.windows.len() < LOCAL_ENTRIES || local.windows.contains_key(&key);
        let (_, hits) = local.windows.entry(if room { key } else { all }).or_insert((ends, 0));
        *hits += 1;
        *hits
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").field("redis", &self.redis.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::clock::ManualClock;

    #[tokio::test]
    async fn without_redis_no_more_is_kept_than_there_is_room_for() {
        let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(1_700_000_400, 0).unwrap()));
        let limits = Limits::new(None, clock.clone());
        let limit = Limit { name: "test", max: 1, window: 60 };
        for who in 0..LOCAL_ENTRIES {
            assert_eq!(limits.hit(limit, &who.to_string()).await, Ok(()));
        }
        for who in ["7", "49999"] {
            assert!(limits.hit(limit, who).await.is_err(), "who is known is counted");
        }
        assert_eq!(limits.hit(limit, "late").await, Ok(()));
        for who in ["late", "later"] {
            assert!(
                limits.hit(limit, who).await.is_err(),
                "those for whom there is no room are counted as one"
            );
        }
        assert_eq!(limits.local.lock().unwrap().windows.len(), LOCAL_ENTRIES + 1);
        clock.advance(TimeDelta::seconds(120));
        assert_eq!(limits.hit(limit, "late").await, Ok(()));
        assert!(limits.hit(limit, "late").await.is_err());
        assert_eq!(limits.local.lock().unwrap().windows.len(), 1);
    }
}
