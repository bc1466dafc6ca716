//! Which order somebody means: its id, or its number, which is a tenant's own.

use clap::Args;
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::cli::Failure;
use crate::compose::{Foundation, STAFF};

/// Names an order.
#[derive(Debug, Args)]
pub struct Named {
    /// The order: its id or its number.
    order: String,
    /// Whose it is, by slug or id; needed only where several tenants have the number.
    #[arg(long)]
    tenant: Option<String>,
}

/// The order that was meant.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Found {
    /// Whose.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: String,
}

impl Named {
    /// Looks for it among all tenants' orders.
    ///
    /// # Errors
    /// A sentence when there is none, or more than one.
    pub async fn find(&self, foundation: &Foundation) -> Result<Found, Failure> {
        let tenant = self.tenant.as_deref().map(|name| foundation.tenant(name)).transpose()?;
        let text = self.order.trim();
        let tx = foundation.db.begin_platform(STAFF).await?;
        let mut found: Vec<Found> = match Uuid::try_parse(text) {
            Ok(id) => tx.all("select tenant_id, id, number from orders where id = $1", params![id]).await?,
            Err(_) => {
                let number = text.to_ascii_uppercase();
                tx.all(
                    "select tenant_id, id, number from orders where number = $1 order by tenant_id",
                    params![number],
                )
                .await?
            }
        };
        tx.commit().await?;
        if let Some(tenant) = tenant {
            found.retain(|one| one.tenant_id == tenant.id);
        }
        let Some(first) = found.first() else { return Err(format!("no order `{text}`").into()) };
        if found.len() > 1 {
            let names: Vec<String> = found.iter().map(|one| name(foundation, one.tenant_id)).collect();
            let names = names.join(", ");
            return Err(
                format!("several tenants have an order `{text}`: {names}; name one with --tenant").into()
            );
        }
        Ok(first.clone())
    }
}

fn name(foundation: &Foundation, tenant: TenantId) -> String {
    foundation.directory.by_id(tenant).map_or_else(|| tenant.to_string(), |tenant| tenant.slug.clone())
}
