//! HTTP/1.1 as cheaply as it can be spoken: the generator shares its machine with the program it measures.
//!
//! A request is bytes that the caller made; of an answer the status and the body's length are read, nothing else.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Room for an answer before its length is known; small, because ten thousand connections are open at once.
const ROOM: usize = 2048;
/// A head longer than this is no answer of ours.
const LONGEST_HEAD: usize = 16 * 1024;

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: &'a [u8],
}

/// What the head of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Status.
    pub status: u16,
    /// Bytes of the head, blank line included.
    pub length: usize,
    /// Bytes of the body.
    pub body: usize,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(ROOM) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection ends before the answer does, or the answer has no length.
    pub async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut head: Option<Head> = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if head.is_none() {
                head = read_head(&self.buffer)?;
                if let Some(found) = head {
                    self.buffer.reserve((found.length + found.body).saturating_sub(self.buffer.len()));
                }
            }
            if let Some(Head { status, length, body }) = head
                && self.buffer.len() >= length + body
            {
                return Ok(Reply {
                    status,
                    body: self.buffer.get(length..length + body).unwrap_or_default(),
                });
            }
        }
    }
}

/// Reads the head of an answer; `None` while it is not there whole.
///
/// # Errors
/// When it is no HTTP, too long, or gives its body no length.
pub fn read_head(bytes: &[u8]) -> std::io::Result<Option<Head>> {
    let malformed = |why| Error::new(ErrorKind::InvalidData, why);
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > LONGEST_HEAD { Err(malformed("a head without an end")) } else { Ok(None) };
    };
    let head = bytes.get(..end).unwrap_or_default();
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(number)
        .ok_or_else(|| malformed("no status"))?;
    let status = u16::try_from(status).map_err(|_| malformed("no status"))?;
    let given = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:").then(|| number(value.trim_ascii()))
    });
    let body = match given {
        Some(length) => length.ok_or_else(|| malformed("a length that is no number"))?,
        None if matches!(status, 100..200 | 204 | 304) => 0,
        None => return Err(malformed("an answer without a length")),
    };
    Ok(Some(Head { status, length: end + 4, body }))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A GET under a host.
pub fn get(host: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes()
}

/// Writes a POST of JSON to `out`, which is emptied first. `headers`: whole lines, each with its end.
pub fn post(out: &mut Vec<u8>, host: &str, path: &str, headers: &str, body: &str) {
    use std::io::Write as _;
    out.clear();
    // Writing to memory does not fail.
    let _ = write!(
        out,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
}

/// One request on a connection of its own: status and body.
///
/// # Errors
/// As [`Connection::exchange`].
pub async fn once(address: SocketAddr, request: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.exchange(request).await?;
    Ok((reply.status, reply.body.to_vec()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Type: x\r\nContent-LENGTH:  12 \r\nx: y\r\n\r\nhello";
        assert_eq!(read_head(answer).unwrap(), Some(Head { status: 201, length: 69, body: 12 }));
        assert_eq!(read_head(&answer[..68]).unwrap(), None);
        assert_eq!(read_head(b"").unwrap(), None);
    }

    #[test]
    fn an_answer_without_a_body_needs_no_length() {
        let body = |answer: &[u8]| read_head(answer).unwrap().unwrap().body;
        assert_eq!(body(b"HTTP/1.1 204 No Content\r\n\r\n"), 0);
        assert_eq!(body(b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n"), 0);
        assert!(read_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        assert!(read_head(b"HTTP/1.1 2x0 OK\r\n\r\n").is_err());
        assert!(read_head(b"SSH-2.0\r\n\r\n").is_err());
        assert!(read_head(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n").is_err());
        assert!(read_head(&vec![b'x'; LONGEST_HEAD + 1]).is_err());
    }

    #[test]
    fn a_post_carries_its_length() {
        let mut out = b"old".to_vec();
        post(&mut out, "a.test", "/x", "idempotency-key: k1\r\n", "{\"a\":\"ü\"}");
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\nhost: a.test\r\n"), "{text}");
        assert!(text.ends_with("idempotency-key: k1\r\ncontent-length: 10\r\n\r\n{\"a\":\"ü\"}"), "{text}");
    }

    #[tokio::test]
    async fn an_answer_may_come_in_any_pieces_and_the_connection_is_kept() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut seen = [0; 256];
            for piece_length in [1, 7, 500] {
                assert!(stream.read(&mut seen).await.unwrap() > 0);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
                for piece in answer.chunks(piece_length) {
                    stream.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        for _ in 0..3 {
            let reply = connection.exchange(&get("a.test", "/")).await.unwrap();
            assert_eq!(reply, Reply { status: 200, body: b"abc" });
        }
        server.await.unwrap();
        assert!(connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.is_err(), "nobody is there any more");
    }
}
