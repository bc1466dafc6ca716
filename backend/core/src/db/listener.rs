//! Hearing what other instances' commits say.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::DbError;
use super::numbering::Receiver;

/// A connection is made within this time, or the attempt has failed.
const CONNECT: Duration = Duration::from_secs(5);
/// After this long without a message the connection is asked whether it still lives.
const QUIET: Duration = Duration::from_secs(15);
/// Between two attempts to reconnect.
const PAUSE: Duration = Duration::from_millis(200);
/// The server looks whether a quiet listener's host is there still, and ends the connection within some seconds if not: who
/// listens is known by these connections.
const MISSED_SOON: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "2s"),
    ("tcp_keepalives_interval", "1s"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "5s"),
];
/// Messages that wait for whoever listens; more stay with the server.
const WAITING: usize = 4_096;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What somebody gave to [`super::TenantTx::notify`] or [`super::Db::tell`].
    Message {
        /// What was given.
        payload: String,
        /// Was it this process?
        own: bool,
    },
    /// Messages before this moment were or may have been missed: what was built from them has to be built again. After a lost
    /// connection it comes when there is a new one.
    Gap,
}

/// Hears one channel on a connection of its own. Its work is done by a task that ends with it.
#[derive(Debug)]
pub struct Listener {
    heard: mpsc::Receiver<Result<Heard, DbError>>,
    task: AbortHandle,
}

impl Listener {
    /// Hears `channel` for the process whose messages are those of `sender`.
    pub(super) async fn open(options: PgConnectOptions, channel: &str, sender: u64) -> Result<Self, DbError> {
        let (channel, receiver) = (channel.to_owned(), Receiver::default());
        let options = missed_soon(options);
        let mut feed = Feed { options, channel, sender, receiver, connection: None };
        feed.connect().await?;
        let (send, heard) = mpsc::channel(WAITING);
        let task = tokio::spawn(feed.run(send)).abort_handle();
        Ok(Self { heard, task })
    }

    /// Waits for what comes next. Safe to cancel.
    ///
    /// # Errors
    /// `Unavailable` each time that a lost connection could not be had again; the next call goes on trying.
    pub async fn next(&mut self) -> Result<Heard, DbError> {
        match self.heard.recv().await {
            Some(heard) => heard,
            None => Err(DbError::Unavailable("the listening task ended".to_owned())),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn missed_soon(options: PgConnectOptions) -> PgConnectOptions {
    options.options(MISSED_SOON)
}

struct Feed {
    options: PgConnectOptions,
    channel: String,
    sender: u64,
    receiver: Receiver,
    connection: Option<PgListener>,
}

impl Feed {
    async fn connect(&mut self) -> Result<(), DbError> {
        let connect = async {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(CONNECT)
                .connect_with(self.options.clone())
                .await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.ignore_pool_close_event(true);
            // Reconnecting is done here, with a deadline.
            listener.eager_reconnect(false);
            listener.listen(&self.channel).await?;
            Ok(listener)
        };
        let connected = timeout(CONNECT, connect).await;
        let late = |_| DbError::Unavailable("no connection to listen on could be had in time".to_owned());
        self.connection = Some(connected.map_err(late)?.map_err(DbError::no_connection)?);
        Ok(())
    }

    async fn run(mut self, send: mpsc::Sender<Result<Heard, DbError>>) {
        loop {
            if let Some(connection) = &mut self.connection {
                let Ok(wire) = hear(connection).await else {
                    tracing::debug!(channel = self.channel, "a listening connection was lost");
                    self.connection = None;
                    continue;
                };
                let opened = self.receiver.open(&wire);
                if opened.gap && send.send(Ok(Heard::Gap)).await.is_err() {
                    return;
                }
                let own = opened.sender == Some(self.sender);
                let message = Heard::Message { payload: opened.payload.to_owned(), own };
                if send.send(Ok(message)).await.is_err() {
                    return;
                }
            } else {
                let outcome = self.connect().await;
                let failed = outcome.is_err();
                self.receiver = Receiver::default();
                if send.send(outcome.map(|()| Heard::Gap)).await.is_err() {
                    return;
                }
                if failed {
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// The connection is gone.
struct Lost;

/// The next message as it travels.
async fn hear(connection: &mut PgListener) -> Result<String, Lost> {
    loop {
        match timeout(QUIET, connection.try_recv()).await {
            Ok(Ok(Some(message))) => return Ok(message.payload().to_owned()),
            Ok(_) => return Err(Lost),
            Err(_) => match timeout(CONNECT, sqlx::raw_sql("select 1").execute(&mut *connection)).await {
                Ok(Ok(_)) => {}
                _ => return Err(Lost),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool;
    use super::*;

    #[test]
    fn the_server_misses_a_host_that_vanished() {
        let options = missed_soon(pool::options("postgres://nobody@127.0.0.1:1/nowhere").unwrap());
        let asked = options.get_options().unwrap();
        for (setting, value) in MISSED_SOON.iter().chain(&pool::SESSION_SETTINGS) {
            assert!(asked.contains(&format!("-c {setting}={value}")), "{setting}: {asked}");
        }
    }
}
