//! What holds the database's connections: as the running server tells it, and as the database itself does.

use std::net::SocketAddr;
use std::time::Duration;

use marquee_core::db::{Db, DbError, Holder, PlatformTx, Tag};
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::platform::Holders;

/// A server on this machine answers within this time.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines of each ranking for a person.
const SHOWN: usize = 5;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Pool {
    /// Why there is no `holders`.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Of the server that was asked.
    holders: Vec<Holder>,
    /// Open transactions of every instance, the oldest first.
    transactions: Vec<Open>,
}

/// Open transactions of a tag, as the database sees them.
#[derive(Debug, Serialize, FromQueryResult)]
struct Open {
    tag: String,
    open: i64,
    oldest_seconds: f64,
}

/// Asks the server that serves its metrics at `server`, and the database.
///
/// # Errors
/// When the database cannot be asked. That no server runs is no fault.
pub async fn look(db: &Db, server: SocketAddr, tag: Tag) -> Result<Pool, DbError> {
    // Each role sees what its own connections do.
    let mut transactions = open_transactions(db.begin_without_tenant(tag).await?).await?;
    transactions.extend(open_transactions(db.begin_platform(tag).await?).await?);
    transactions.sort_by(|a, b| b.oldest_seconds.total_cmp(&a.oldest_seconds));
    let answer = tokio::time::timeout(PATIENCE, ask(server)).await;
    let (note, holders) = match answer.map_err(|_| "no answer".to_owned()).flatten() {
        Ok(Holders { holders }) => (None, holders),
        Err(reason) => (Some(format!("no server tells at {server}: {reason}")), Vec::new()),
    };
    Ok(Pool { note, holders, transactions })
}

async fn open_transactions(tx: PlatformTx) -> Result<Vec<Open>, DbError> {
    let open = tx
        .all(
            "select tag, count(*) as open, max(age)::float8 as oldest_seconds
             from (select coalesce(substring(query from 'tag=''([a-z0-9_.]+)'''), '(no tag)') as tag,
                          extract(epoch from clock_timestamp() - xact_start) as age
                   from pg_stat_activity
                   where datname = current_database() and usename = current_user
                     and xact_start is not null and pid <> pg_backend_pid()) as open
             group by tag",
            params![],
        )
        .await?;
    tx.commit().await?;
    Ok(open)
}

/// A plain HTTP/1.0 exchange: the answer ends when the connection does.
async fn ask(server: SocketAddr) -> Result<Holders, String> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(b"GET /holders HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = exchange.await.map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP")?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(format!("it answers `{}`", head.lines().next().unwrap_or_default()));
    }
    serde_json::from_str(body).map_err(|error| error.to_string())
}

impl Pool {
    /// In a sentence.
    pub fn summary(&self) -> String {
        if let Some(note) = &self.note {
            return note.clone();
        }
        match self.holders.first() {
            Some(first) => format!("first of {} kinds of work: `{}`", self.holders.len(), first.tag),
            None => "nothing has held a connection yet".to_owned(),
        }
    }

    /// The rankings, a line each.
    pub fn lines(&self) -> Vec<String> {
        let held = self.holders.iter().take(SHOWN).map(|one| {
            format!(
                "{:<24} {:<10} {:>3} open, the oldest for {:>6.1} s; waited for {:>7.2} s lately, {:>8.2} s in all",
                one.tag,
                one.class,
                one.open_now,
                one.longest_open_seconds,
                one.blamed_seconds_last_minute,
                one.blamed_seconds_total
            )
        });
        let open = self.transactions.iter().take(SHOWN).map(|one| {
            format!(
                "{:<24} {:>3} open in the database, the oldest for {:>6.1} s",
                one.tag, one.open, one.oldest_seconds
            )
        });
        held.chain(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers one request with these bytes.
    async fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 64];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn a_server_tells_or_the_reason_is_said() {
        let told = answering("HTTP/1.0 200 OK\r\ncontent-length: 14\r\n\r\n{\"holders\":[]}").await;
        assert!(ask(told).await.unwrap().holders.is_empty());
        let older = answering("HTTP/1.0 404 Not Found\r\n\r\n").await;
        assert_eq!(ask(older).await.unwrap_err(), "it answers `HTTP/1.0 404 Not Found`");
        let stranger = answering("hello").await;
        assert_eq!(ask(stranger).await.unwrap_err(), "no HTTP");
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(ask(nobody).await.is_err());
    }
}
