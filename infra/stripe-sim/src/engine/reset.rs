//! Ends a connection without an answer.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

/// The connection's socket, kept beside it so that a handler can reach it.
struct Socket(OwnedFd);

/// Remembers a new connection's socket.
pub fn remember(connection: &dyn Any, data: &mut Extensions) {
    let socket = connection.downcast_ref::<TcpStream>().and_then(|tcp| tcp.as_fd().try_clone_to_owned().ok());
    if let Some(socket) = socket {
        data.insert(Socket(socket));
    }
}

/// A response that never reaches the wire: its body fails at once, which makes the server drop the connection before
/// anything is flushed; without lingering, the drop is a reset.
pub fn response(request: &HttpRequest) -> HttpResponse {
    let reset = request
        .conn_data::<Socket>()
        .and_then(|socket| socket.0.try_clone().ok())
        .map(std::net::TcpStream::from)
        .and_then(|tcp| TcpStream::from_std(tcp).ok())
        .and_then(|tcp| tcp.set_zero_linger().ok());
    if reset.is_none() {
        tracing::warn!("the connection is closed rather than reset");
    }
    HttpResponse::Ok().body(Broken)
}

/// A body that cannot be sent.
struct Broken;

impl MessageBody for Broken {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err("reset on request".into())))
    }
}
