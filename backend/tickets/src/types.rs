//! Tickets as they are read, and as they are put on paper.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::money::Currency;
use marquee_entity::orders::TicketStatus;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

/// A ticket as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromQueryResult, utoipa::ToSchema)]
pub struct Ticket {
    /// Id.
    pub ticket_id: TicketId,
    /// The place, in words: `Balcony · Row A · Seat 1`.
    pub label: String,
    /// What the QR says.
    pub code: String,
    /// Whose it is.
    pub holder: String,
    /// Good for admission?
    #[schema(inline)]
    pub status: TicketStatus,
}

/// What the staged mail needs to know; the rest is read when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailOrder {
    /// The order whose tickets are sent.
    pub order_id: OrderId,
}

/// An order with all that its tickets say, for PDF and mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    /// The order and its performance.
    pub order: PaperOrder,
    /// Its tickets that are good or used, in the order's own sequence. Never empty.
    pub tickets: Vec<PaperTicket>,
}

/// The part of a [`Paper`] that all its tickets share.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct PaperOrder {
    /// The order.
    pub order_id: OrderId,
    /// The order's number, as people say it.
    pub number: String,
    /// Who bought.
    pub buyer_name: String,
    /// Where the mail goes.
    pub buyer_email: String,
    /// BCP 47 tag of the buyer's language.
    pub locale: String,
    /// What was paid and neither was nor will be paid back, in minor units.
    pub total: i64,
    /// Of `total` and of each ticket's price.
    pub currency: Currency,
    /// What is played.
    pub event_title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When the doors open.
    pub doors_at: DateTime<Utc>,
    /// Where.
    pub venue: String,
    /// Street.
    pub address: String,
    /// Town.
    pub city: String,
}

/// One ticket of a [`Paper`].
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct PaperTicket {
    /// Id.
    pub ticket_id: TicketId,
    /// The place, in words.
    pub label: String,
    /// What the QR says.
    pub code: String,
    /// Whose it is.
    pub holder: String,
    /// Adult, child …
    pub ticket_type: String,
    /// The price level's name.
    pub price_level: String,
    /// All-in price in minor units.
    pub total: i64,
    /// The entrances that take it.
    pub gates: Vec<String>,
}

/// The parts of a label: where, then each step closer. `Balcony · Row A · Seat 1` has three.
pub fn label_parts(label: &str) -> impl Iterator<Item = &str> {
    label.split(" · ").map(str::trim).filter(|part| !part.is_empty())
}
