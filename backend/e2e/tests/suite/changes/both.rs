//! What holds for either: staff make them over HTTP, and the audit names what one left undone.

use std::collections::HashSet;

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::plan;
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use super::{chooses, days, done, performance};
use crate::holders::platform;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_cancel_and_postpone_over_http() {
    let house = plan().open().await;
    let (staff, bearer) = platform(&house).await;
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let fan = house.fan();
    let (order, _) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let call = |id: &str, what: &str, body: &Value| {
        let path = format!("/api/platform/v1/performances/{id}/{what}");
        staff.post(&path, body).header("authorization", &bearer)
    };
    let nobody = "01900000-0000-7000-8000-000000000000";
    let dates = json!({ "starts_at": days(60), "return_until": days(20) });
    call(nobody, "cancellation", &json!({})).send().await.refused(404, "not_found");
    call(nobody, "postponement", &dates).send().await.refused(404, "not_found");
    let bare = staff.post(&format!("/api/platform/v1/performances/{}/cancellation", a.seated.id), &json!({}));
    bare.send().await.refused(401, "unauthorized");
    for body in [json!({ "note": 1 }), json!({ "refund": false }), json!({ "note": "x".repeat(501) })] {
        call(&a.seated.id, "cancellation", &body).send().await.refused(422, "validation_failed");
    }
    for body in [
        json!({}),
        json!({ "starts_at": "tomorrow", "return_until": days(20) }),
        json!({ "starts_at": days(60), "return_until": days(61) }),
    ] {
        call(&a.seated.id, "postponement", &body).send().await.refused(422, "validation_failed");
    }

    call(&a.seated.id, "postponement", &dates).send().await.expect(202);
    let cancelled = call(&a.seated.id, "cancellation", &json!({ "note": "Flood." })).send().await.expect(202);
    call(&a.seated.id, "postponement", &json!({ "starts_at": days(70), "return_until": days(20) }))
        .send()
        .await
        .refused(409, "order_state");
    chooses(&fan, &order, "return").await.refused(409, "order_state");
    done(&house, &a.seated.id).await;
    let path = format!("/api/platform/v1/performances/{}/changes", a.seated.id);
    let all = staff.get(&path).header("authorization", &bearer).send().await.expect(200);
    let kinds: Vec<&str> =
        all["data"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["postponed", "cancelled"]);
    assert_eq!(all["data"][1]["change_id"], cancelled["change_id"]);
    // The other tenant's performance of the same name goes on.
    let theirs = house.fan_on(0, b);
    theirs.buy(&theirs.hold_seats(&[seat('A', 1)]).await).await;
    let recorded =
        "select count(*) from audit_log where action in ('performance.cancel', 'performance.postpone')";
    assert_eq!(house.database.number(recorded).await, 2);
    until("the money to be back", 30, async || {
        (fan.look(&order).await["status"] == "refunded").then_some(())
    })
    .await;
    house.audited().await;
}

/// What would be left undone if the worker ended a change too early.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_names_what_a_change_left_undone() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (order, _) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let id = &house.fixtures.a.seated.id;
    performance(&house, &["cancel", id]).await;
    house.audited().await;
    house.database.run("update performance_changes set state = 'done', done_at = marquee_now()").await;
    let (passed, breaches) = house.audit().await;
    let kinds: HashSet<&str> = breaches.iter().map(|breach| breach["kind"].as_str().unwrap()).collect();
    assert!(!passed, "{breaches:#?}");
    assert_eq!(
        kinds,
        ["cancelled_not_refunded", "good_ticket_of_cancelled_performance"].into(),
        "{breaches:#?}"
    );
    assert!(breaches.iter().all(|breach| breach["order_id"] == order.id), "{breaches:#?}");
    let undo = "update performance_changes set state = 'open', done_at = null";
    house.database.run(&format!("{undo}, created_at = marquee_now() - interval '2 hours'")).await;
    let (_, breaches) = house.audit().await;
    assert_eq!(breaches.iter().map(|breach| &breach["kind"]).collect::<Vec<_>>(), ["change_stuck"]);
    house
        .database
        .run(&format!(
            "update performance_changes set state = 'done', done_at = marquee_now(), kind = 'postponed',
                 starts_at_after = marquee_now(), return_until = marquee_now();
             insert into postponement_choices (tenant_id, change_id, order_id, choice)
                 select tenant_id, id, '{}', 'return' from performance_changes",
            order.id
        ))
        .await;
    let (_, breaches) = house.audit().await;
    assert_eq!(breaches.iter().map(|breach| &breach["kind"]).collect::<Vec<_>>(), ["returned_not_refunded"]);
}
