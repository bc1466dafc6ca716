//! Typed identifiers: UUIDv7, the same in every answer and in the database.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id; ids made later sort after those made earlier.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A promoter with a site of their own.
    TenantId,
    /// Somebody who signs in: a tenant's or the platform's.
    StaffId,
    /// A place where performances happen.
    VenueId,
    /// A seating plan as imported.
    PlanId,
    /// What is played.
    EventId,
    /// One dated showing of an event, with its own inventory.
    PerformanceId,
    /// A price level of a performance.
    PriceLevelId,
    /// A ticket type (adult, child …) of a price level.
    TicketTypeId,
    /// One sellable seat or standing place.
    UnitId,
    /// Units kept for a buyer for a while.
    HoldId,
    /// An order.
    OrderId,
    /// A line of an order: one unit at its price.
    OrderLineId,
    /// The payment of an order.
    PaymentId,
    /// An issued ticket.
    TicketId,
    /// Money on its way back to a buyer.
    RefundId,
    /// A payment that the buyer's bank took back, or asks about.
    DisputeId,
    /// A cancelled or postponed date of a performance.
    PerformanceChangeId,
    /// Who gets a share of a sale.
    RecipientId,
    /// An account of the ledger.
    LedgerAccountId,
    /// A transaction of the ledger.
    LedgerTransactionId,
    /// A difference between the ledger and the provider.
    BreakId,
    /// An entrance of a performance.
    GateId,
    /// A scanner at the door.
    DeviceId,
    /// A scan, named by the device that made it.
    ScanId,
    /// A staged side effect.
    OutboxId,
}
