//! An order, a payment and a refund for the tests of pure rules.

use chrono::DateTime;
use marquee_core::ids::{HoldId, OrderId, PaymentId, PerformanceId, RefundId};
use marquee_entity::money::{RefundReason, RefundState};
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_entity::tenancy::ChargeModel;
use marquee_payments::record::Payment;
use marquee_payments::refunds::Refund;

use crate::types::Order;

pub(crate) fn order(status: OrderStatus) -> Order {
    Order {
        id: OrderId::generate(),
        number: "ABCD2345".to_owned(),
        hold_id: HoldId::generate(),
        performance_id: PerformanceId::generate(),
        status,
        buyer_email: String::new(),
        buyer_name: String::new(),
        locale: String::new(),
        currency: "EUR".parse().unwrap(),
        total: 1_000,
        provider: "fake".to_owned(),
        charge_model: ChargeModel::Direct,
        account: None,
        application_fee: 0,
        expires_at: DateTime::default(),
        created_at: DateTime::default(),
        paid_at: None,
    }
}

/// A first try, announced at the provider as `pi_1`.
pub(crate) fn payment(state: PaymentState) -> Payment {
    Payment {
        id: PaymentId::generate(),
        order_id: OrderId::generate(),
        provider: "fake".to_owned(),
        account: Some("acct_1".to_owned()),
        intent_id: Some("pi_1".to_owned()),
        state,
        amount: 1_000,
        currency: "EUR".parse().unwrap(),
        attempts: 1,
        attempt_id: None,
        confirmation_token: None,
        client_secret: None,
        action_url: None,
        decline_code: None,
        failure: None,
        action_until: None,
        awaited_since: None,
        fence: 1,
        age: 0.0,
    }
}

pub(crate) fn refund(state: RefundState) -> Refund {
    Refund {
        id: RefundId::generate(),
        order_id: OrderId::generate(),
        change_id: None,
        request_key: "cli:1".to_owned(),
        reason: RefundReason::Requested,
        state,
        amount: 1_000,
        currency: "EUR".parse().unwrap(),
        provider_id: None,
        failure: None,
        note: None,
        requested_by: "cli".to_owned(),
        refunded_before: None,
        attempts: 1,
        fence: 1,
        created_at: DateTime::UNIX_EPOCH,
        succeeded_at: None,
        age: 0.0,
    }
}
