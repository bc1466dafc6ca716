//! A batch that met a row which another transaction keeps: a claim does not wait long for it, and then nothing of the batch
//! was made. It is claimed again in ever smaller parts, each in a transaction of its own, so that in the end only whoever
//! wants that row waits for it, away from the lanes of its performance and from other performances.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use marquee_core::ids::TenantId;

use super::{Claimers, Waiting};

/// A batch is claimed again in so many parts: a large one comes down to single requests in three steps.
const PARTS: usize = 8;
/// One kept row is found within a second. Where it takes longer everything is kept, as by a table's lock: what is left is
/// not tried part by part, but waits for the next batch.
const LONG: Duration = Duration::from_millis(1_500);

/// Whom a batch may share a transaction with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Whoever is there: it has met nobody in its way.
    Any,
    /// Nobody: it would spoil theirs too.
    None,
}

impl Claimers {
    /// Claims a batch again in parts; hands back those that others were in the way of. Single requests go on by themselves.
    pub(super) fn take_apart(&self, tenant: TenantId, batch: Vec<Waiting>) -> BoxFuture<'_, Vec<Waiting>> {
        Box::pin(async move {
            let (began, mut again) = (Instant::now(), Vec::new());
            for part in parts(batch) {
                if began.elapsed() > LONG {
                    again.extend(part);
                    continue;
                }
                match <[Waiting; 1]>::try_from(part) {
                    Ok([waiting]) => drop(self.db.home().spawn(self.clone().work_alone(tenant, waiting))),
                    Err(part) => again.extend(self.serve(tenant, part, Company::None).await),
                }
            }
            again
        })
    }
}

/// At most [`PARTS`] parts of about the same size, in order.
fn parts<T>(mut batch: Vec<T>) -> Vec<Vec<T>> {
    let size = batch.len().div_ceil(PARTS).max(1);
    let mut parts = Vec::with_capacity(PARTS);
    while !batch.is_empty() {
        let rest = batch.split_off(size.min(batch.len()));
        parts.push(std::mem::replace(&mut batch, rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_small_and_nothing_is_lost() {
        for count in [0, 1, 2, 7, 8, 9, 63, 64, 65, 500] {
            let parts = parts((0..count).collect());
            assert!(parts.len() <= PARTS, "{count}");
            assert!(
                parts.iter().all(|part| !part.is_empty() && (count == 1 || part.len() < count)),
                "{count}"
            );
            assert_eq!(parts.concat(), (0..count).collect::<Vec<_>>());
        }
    }
}
