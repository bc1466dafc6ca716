//! Where connections live. A connection is driven by the runtime that it was opened on: opened by a busy HTTP thread, every
//! answer of the database would wait for that thread's other requests.

use std::pin::pin;

use tokio::runtime::Handle;

/// Polls `future` as if on the runtime behind `home`: what it opens belongs there. Without one, it runs where it is.
pub(super) async fn at_home<F: Future>(home: Option<&Handle>, future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let _inside = home.map(Handle::enter);
        future.as_mut().poll(context)
    })
    .await
}
