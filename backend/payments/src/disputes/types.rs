//! What a dispute is, and which word of the provider's is the later one.

use chrono::{DateTime, Utc};
use marquee_core::ids::{DisputeId, OrderId};
use marquee_core::money::Currency;
use marquee_entity::money::DisputeOutcome;
use sea_orm::FromQueryResult;

use crate::ProviderDispute;

/// A dispute as recorded.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Dispute {
    /// Id.
    pub id: DisputeId,
    /// Of which order's payment.
    pub order_id: OrderId,
    /// The provider's id.
    pub provider_id: String,
    /// Where it stands, in the provider's word.
    pub status: String,
    /// Why, in the provider's word.
    pub reason: String,
    /// How much, in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Did the bank take the money back, for now or for good?
    pub withdrawn: bool,
    /// Until when evidence is taken.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// When evidence was sent.
    pub evidence_sent_at: Option<DateTime<Utc>>,
    /// What was sent.
    pub evidence: Option<String>,
    /// How it ended.
    pub outcome: Option<DisputeOutcome>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When we heard that it ended.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What the provider's word was to us.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// We had not heard of it.
    New(Dispute),
    /// It has moved on.
    Moved(Dispute),
    /// Nothing new.
    Known(Dispute),
}

impl Taken {
    /// The dispute as recorded now.
    pub fn dispute(&self) -> &Dispute {
        match self {
            Self::New(dispute) | Self::Moved(dispute) | Self::Known(dispute) => dispute,
        }
    }
}

/// Does the provider's word say more than what is recorded? An inquiry may become a dispute; what is over stays so.
pub(super) fn moves(recorded: &Dispute, known: &ProviderDispute) -> bool {
    recorded.outcome.is_none()
        && (known.outcome.is_some()
            || rank(&known.status) > rank(&recorded.status)
            || (known.money_withdrawn && !recorded.withdrawn)
            || (rank(&known.status) == rank(&recorded.status) && known.due_by > recorded.evidence_due_at))
}

/// How far a dispute has come.
fn rank(status: &str) -> u8 {
    match status {
        "warning_needs_response" => 1,
        "warning_under_review" => 2,
        "needs_response" => 3,
        "under_review" => 4,
        "won" | "lost" | "warning_closed" | "prevented" | "charge_refunded" => 5,
        // A word of tomorrow is recorded when it is news, and moved on from by every word we know.
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use marquee_core::money::Money;

    use super::*;

    fn recorded(status: &str, outcome: Option<DisputeOutcome>) -> Dispute {
        Dispute {
            id: DisputeId::generate(),
            order_id: OrderId::generate(),
            provider_id: "du_1".to_owned(),
            status: status.to_owned(),
            reason: "fraudulent".to_owned(),
            amount: 100,
            currency: "EUR".parse().unwrap(),
            withdrawn: !status.starts_with("warning"),
            evidence_due_at: None,
            evidence_sent_at: None,
            evidence: None,
            outcome,
            opened_at: DateTime::default(),
            closed_at: None,
        }
    }

    fn known(status: &str, outcome: Option<DisputeOutcome>) -> ProviderDispute {
        ProviderDispute {
            id: "du_1".to_owned(),
            charge: "ch_1".to_owned(),
            intent: None,
            status: status.to_owned(),
            outcome,
            money_withdrawn: !status.starts_with("warning"),
            amount: Money { amount: 100, currency: "EUR".parse().unwrap() },
            reason: "fraudulent".to_owned(),
            due_by: None,
            movements: Vec::new(),
            created: DateTime::default(),
        }
    }

    #[test]
    fn a_dispute_only_moves_on() {
        let path = ["warning_needs_response", "warning_under_review", "needs_response", "under_review"];
        for (at, from) in path.iter().enumerate() {
            for (then, to) in path.iter().enumerate() {
                assert_eq!(moves(&recorded(from, None), &known(to, None)), then > at, "{from} to {to}");
            }
            let won = known("won", Some(DisputeOutcome::Won));
            assert!(moves(&recorded(from, None), &won), "{from}");
            assert!(!moves(&recorded("won", Some(DisputeOutcome::Won)), &known(from, None)), "{from}");
        }
        let lost = known("lost", Some(DisputeOutcome::Lost));
        assert!(!moves(&recorded("won", Some(DisputeOutcome::Won)), &lost), "over is over");
    }

    #[test]
    fn a_word_of_tomorrow_holds_nothing_up() {
        assert!(moves(&recorded("escalated", None), &known("under_review", None)));
        assert!(!moves(&recorded("under_review", None), &known("escalated", None)));
    }
}
