//! One role's connections, kept open between transactions.
//!
//! A connection that is given back was left between two transactions and is as good as new: nobody asks the server first. One
//! that was not used for a while, and may have died meanwhile, is asked when it is taken again.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// A connection unused for this long is asked whether it lives before it is given out.
const QUIET: Duration = Duration::from_secs(1);
/// It has so long to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// One unused for this long is closed.
const UNUSED: Duration = Duration::from_secs(600);
/// One this old is replaced: what it keeps of tables and plans grows.
const OLD: Duration = Duration::from_secs(1_800);
/// Between two attempts to connect to a server that is starting.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// At most so many connections with the same options.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    options: PgConnectOptions,
    slots: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Idle>>>,
    /// The runtime that drives them, apart from the threads that serve requests: there each answer of the database would
    /// wait for other requests.
    home: Handle,
}

#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    opened: Instant,
    since: Instant,
}

/// A connection in use. Dropped it can be taken again, so it must be between two transactions then, or be [`Self::detach`]ed.
#[derive(Debug)]
pub(super) struct Connection {
    connection: Option<PgConnection>,
    opened: Instant,
    of: Connections,
    _slot: OwnedSemaphorePermit,
}

impl Connections {
    /// They are opened when first needed.
    pub(super) fn new(options: PgConnectOptions, most: usize, home: Handle) -> Self {
        Self { options, slots: Arc::new(Semaphore::new(most)), idle: Arc::default(), home }
    }

    /// Are all in use?
    pub(super) fn all_taken(&self) -> bool {
        self.slots.available_permits() == 0
    }

    /// Waits for one: the one that was given back last, or a new one. Without end, also while the server is starting.
    pub(super) async fn take(&self) -> Result<Connection, sqlx::Error> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        loop {
            let Some(idle) = self.idle().pop() else { break };
            if let Some(idle) = idle.if_it_lives().await {
                let (connection, opened) = (Some(idle.connection), idle.opened);
                return Ok(Connection { connection, opened, of: self.clone(), _slot: slot });
            }
        }
        let connection = Some(self.connect().await?);
        Ok(Connection { connection, opened: Instant::now(), of: self.clone(), _slot: slot })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.at_home(PgConnection::connect_with(&self.options)).await {
                Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(sqlx::Error::Database(error)) if error.is_transient_in_connect_phase() => {}
                known => return known,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Polls `future` as if on the runtime at home: what it opens belongs there.
    async fn at_home<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            let _inside = self.home.enter();
            future.as_mut().poll(context)
        })
        .await
    }

    fn give_back(&self, connection: PgConnection, opened: Instant) {
        let now = Instant::now();
        let mut idle = self.idle();
        // The one that was unused for longest stands first.
        if idle.first().is_some_and(|first| now - first.since > UNUSED) {
            drop(idle.remove(0));
        }
        if now - opened < OLD {
            idle.push(Idle { connection, opened, since: now });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    async fn if_it_lives(mut self) -> Option<Self> {
        if self.since.elapsed() >= QUIET {
            timeout(ANSWER, self.connection.ping()).await.ok()?.ok()?;
        }
        Some(self)
    }
}

impl Connection {
    /// Closes it, whatever state it is in.
    pub(super) fn detach(mut self) {
        drop(self.connection.take());
    }

    pub(super) fn get(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.of.give_back(connection, self.opened);
        }
    }
}
