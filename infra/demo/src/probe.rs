//! How a process shows that it is ready: asked over its own protocol, never assumed.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(1);

/// What to ask, on 127.0.0.1.
#[derive(Debug, Clone)]
pub enum Probe {
    /// Postgres asks for a password, so it is past recovery and lets people in.
    Postgres(u16),
    /// Redis answers PING under its password, so its data are loaded.
    Redis(u16, String),
    /// A GET is answered with 200.
    Page(u16, &'static str),
    /// A GET is answered, whatever it says.
    AnyPage(u16),
    /// SMTP greets, and pages are served.
    Mail {
        /// SMTP's port.
        smtp: u16,
        /// The pages' port.
        web: u16,
    },
    /// The port is open.
    Port(u16),
}

impl Probe {
    /// Whether the process is ready now; answers within a second or so.
    pub async fn is_ready(&self) -> bool {
        tokio::time::timeout(PATIENCE, self.ask()).await.is_ok_and(|answer| answer.unwrap_or(false))
    }

    async fn ask(&self) -> std::io::Result<bool> {
        match self {
            Self::Postgres(port) => Ok(exchange(*port, &startup_message()).await?.starts_with(b"R")),
            Self::Redis(port, password) => {
                let question = format!("AUTH {password}\r\nPING\r\n");
                Ok(exchange_all(*port, question.as_bytes(), b"+OK\r\n+PONG\r\n".len()).await?
                    == b"+OK\r\n+PONG\r\n")
            }
            Self::Page(port, path) => Ok(status(*port, path).await?.starts_with(b"HTTP/1.1 200")),
            Self::AnyPage(port) => Ok(status(*port, "/").await?.starts_with(b"HTTP/1.1 ")),
            Self::Mail { smtp, web } => {
                TcpStream::connect(("127.0.0.1", *web)).await?;
                Ok(exchange(*smtp, b"").await?.starts_with(b"220"))
            }
            Self::Port(port) => TcpStream::connect(("127.0.0.1", *port)).await.map(|_| true),
        }
    }
}

/// Protocol 3.0's first message, from a user who need not exist: the password is asked for before the name is judged.
fn startup_message() -> Vec<u8> {
    let body = b"\x00\x03\x00\x00user\x00probe\x00database\x00postgres\x00\x00";
    let length = u32::try_from(body.len() + 4).unwrap_or(0);
    [&length.to_be_bytes(), body.as_slice()].concat()
}

async fn status(port: u16, path: &str) -> std::io::Result<Vec<u8>> {
    let question = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    exchange_all(port, question.as_bytes(), b"HTTP/1.1 200".len()).await
}

/// Says `question` and returns what comes first.
async fn exchange(port: u16, question: &[u8]) -> std::io::Result<Vec<u8>> {
    exchange_all(port, question, 1).await
}

/// Says `question` and returns the answer, at least `length` bytes of it unless it ends before.
async fn exchange_all(port: u16, question: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(question).await?;
    let mut answer = Vec::new();
    while answer.len() < length && stream.read_buf(&mut answer).await? > 0 {}
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn answer_once(answer: &'static [u8]) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer).await.unwrap();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        });
        port
    }

    #[tokio::test]
    async fn only_the_expected_answer_is_ready() {
        assert!(Probe::Page(answer_once(b"HTTP/1.1 200 OK\r\n\r\n").await, "/readyz").is_ready().await);
        assert!(!Probe::Page(answer_once(b"HTTP/1.1 503 No\r\n\r\n").await, "/readyz").is_ready().await);
        assert!(Probe::AnyPage(answer_once(b"HTTP/1.1 401 No\r\n\r\n").await).is_ready().await);
        assert!(Probe::Postgres(answer_once(b"R\x00\x00").await).is_ready().await);
        assert!(!Probe::Postgres(answer_once(b"E\x00\x00").await).is_ready().await);
        assert!(Probe::Redis(answer_once(b"+OK\r\n+PONG\r\n").await, "pw".to_owned()).is_ready().await);
        assert!(
            !Probe::Redis(answer_once(b"-LOADING\r\n-LOADING\r\n").await, "pw".to_owned()).is_ready().await
        );
    }

    #[tokio::test]
    async fn a_closed_port_is_not_ready() {
        let port = answer_once(b"").await;
        let _first = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        assert!(!Probe::Page(1, "/").is_ready().await);
        assert!(!Probe::Port(1).is_ready().await);
    }
}
