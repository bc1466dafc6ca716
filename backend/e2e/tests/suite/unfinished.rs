//! Calls that a dead process left: they are completed from what is recorded, and never thrown away before.

use marquee_core::db::Tag;
use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order};
use marquee_e2e::wait::until;
use marquee_payments::idempotency;
use serde_json::json;

/// A call as a process leaves it that died right after beginning it, a minute ago. Answers its key.
async fn left(house: &House, fan: &Fan, scope: &str, body: &serde_json::Value) -> String {
    let key = fresh_key();
    house
        .database
        .run(&format!(
            "insert into idempotency_keys (tenant_id, scope, key, fingerprint, fence, created_at)
             values ('{}', '{scope}', '{key}', sha256('{body}'), 1, marquee_now() - interval '1 minute')",
            fan.tenant.id
        ))
        .await;
    key
}

async fn standing(house: &House, key: &str) -> Option<String> {
    let sql = format!("select coalesce(status::text, 'open') from idempotency_keys where key = '{key}'");
    house.database.texts(&sql).await.into_iter().next()
}

async fn ordered(fan: &Fan, number: usize) -> Order {
    fan.order(&fan.hold_seats(&[seat('A', number)]).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_dead_processes_are_completed() {
    let house = House::open().await;
    let fan = house.fan();
    let paid = ordered(&fan, 1).await;
    fan.pay(&paid, "pm_card_visa").await.expect(200);
    let declined = ordered(&fan, 2).await;
    fan.pay(&declined, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    let open = ordered(&fan, 3).await;
    let body = json!({});
    let keys = [
        left(&house, &fan, &format!("pay:{}", paid.id), &body).await,
        left(&house, &fan, &format!("pay:{}", declined.id), &body).await,
        left(&house, &fan, &format!("pay:{}", open.id), &body).await,
        left(&house, &fan, "something-else", &body).await,
        left(&house, &fan, &format!("pay:{}:joined", paid.id), &body).await,
        left(&house, &fan, &format!("pay:{}:joined", declined.id), &body).await,
    ];
    until("the calls to be completed", 30, async || {
        let found = [standing(&house, &keys[0]).await, standing(&house, &keys[1]).await];
        (found == [Some("200".to_owned()), Some("402".to_owned())]).then_some(())
    })
    .await;
    assert_eq!(standing(&house, &keys[2]).await.as_deref(), Some("open"), "nobody knows yet");
    assert_eq!(standing(&house, &keys[3]).await.as_deref(), Some("open"), "not this crate's");
    until("the calls that joined a try to be completed", 30, async || {
        let found = [standing(&house, &keys[4]).await, standing(&house, &keys[5]).await];
        (found == [Some("200".to_owned()), None]).then_some(())
    })
    .await;
    let again = fan.pays(&paid, None).key(&keys[0]).send().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(200)["status"], "paid");
    // What ended without having changed anything is forgotten.
    house.database.shift_clock("11 minutes").await;
    until("the order to be over", 20, async || (fan.look(&open).await["status"] == "expired").then_some(()))
        .await;
    until("the call to be forgotten", 30, async || standing(&house, &keys[2]).await.is_none().then_some(()))
        .await;
}

#[tokio::test]
async fn the_reaper_takes_only_what_is_finished() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let order = ordered(&fan, 1).await;
    fan.pay(&order, "pm_card_visa").await.expect(200);
    let unfinished = left(&house, &fan, "pay:x", &json!({})).await;
    house.database.run("update idempotency_keys set created_at = created_at - interval '40 days'").await;
    let db = house.database.db(1).await;
    let tx = db.begin(fan.tenant.id.parse().unwrap(), Tag::new("test")).await.unwrap();
    assert_eq!(idempotency::purge(&tx, 14).await.unwrap(), 2, "of the order, and of its payment");
    tx.commit().await.unwrap();
    assert_eq!(standing(&house, &unfinished).await.as_deref(), Some("open"));
    assert_eq!(house.database.number("select count(*) from idempotency_keys").await, 1);
}
