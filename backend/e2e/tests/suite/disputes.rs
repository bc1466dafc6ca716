//! Payments that buyers' banks take back: recorded, answered with what speaks for the sale, booked as they end.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use crate::door::scanner;
use crate::refunds::{order, said};

/// A paid order, and the provider's id of its payment.
async fn sold(house: &House, fan: &Fan) -> (Order, Value, String) {
    let (placed, body) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let intent = house.money().intents(&placed.id).await[0]["id"].as_str().unwrap().to_owned();
    (placed, body, intent)
}

async fn dispute(house: &House, intent: &str, body: Value) -> String {
    let made = house.money().control(&format!("/_sim/charges/{intent}/dispute"), body).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn resolve(house: &House, dispute: &str, outcome: &str) {
    let path = format!("/_sim/disputes/{dispute}/resolve");
    house.money().control(&path, json!({ "outcome": outcome })).await;
}

async fn recorded(house: &House) -> String {
    let sql = "select concat_ws(' ', status, withdrawn, coalesce(outcome, '-')) from disputes";
    house.database.texts(sql).await.join(", ")
}

/// What an account of the ledger holds: debits less credits.
async fn balance(house: &House, account: &str) -> i64 {
    let sql = format!(
        "select coalesce(sum(case e.direction when 'debit' then e.amount else -e.amount end), 0)::bigint
         from ledger_entries e join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
         join ledger_transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id
         where a.kind = '{account}' and t.kind in ('dispute_opened', 'dispute_closed')"
    );
    house.database.number(&sql).await
}

#[tokio::test]
async fn a_dispute_is_answered_and_lost() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, body, intent) = sold(&house, &fan).await;
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&body)[0], 0).await["verdict"], "admit");
    let nothing = house.marquee(&["order", "dispute-evidence", &placed.id, "--submit"]).await;
    assert_eq!(nothing.status.code(), Some(1), "{}", said(&nothing));

    let id = dispute(&house, &intent, json!({})).await;
    let finished = order(&house, &["finish", &placed.id]).await;
    assert_eq!(recorded(&house).await, "needs_response t -", "{finished}");
    assert_eq!(
        fan.look(&placed).await["tickets"][0]["status"],
        "used",
        "whether it stays good is for people"
    );
    assert_eq!(
        (balance(&house, "dispute_loss").await, balance(&house, "stripe_pending").await),
        (4_700, -4_700)
    );
    let refund = house.marquee(&["order", "refund", &placed.id]).await;
    assert_eq!(refund.status.code(), Some(1));
    assert!(said(&refund).contains("order_disputed"), "{}", said(&refund));
    house.audited().await;

    let shown = order(&house, &["dispute-evidence", &placed.id]).await;
    assert_eq!(shown["dispute"], id.as_str());
    let activity = shown["activity"].as_str().unwrap();
    for line in ["paid", "ticket issued", "entry at", "admit", &fan.email] {
        assert!(activity.contains(line), "{line}: {activity}");
    }
    let sent = order(&house, &["dispute-evidence", &placed.id, "--submit"]).await;
    assert!(sent["sent_at"].is_string(), "{sent}");
    assert_eq!(recorded(&house).await, "under_review t -");
    let again = house.marquee(&["order", "dispute-evidence", &placed.id, "--submit"]).await;
    assert_eq!(again.status.code(), Some(1), "a bank takes one answer: {}", said(&again));

    resolve(&house, &id, "lost").await;
    order(&house, &["finish", &placed.id]).await;
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(recorded(&house).await, "lost t lost");
    // With a direct charge the loss is the promoter's.
    assert_eq!((balance(&house, "dispute_loss").await, balance(&house, "payable").await), (0, 4_700));
    let refund = house.marquee(&["order", "refund", &placed.id]).await;
    assert_eq!(refund.status.code(), Some(1), "it is the buyer's already: {}", said(&refund));
    house.audited().await;
}

#[tokio::test]
async fn a_dispute_that_is_won_leaves_everything_as_it_was() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _, intent) = sold(&house, &fan).await;
    let id = dispute(&house, &intent, json!({ "reason": "product_not_received" })).await;
    order(&house, &["finish", &placed.id]).await;
    resolve(&house, &id, "won").await;
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(recorded(&house).await, "won t won");
    assert_eq!((balance(&house, "dispute_loss").await, balance(&house, "stripe_pending").await), (0, 0));
    assert_eq!(fan.look(&placed).await["status"], "paid");
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&refund["state"], &refund["amount"]), (&json!("succeeded"), &json!(4_700)), "{refund}");
    house.audited().await;
}

/// While the bank decides nobody is paid back twice; what it leaves here goes back then, for the show was called off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_that_is_won_over_a_cancelled_show_is_refunded() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _, intent) = sold(&house, &fan).await;
    let id = dispute(&house, &intent, json!({ "reason": "product_not_received" })).await;
    order(&house, &["finish", &placed.id]).await;
    let cancel = house.marquee(&["performance", "cancel", &fan.tenant.seated.id]).await;
    assert!(cancel.status.success(), "{}", said(&cancel));
    until("the change to be done", 30, async || {
        (house.database.number("select count(*) from performance_changes where state = 'done'").await == 1)
            .then_some(())
    })
    .await;
    assert_eq!(house.money().refunded().await.0, 0, "the bank has the money");
    house.audited().await;
    resolve(&house, &id, "won").await;
    until("the money to go back", 30, async || {
        (fan.look(&placed).await["status"] == "refunded").then_some(())
    })
    .await;
    assert_eq!(house.money().refunded().await, (1, 4_700));
    house.audited().await;
}

/// An inquiry moves no money, and is ended by a refund.
#[tokio::test]
async fn an_inquiry_books_nothing() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _, intent) = sold(&house, &fan).await;
    dispute(&house, &intent, json!({ "inquiry": true })).await;
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(recorded(&house).await, "warning_needs_response f -");
    let postings = "select count(*) from ledger_transactions where kind like 'dispute%'";
    assert_eq!(house.database.number(postings).await, 0);
    order(&house, &["refund", &placed.id]).await;
    assert_eq!(fan.look(&placed).await["status"], "refunded");
    house.audited().await;
}

/// Events alone, each three times and shuffled, tell of a dispute from its beginning to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_tell_of_a_dispute() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    house.money().webhooks(json!({ "duplicates": 3, "shuffle": true })).await;
    let (_, _, intent) = sold(&house, &fan).await;
    let id = dispute(&house, &intent, json!({})).await;
    until("the dispute to be recorded", 20, async || {
        (recorded(&house).await == "needs_response t -").then_some(())
    })
    .await;
    resolve(&house, &id, "won").await;
    until("its end to be recorded", 20, async || (recorded(&house).await == "won t won").then_some(())).await;
    until("every event to be delivered", 20, async || (house.money().waiting().await == 0).then_some(()))
        .await;
    assert_eq!(balance(&house, "dispute_loss").await, 0);
    house.audited().await;
}
