//! One process at a time loads a performance into Redis: loaders who do not wait for each other begin one epoch after
//! another.
//!
//! Whoever loads keeps a key that names it and says so again and again for as long as it works; one that died is not waited
//! for. Nothing rests on the key: two loaders cost time, and the journal knows whose epoch is in force.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use redis::aio::ConnectionManager;
use redis::{RedisError, Script};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Key;
use super::scripts::{END, RENEW};
use super::store::{Keys, RedisFault, Store};

/// A loader that says nothing for so long has died.
const SILENT: Duration = Duration::from_secs(2);
/// How often it says that it lives.
const RENEWED: Duration = Duration::from_millis(400);
/// How often those who wait look whether it is loaded.
const LOOK: Duration = Duration::from_millis(15);

/// This process may load a performance.
pub(super) struct Loading {
    connection: ConnectionManager,
    key: String,
    /// Names it.
    token: String,
}

impl Store {
    /// Is it this caller who loads the performance?
    pub(super) async fn may_load(&self, (tenant, performance): Key) -> Result<Option<Loading>, RedisFault> {
        let key = Keys::of(tenant, performance).loading;
        let (mut connection, token) = (self.connection.clone(), Uuid::new_v4().as_simple().to_string());
        let mut call = redis::cmd("SET");
        call.arg(&key).arg(&token).arg("NX").arg("PX").arg(SILENT.as_millis() as u64);
        let set: Option<String> = call.query_async(&mut connection).await?;
        Ok(set.map(|_| Loading { connection, key, token }))
    }

    /// Waits until whoever loads the performance is done, but not for long: it is asked again then.
    pub(super) async fn until_loaded(&self, (tenant, performance): Key) -> Result<(), RedisFault> {
        let (key, deadline) = (Keys::of(tenant, performance).loading, Instant::now() + SILENT);
        while Instant::now() < deadline {
            let mut call = redis::cmd("EXISTS");
            let loading: bool = call.arg(&key).query_async(&mut self.connection.clone()).await?;
            if !loading {
                break;
            }
            sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Loading {
    /// Does the work, however long it takes; then others may.
    pub(super) async fn during<T>(self, work: impl Future<Output = T>) -> T {
        let renewing = async {
            loop {
                sleep(RENEWED).await;
                self.tell(&RENEW, "a loader could not say that it lives").await;
            }
        };
        let done = match select(pin!(work), pin!(renewing)).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => never,
        };
        self.tell(&END, "others wait a moment too long for a performance that is loaded").await;
        done
    }

    /// Changes the key, if it is this loader's own still.
    async fn tell(&self, script: &Script, otherwise: &str) {
        let mut call = script.key(&self.key);
        call.arg(&self.token).arg(SILENT.as_millis() as u64);
        let told: Result<i64, RedisError> = call.invoke_async(&mut self.connection.clone()).await;
        if let Err(error) = told {
            tracing::debug!(%error, "{otherwise}");
        }
    }
}
