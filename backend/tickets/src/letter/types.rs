use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, PerformanceChangeId, RefundId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

use crate::PaperOrder;

/// What a staged letter is about; what it says is read when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum Letter {
    /// Money goes back to the buyer, tickets are withdrawn, or both: the refund's reason tells how it came to that.
    Refund {
        /// The refund.
        refund_id: RefundId,
    },
    /// The performance has a new date: keep the tickets or return them.
    Postponed {
        /// Whose tickets.
        order_id: OrderId,
        /// The change of date.
        change_id: PerformanceChangeId,
    },
}

/// What a letter tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The order and its performance, as they stand now.
    pub(crate) order: PaperOrder,
    /// What it is about.
    pub(crate) about: About,
    /// The places it is about, in the order's own sequence.
    pub(crate) rows: Vec<Row>,
}

/// What became of an order. Amounts in minor units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum About {
    /// Money goes back.
    Refund {
        amount: i64,
        /// Tickets of the order that stay good.
        staying: i64,
    },
    /// Money came for seats that were gone, and goes back.
    SeatLost { amount: i64 },
    /// The performance does not take place.
    Cancelled {
        amount: i64,
        /// The promoter's words.
        note: Option<String>,
    },
    /// The performance takes place at the order's `starts_at` instead.
    Postponed {
        before: DateTime<Utc>,
        return_until: DateTime<Utc>,
        /// What whoever returns all tickets gets back.
        amount: i64,
        /// The promoter's words.
        note: Option<String>,
    },
}

/// A place that a letter is about.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(crate) struct Row {
    /// The place, in words.
    pub(crate) label: String,
    /// Adult, child …
    pub(crate) ticket_type: String,
    /// The price level's name.
    pub(crate) price_level: String,
    /// All-in price in minor units.
    pub(crate) total: i64,
}
