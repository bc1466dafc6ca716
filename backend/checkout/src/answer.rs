//! Answers as they are sent, stored and replayed: byte for byte the same.

use chrono::{DateTime, Utc};
use marquee_core::ids::OrderId;
use marquee_core::money::Currency;
use marquee_core::problem::{Code, Problem};
use marquee_entity::orders::OrderStatus;
use marquee_payments::idempotency::Answer;
use serde::Serialize;

use crate::show::PaymentBody;
use crate::types::{Line, Outcome};

/// Payments that were declined: their answer has this status.
pub(crate) const DECLINED: u16 = 402;

/// An answer on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status and body.
    pub answer: Answer,
    /// Is it the stored answer of an earlier call?
    pub replayed: bool,
}

/// The answer to a placed order. The token is added when it is sent: it is derived, and stored nowhere.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PlacedBody {
    /// Id.
    pub order_id: OrderId,
    /// Goes into the `Order-Token` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What people call it.
    pub number: String,
    /// `pending`.
    pub status: OrderStatus,
    /// What is to be paid, in minor units.
    pub total: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// What is bought.
    pub lines: Vec<Line>,
    /// Until when it can be paid, but for a bank's confirmation.
    pub expires_at: DateTime<Utc>,
    /// How to pay.
    pub payment: PaymentBody,
}

/// The answer to a call to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PayBody {
    /// `paid`, `processing` or `requires_action`.
    pub status: OrderStatus,
    /// With it the buyer's browser may go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The bank's page, where the buyer confirms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_url: Option<String>,
}

/// Any body as JSON.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Answer {
    Answer { status, body: serde_json::to_string(body).unwrap_or_default() }
}

/// How a call to pay is answered, for the outcomes that are answers; the others are errors.
pub(crate) fn of_outcome(outcome: &Outcome) -> Option<Answer> {
    let plain = |status| PayBody { status, client_secret: None, action_url: None };
    match outcome {
        Outcome::Paid => Some(json(200, &plain(OrderStatus::Paid))),
        Outcome::Processing => Some(json(200, &plain(OrderStatus::Processing))),
        Outcome::RequiresAction { client_secret, action_url } => Some(json(
            200,
            &PayBody {
                status: OrderStatus::RequiresAction,
                client_secret: client_secret.clone(),
                action_url: action_url.clone(),
            },
        )),
        Outcome::Declined(code) => Some(declined(code)),
        Outcome::Unavailable | Outcome::InvalidToken | Outcome::Closed(_) | Outcome::TooLate => None,
    }
}

/// The answer to a declined payment.
pub(crate) fn declined(decline_code: &str) -> Answer {
    let problem = Problem::new(Code::PaymentDeclined).with("decline_code", decline_code);
    json(DECLINED, &problem.body())
}

/// A stored answer with the order's token put back in, right behind its id.
pub(crate) fn with_token(answer: Answer, token: &str) -> Answer {
    let Ok(serde_json::Value::Object(stored)) = serde_json::from_str(&answer.body) else { return answer };
    let mut body = serde_json::Map::new();
    for (name, value) in stored {
        let is_id = name == "order_id";
        body.insert(name, value);
        if is_id {
            body.insert("token".to_owned(), token.into());
        }
    }
    Answer { status: answer.status, body: serde_json::Value::Object(body).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_put_back_the_same_each_time() {
        let stored =
            Answer { status: 201, body: r#"{"order_id":"x","number":"N","lines":[{"a":1}]}"#.to_owned() };
        let sent = with_token(stored.clone(), "t");
        assert_eq!(sent.body, r#"{"order_id":"x","token":"t","number":"N","lines":[{"a":1}]}"#);
        assert_eq!(with_token(stored, "t"), sent);
    }

    #[test]
    fn a_decline_is_a_problem_with_its_code() {
        let answer = declined("insufficient_funds");
        assert_eq!(answer.status, 402);
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["code"], "payment_declined");
        assert_eq!(body["decline_code"], "insufficient_funds");
    }
}
