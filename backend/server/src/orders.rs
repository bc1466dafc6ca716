//! Finds an order wherever it is: what the command line and the platform staff's views share.

use marquee_core::db::DbError;
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use thiserror::Error;

use crate::compose::{Foundation, STAFF};

/// An order and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Found {
    /// Whose.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: OrderId,
    /// Its number.
    pub number: String,
}

/// Why no order was found.
#[derive(Debug, Error)]
pub enum NotFound {
    /// There is none of that name.
    #[error("no order `{0}`")]
    Unknown(String),
    /// Numbers are each tenant's own.
    #[error("several tenants have an order `{number}`: {}; name it by its id, or name the tenant", tenants.join(", "))]
    Ambiguous {
        /// What was asked for.
        number: String,
        /// Whose, by slug.
        tenants: Vec<String>,
    },
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The order with this id or number, of `tenant` where one is named. A number may be typed without care for its case.
///
/// # Errors
/// As [`NotFound`] says.
pub async fn find(foundation: &Foundation, name: &str, tenant: Option<TenantId>) -> Result<Found, NotFound> {
    let name = name.trim();
    // No number has such a character, and the database takes no NUL.
    if name.contains(char::is_control) {
        return Err(NotFound::Unknown(name.escape_default().to_string()));
    }
    let tx = foundation.db.begin_platform(STAFF).await?;
    let mut found: Vec<Found> = match name.parse::<OrderId>() {
        Ok(id) => tx.all("select tenant_id, id, number from orders where id = $1", params![id]).await?,
        Err(_) => {
            tx.all(
                "select tenant_id, id, number from orders where number = upper($1) order by tenant_id",
                params![name],
            )
            .await?
        }
    };
    tx.commit().await?;
    found.retain(|one| tenant.is_none_or(|tenant| tenant == one.tenant_id));
    match found.as_slice() {
        [] => Err(NotFound::Unknown(name.to_owned())),
        [one] => Ok(one.clone()),
        several => Err(NotFound::Ambiguous {
            number: name.to_owned(),
            tenants: several.iter().map(|one| slug(foundation, one.tenant_id)).collect(),
        }),
    }
}

fn slug(foundation: &Foundation, tenant: TenantId) -> String {
    foundation.directory.by_id(tenant).map_or_else(|| tenant.to_string(), |tenant| tenant.slug.clone())
}
