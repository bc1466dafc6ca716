//! One connection of a buyer: prebuilt requests, and no more parsing of answers than a test needs.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Was it `Idempotent-Replayed`?
    pub replayed: bool,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The `code` of a problem.
    pub fn code(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let code = text.split_once("\"code\":\"").and_then(|(_, rest)| rest.split_once('"'));
        code.map_or_else(String::new, |(code, _)| code.to_owned())
    }

    /// `409 seat_taken`.
    pub fn kind(&self) -> String {
        format!("{} {}", self.status, self.code()).trim().to_owned()
    }
}

/// A connection to one server, opened when it is needed and kept.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Line {
    /// A line to a port of this machine.
    pub fn new(port: u16) -> Self {
        Self { address: (Ipv4Addr::LOCALHOST, port).into(), stream: None, read: Vec::new() }
    }

    /// Opens it, if it is not open.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open(&mut self) -> std::io::Result<&mut TcpStream> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.read.clear();
            self.stream = Some(stream);
        }
        self.stream.as_mut().ok_or_else(|| std::io::ErrorKind::NotConnected.into())
    }

    /// Closes it without a word.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Sends a request without waiting for its answer.
    ///
    /// # Errors
    /// As the system says.
    pub async fn send(&mut self, request: &[u8]) -> std::io::Result<()> {
        self.open().await?.write_all(request).await
    }

    /// Sends a request and reads its answer. After an error the line is closed.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn ask(&mut self, request: &[u8]) -> std::io::Result<Reply> {
        let answered = match self.send(request).await {
            Ok(()) => self.answer().await,
            Err(error) => Err(error),
        };
        if answered.is_err() {
            self.close();
        }
        answered
    }

    async fn answer(&mut self) -> std::io::Result<Reply> {
        let broken = |why: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, why);
        let Self { stream, read, .. } = self;
        let stream = stream.as_mut().ok_or_else(|| broken("no connection"))?;
        read.clear();
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(read).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).into_owned();
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.get(9..12)).and_then(|three| three.parse().ok());
        let status = status.ok_or_else(|| broken("no status"))?;
        let (mut length, mut retry_after, mut replayed, mut closes) = (None, None, false, false);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse::<usize>().ok(),
                "retry-after" => retry_after = value.parse().ok(),
                "idempotent-replayed" => replayed = value == "true",
                "connection" => closes = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        let length = if status == 204 { 0 } else { length.ok_or_else(|| broken("no length"))? };
        let mut body = read.split_off(head + 4);
        while body.len() < length {
            if stream.read_buf(&mut body).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        if closes {
            self.close();
        }
        Ok(Reply { status, retry_after, replayed, body })
    }
}
