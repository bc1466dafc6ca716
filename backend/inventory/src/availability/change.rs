//! What a commit tells every instance.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{PerformanceId, TenantId, UnitId};
use serde::{Deserialize, Serialize};

/// The channel that all instances listen on.
pub(super) const CHANNEL: &str = "marquee_availability";
/// More changes than this do not fit one notification of 8,000 bytes: the board is loaded again instead.
const MAX_CHANGES: usize = 120;

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The unit.
    pub unit: UnitId,
    /// Its new state.
    pub now: Now,
}

/// A unit as browsing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Now {
    /// Can be had.
    #[serde(rename = "f")]
    Free,
    /// Can be had from that moment (Unix milliseconds) on.
    #[serde(rename = "h")]
    HeldUntil(i64),
    /// Cannot be had.
    #[serde(rename = "g")]
    Gone,
}

impl Change {
    /// It is free again.
    pub fn freed(unit: UnitId) -> Self {
        Self { unit, now: Now::Free }
    }

    /// It is held.
    pub fn held(unit: UnitId, until: DateTime<Utc>) -> Self {
        Self { unit, now: Now::HeldUntil(until.timestamp_millis()) }
    }

    /// It is being paid for, sold or blocked.
    pub fn gone(unit: UnitId) -> Self {
        Self { unit, now: Now::Gone }
    }
}

/// One commit's changes to one performance. Without changes: load it again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Notice {
    #[serde(rename = "t")]
    pub(super) tenant: TenantId,
    #[serde(rename = "p")]
    pub(super) performance: PerformanceId,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(super) changes: Option<Vec<(UnitId, Now)>>,
}

/// Tells every instance what this transaction changes, once it commits. Later changes of a unit win.
///
/// # Errors
/// As [`DbError`] says.
pub async fn announce(tx: &TenantTx, performance: PerformanceId, changes: &[Change]) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    let listed = changes.iter().map(|change| (change.unit, change.now)).collect();
    let changes = (changes.len() <= MAX_CHANGES).then_some(listed);
    let notice = Notice { tenant: tx.tenant(), performance, changes };
    tx.notify(CHANNEL, &serde_json::to_string(&notice).unwrap_or_default()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_notice_fits() {
        let changes =
            (0..MAX_CHANGES).map(|_| (UnitId::generate(), Now::HeldUntil(1_764_000_000_000))).collect();
        let notice = Notice {
            tenant: TenantId::generate(),
            performance: PerformanceId::generate(),
            changes: Some(changes),
        };
        let text = serde_json::to_string(&notice).unwrap();
        assert!(text.len() < 8_000, "{}", text.len());
        let read: Notice = serde_json::from_str(&text).unwrap();
        assert_eq!(read.changes.unwrap().len(), MAX_CHANGES);
    }
}
