//! What a movement means, and how often an account is asked about.

use chrono::{DateTime, NaiveDate, Utc};
use marquee_core::ids::{BreakId, TenantId};
use marquee_core::money::Currency;
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::Value;

use crate::ProviderMovement;

/// Seconds between two looks at an account on which something moved lately, and at one that has been quiet for long.
const PAUSE: (f64, f64) = (30.0, 300.0);
/// A quiet account is asked about after this part of the time it has been quiet.
const QUIET_PART: f64 = 120.0;

/// Kinds of movements that are fees by themselves.
const FEES: [&str; 3] = ["stripe_fee", "network_cost", "tax_fee"];

/// An account whose movements are to be read.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Due {
    /// Whose.
    pub tenant_id: TenantId,
    /// The provider's id of it.
    pub account: String,
    /// Is it to be compared with the ledger as well?
    pub daily: bool,
}

/// Movements that came to be known this many seconds ago are looked at in every round.
const RECENT_SECONDS: f64 = 900.0;

/// Which movements to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that came to be known lately.
    Recent,
    /// All.
    All,
}

impl Scope {
    /// How long ago they may have come to be known, in seconds.
    pub(super) fn seconds(self) -> Option<f64> {
        (self == Self::Recent).then_some(RECENT_SECONDS)
    }
}

/// A difference between ledger and provider.
#[derive(Debug, Clone, PartialEq, Serialize, FromQueryResult)]
pub struct Break {
    /// Id.
    #[serde(rename = "break_id")]
    pub id: BreakId,
    /// Whose.
    pub tenant_id: TenantId,
    /// What kind: `posting_missing`, `movement_missing`, `amount_mismatch`, `platform_fee_mismatch`,
    /// `processing_fee_mismatch`, `movement_unexplained`.
    pub kind: String,
    /// The provider's movement, or the posting where there is no movement.
    pub reference: String,
    /// The account, the day, and what stands on both sides.
    pub about: Value,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// When it was resolved; none while it is open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it; `reconciliation` where the difference went away by itself.
    pub resolved_by: Option<String>,
    /// What it was.
    pub resolution: Option<String>,
}

/// One day of an account: what moved there, and what the ledger has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Day {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Movements and postings without one.
    pub count: i64,
    /// What the provider moved, less what it kept, in minor units; payouts left out.
    pub provider: i64,
    /// What the ledger says of the same.
    pub ledger: i64,
}

/// How a comparison came out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The latest days, newest first.
    pub days: Vec<Day>,
    /// Breaks that are new.
    pub opened: u64,
    /// Breaks whose difference is gone.
    pub closed: u64,
}

impl ProviderMovement {
    /// What the provider kept for itself, in minor units.
    pub(super) fn kept(&self) -> i64 {
        if FEES.contains(&self.kind.as_str()) { self.fee.saturating_sub(self.amount) } else { self.fee }
    }
}

/// What stands behind a movement at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    Charge,
    Refund,
    Dispute,
}

impl Behind {
    pub(super) fn of(kind: &str) -> Option<Self> {
        match kind {
            "charge" | "payment" => Some(Self::Charge),
            "refund" | "payment_refund" | "refund_failure" | "payment_failure_refund" => Some(Self::Refund),
            "adjustment" => Some(Self::Dispute),
            _ => None,
        }
    }
}

/// Seconds until an account is asked about again, `quiet` seconds after its last movement; none ever: as if for long.
pub fn pause(quiet: Option<f64>) -> f64 {
    quiet.map_or(PAUSE.1, |quiet| (quiet / QUIET_PART).clamp(PAUSE.0, PAUSE.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_account_is_asked_about_less_often() {
        assert_eq!(pause(Some(-5.0)), 30.0);
        assert_eq!(pause(Some(3_600.0)), 30.0);
        assert_eq!(pause(Some(18_000.0)), 150.0);
        assert_eq!(pause(Some(1e9)), 300.0);
        assert_eq!(pause(None), 300.0);
    }
}
