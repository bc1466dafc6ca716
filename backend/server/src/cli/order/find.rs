//! Which order somebody means: its id, or its number, which is a tenant's own.

use clap::Args;

use crate::cli::Failure;
use crate::compose::Foundation;
use crate::orders::{self, Found};

/// Names an order.
#[derive(Debug, Args)]
pub struct Named {
    /// The order: its id or its number.
    order: String,
    /// Whose it is, by slug or id; needed only where several tenants have the number.
    #[arg(long)]
    tenant: Option<String>,
}

impl Named {
    /// Looks for it among all tenants' orders.
    ///
    /// # Errors
    /// A sentence when there is none, or more than one.
    pub async fn find(&self, foundation: &Foundation) -> Result<Found, Failure> {
        let tenant = self.tenant.as_deref().map(|name| foundation.tenant(name)).transpose()?;
        Ok(orders::find(foundation, &self.order, tenant.map(|tenant| tenant.id)).await?)
    }
}
