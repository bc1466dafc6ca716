//! Refunds that are asked for at the same time never exceed what was captured, and it is the order's lock that sees to it.

use marquee_checkout::{RefundError, RefundGuard, RefundRequest, RefundWhat, promise_refund};
use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::plan;
use marquee_entity::money::RefundReason;
use serde_json::json;

use super::{agrees, asks, becomes, bought};
use crate::holders::platform;

const TEST: Tag = Tag::new("test.refund");

/// Many at once ask for more than half: one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_refunds_at_once_never_exceed_what_was_captured() {
    let house = plan().servers(2).open().await;
    let fan = house.fan();
    let (staff, bearer) = platform(&house).await;
    let other = house.client_of(1, &staff.host);
    for round in 0..5 {
        let (placed, _) = bought(&fan, &[seat('A', round + 1)]).await;
        let calls = (0..8).map(|at| {
            let client = if at % 2 == 0 { &staff } else { &other };
            asks(client, &bearer, &placed, &json!({ "amount": 2_400 })).fresh().send()
        });
        let answers = futures::future::join_all(calls).await;
        let won = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(won, 1, "{:?}", answers.iter().map(|answer| answer.text()).collect::<Vec<_>>());
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            lost.refused(422, "refund_exceeds_capture");
        }
        becomes(&fan, &placed, "partially_refunded").await;
    }
    agrees(&house, 5, 5 * 2_400).await;
}

/// The same two, with the order's lock and without: without it both are promised, so the test above would notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_orders_lock_both_would_be_promised() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let tenant: TenantId = fan.tenant.id.parse().unwrap();
    let db = house.database.db(4).await;
    let wish = |key: &str| RefundRequest {
        what: RefundWhat::Amount(2_400),
        reason: RefundReason::Requested,
        change: None,
        request_key: key.to_owned(),
        requested_by: "test".to_owned(),
        note: None,
    };
    for (guard, wanted) in [(RefundGuard::On, 2_400), (RefundGuard::Off, 4_800)] {
        let seats = [seat(if wanted == 2_400 { 'A' } else { 'B' }, 1)];
        let (placed, _) = bought(&fan, &seats).await;
        let id: OrderId = placed.id.parse().unwrap();
        let first = db.begin(tenant, TEST).await.unwrap();
        promise_refund(&first, id, &wish("first"), guard).await.unwrap();
        let second = async {
            let tx = db.begin(tenant, TEST).await.unwrap();
            let promised = promise_refund(&tx, id, &wish("second"), guard).await;
            if promised.is_ok() {
                tx.commit().await.unwrap();
            }
            promised
        };
        let commit = async {
            // The second one has judged by now, or waits for the lock.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            first.commit().await.unwrap();
        };
        let (second, ()) = futures::future::join(second, commit).await;
        assert_eq!(
            matches!(second, Err(RefundError::ExceedsCapture { left: 2_300 })),
            guard == RefundGuard::On,
            "{second:?}"
        );
        let sum = format!("select sum(amount)::bigint from refunds where order_id = '{id}'");
        assert_eq!(house.database.number(&sum).await, wanted);
    }
    // The provider stands behind: it would refuse the second one. The audit names the order.
    let (passed, breaches) = house.audit().await;
    let named = breaches.iter().any(|breach| breach["kind"] == "refunded_above_capture");
    assert!(!passed && named, "{breaches:#?}");
}
