use chrono::{DateTime, Utc};
use marquee_core::db::TenantTx;
use marquee_core::ids::PerformanceId;
use serde::Serialize;

use crate::{Strategy, WriteError, store};

/// A performance's settings as they are in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// The performance.
    pub id: PerformanceId,
    /// Its event's title.
    pub event: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Has it a seating plan?
    pub reserved: bool,
    /// How units are claimed.
    pub strategy: Strategy,
    /// How long a new hold lives.
    pub hold_seconds: i32,
    /// When it is on sale.
    pub on_sale: SaleWindow,
    /// Most units in one order.
    pub limit_per_order: i32,
    /// Most units one buyer may have.
    pub limit_per_buyer: i32,
}

/// When something is on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SaleWindow {
    /// First moment of sale.
    pub from: DateTime<Utc>,
    /// First moment after it.
    pub until: DateTime<Utc>,
}

/// Reads a performance's settings, of a published event or not.
///
/// # Errors
/// `NoPerformance`.
pub async fn show_performance(tx: &TenantTx, id: PerformanceId) -> Result<Settings, WriteError> {
    store::write::show_settings(tx, id).await?.ok_or(WriteError::NoPerformance(id))
}
