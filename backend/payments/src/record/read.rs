//! What others read of the record, without any right to write to it: an order's payment, the order of a payment, and those
//! that somebody should look after.

use marquee_core::db::{Db, DbError, PlatformTx, Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;

use super::{COLUMNS, Payment, known_as};

const DUE: Tag = Tag::background("payments.due");

/// The payment of an order, if one was begun.
///
/// # Errors
/// As [`DbError`] says.
pub async fn read(tx: &TenantTx, order: OrderId) -> Result<Option<Payment>, DbError> {
    let sql = format!("select {COLUMNS} from payments p where p.tenant_id = $1 and p.order_id = $2");
    tx.optional(&sql, params![order]).await
}

/// The order that a payment of `account` (empty: the platform's own) belongs to, by the provider's id of the payment or
/// of its charge.
///
/// # Errors
/// As [`DbError`] says.
pub async fn order_of(
    tx: &TenantTx,
    account: &str,
    intent: Option<&str>,
    charge: Option<&str>,
) -> Result<Option<OrderId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        order_id: OrderId,
    }
    let sql = format!(
        "select p.order_id from payments p where p.tenant_id = $1 and coalesce(p.account, '') = $2 and {}",
        known_as("$3", "$4")
    );
    let row: Option<Row> = tx.optional(&sql, params![account, intent, charge]).await?;
    Ok(row.map(|row| row.order_id))
}

/// A payment that somebody should look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Due {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which order's.
    pub order_id: OrderId,
}

/// Open payments that are due and that nobody has, the longest waiting first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let tx: PlatformTx = db.begin_platform(DUE).await?;
    let due = tx
        .all(
            "select tenant_id, order_id from payments
             where state in ('created', 'confirming', 'requires_action', 'authorised', 'capturing', 'cancelling')
               and due_at <= marquee_now() and coalesce(lease_until <= marquee_now(), true)
             order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(due)
}
