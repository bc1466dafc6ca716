//! Requests for holds are taken in turn, a few at a time.
//!
//! When a sale opens, thousands come in one moment, and whoever only looks stands behind them in the same thread. One whose turn
//! has not come costs no more than its head; it is read, checked and queued for its claim when it has, and then waits for the
//! claim without a turn. So a browser stands behind a few of them, not behind all.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Inventory;

/// Requests of a process that are read and checked at one time.
const AT_ONCE: usize = 64;

/// Whose turn it is.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A request's turn; it ends when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

/// Lets a request go on when its turn has come.
pub(crate) async fn in_turn(
    inventory: web::Data<Inventory>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Never closed.
    let permit = Arc::clone(&inventory.turns().0).acquire_owned().await.ok();
    request.extensions_mut().insert(Turn { _permit: permit });
    next.call(request).await
}

impl FromRequest for Turn {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions_mut().remove().unwrap_or_default()))
    }
}
