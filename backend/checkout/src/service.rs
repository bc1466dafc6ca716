use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use marquee_catalog::Catalog;
use marquee_core::clock::SharedClock;
use marquee_core::config::Config;
use marquee_core::db::Db;
use marquee_core::ids::{HoldId, OrderId, TenantId};
use marquee_core::limits::Limits;
use marquee_payments::Provider;

use crate::CheckoutError;
use crate::declines::Declines;

/// Tries of a transaction that others are in the way of, and the pause after the first.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(10);

/// What the checkout stands on.
#[derive(Debug, Clone)]
pub struct CheckoutParts {
    /// The configuration: secret, webhook secrets, how links are built.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// What is sold.
    pub catalog: Catalog,
    /// Who takes the money.
    pub provider: Arc<dyn Provider>,
    /// Limits per address.
    pub limits: Limits,
    /// The time.
    pub clock: SharedClock,
}

/// Places, pays, shows and recovers orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Checkout {
    pub(crate) parts: Arc<CheckoutParts>,
    pub(crate) declines: Declines,
    /// Whose the provider's accounts are, and since when that is known.
    pub(crate) accounts: Arc<Mutex<HashMap<String, (TenantId, Instant)>>>,
}

impl Checkout {
    /// A checkout over its parts.
    pub fn new(parts: CheckoutParts) -> Self {
        let live = parts.provider.is_live();
        let declines = Declines::new(parts.limits.clone(), Arc::clone(&parts.clock), live);
        Self { parts: Arc::new(parts), declines, accounts: Arc::default() }
    }

    /// Is `token` the token of this order?
    pub fn owns(&self, tenant: TenantId, order: OrderId, token: &str) -> bool {
        self.parts.config.secret_key.verifies("order", &[tenant.0.as_bytes(), order.0.as_bytes()], token)
    }

    /// The token of an order.
    pub fn token(&self, tenant: TenantId, order: OrderId) -> String {
        self.parts.config.secret_key.token("order", &[tenant.0.as_bytes(), order.0.as_bytes()])
    }

    /// Is `token` the token of this hold?
    pub(crate) fn owns_hold(&self, tenant: TenantId, hold: HoldId, token: &str) -> bool {
        self.parts.config.secret_key.verifies("hold", &[tenant.0.as_bytes(), hold.0.as_bytes()], token)
    }
}

/// Runs a transaction again, a few times, while others are in its way.
pub(crate) async fn retrying<T, Work, Done>(mut work: Work) -> Result<T, CheckoutError>
where
    Work: FnMut() -> Done,
    Done: Future<Output = Result<T, CheckoutError>>,
{
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match work().await {
            Err(error) if error.is_contention() => tokio::time::sleep(pause).await,
            done => return done,
        }
        pause *= 2;
    }
    work().await
}
