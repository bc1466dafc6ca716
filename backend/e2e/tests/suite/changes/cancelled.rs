//! A performance that is cancelled: everyone's money goes back once, and what was under way ends without a charge.

use std::collections::HashSet;
use std::time::Instant;

use futures::stream::{self, StreamExt};
use marquee_e2e::fixtures::{PerformanceFixture, Terms, hall, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Hold, Order, codes, places, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use super::{PATIENCE, change, dates, done, letter, link, performance, said};
use crate::door::scanner;

/// The theatre's seats, in orders of three.
const HOUSE: (usize, usize) = (41, 18);
const EACH: i64 = 3;
const ORDERS: i64 = 246;

async fn refunds(house: &House, state: &str) -> i64 {
    house.database.number(&format!("select count(*) from refunds where state = '{state}'")).await
}

/// What is left on the accounts of a performance's sales: nothing, but for what the provider keeps.
async fn left_of_sales(house: &House, id: &str) -> Vec<String> {
    house
        .database
        .texts(&format!(
            "select a.kind || ' ' || sum(case e.direction when 'debit' then e.amount else -e.amount end)
             from ledger_transactions t
             join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
             join ledger_accounts a on a.tenant_id = t.tenant_id and a.id = e.account_id
             where t.performance_id = '{id}' and t.kind <> 'processing_fee'
             group by a.kind having sum(case e.direction when 'debit' then e.amount else -e.amount end) <> 0"
        ))
        .await
}

async fn buy_three(house: &House, performance: &PerformanceFixture) -> (Fan, Order) {
    let fan = house.fan();
    let hold = fan.hold(performance, &places(performance, EACH)).await;
    let (order, _) = fan.buy(&hold).await;
    (fan, order)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_performance_refunds_everyone_once() {
    let mut house = plan().open().await;
    let tenant = house.fixtures.a.clone();
    let theatre = hall(&house.database, &tenant, HOUSE, &Terms::default()).await;
    let client = house.client(tenant.host);
    until("the house to be on sale", 10, async || {
        let path = format!("/api/v1/performances/{}/availability", theatre.id);
        (client.get(&path).send().await.status == 200).then_some(())
    })
    .await;
    let sold: Vec<(Fan, Order)> =
        stream::iter(0..ORDERS).map(|_| buy_three(&house, &theatre)).buffer_unordered(8).collect().await;
    let paid = format!("select sum(total)::bigint from orders where performance_id = '{}'", theatre.id);
    let paid = house.database.number(&paid).await;
    assert_eq!(house.database.number("select count(*) from tickets where status = 'valid'").await, 738);
    let ticket = codes(&sold[0].0.look(&sold[0].1).await)[0].clone();
    let door = scanner(&house, &tenant, &theatre.id).await;

    let begun = Instant::now();
    let cancelled = performance(&house, &["cancel", &theatre.id, "--note", "The lead is ill."]).await;
    assert_eq!((&cancelled["kind"], &cancelled["progress"]["orders"]), (&json!("cancelled"), &json!(ORDERS)));
    until("some refunds to be done", PATIENCE, async || {
        (refunds(&house, "succeeded").await >= 40).then_some(())
    })
    .await;
    house.worker.as_mut().unwrap().kill().await;
    let half = change(&house, &theatre.id).await;
    assert!(half["done_at"].is_null(), "killed half way: {half}");
    let progress = |change: &Value, name: &str| change["progress"][name].as_i64().unwrap();
    assert!(progress(&half, "left") > 0 && progress(&half, "succeeded") >= 40, "{half}");
    let parts = ["left", "requested", "succeeded", "failed", "disputed"];
    assert_eq!(parts.iter().map(|part| progress(&half, part)).sum::<i64>(), ORDERS, "{half}");
    eprintln!("killed with {} of {ORDERS} refunded", progress(&half, "succeeded"));

    house.worker.as_mut().unwrap().start_again().await;
    done(&house, &theatre.id).await;
    until("every refund to be done", PATIENCE, async || {
        (refunds(&house, "succeeded").await == ORDERS).then_some(())
    })
    .await;
    let took = begun.elapsed();
    eprintln!(
        "738 seats in {ORDERS} orders refunded in {:.1} s, the worker killed on the way",
        took.as_secs_f64()
    );
    let all = change(&house, &theatre.id).await;
    assert_eq!((progress(&all, "left"), progress(&all, "succeeded")), (0, ORDERS), "{all}");
    assert_eq!(progress(&all, "amount"), paid);

    let back = house.money().all("refund").await;
    let names =
        |pick: fn(&Value) -> &Value| back.iter().map(|one| pick(one).to_string()).collect::<HashSet<_>>();
    assert_eq!(back.len() as i64, ORDERS, "each once");
    assert_eq!(names(|one| &one["metadata"]["refund_id"]).len() as i64, ORDERS);
    assert_eq!(back.iter().map(|one| one["amount"].as_i64().unwrap()).sum::<i64>(), paid);
    let letters = "select count(distinct payload ->> 'refund_id') from outbox where kind = 'order.letter'";
    assert_eq!(house.database.number(letters).await, ORDERS, "each buyer is told");

    assert_eq!(house.database.number("select count(*) from tickets where status <> 'void'").await, 0);
    let status = "select count(*) from orders where status <> 'refunded'";
    assert_eq!(house.database.number(status).await, 0);
    assert_eq!(door.reads(&ticket, 0).await["verdict"], "revoked");
    let refused = sold[0].0.asks(&theatre, &places(&theatre, 1)).fresh().send().await;
    refused.refused(409, "not_on_sale");
    assert_eq!(left_of_sales(&house, &theatre.id).await, Vec::<String>::new(), "the accounts of its sales");
    house.audited().await;
}

async fn guests(fan: &Fan) -> Hold {
    let seated = fan.tenant.seated.clone();
    let body = json!({ "seats": [{ "seat": seat('C', 1), "ticket_type": seated.levels[0].types[2] }] });
    fan.hold(&seated, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_when_a_performance_is_cancelled_ends_without_a_charge() {
    let house = plan().with_mail().open().await;
    let id = house.fixtures.a.seated.id.clone();
    let (buyer, free, waiting, asked, late) =
        (house.fan(), house.fan(), house.fan(), house.fan(), house.fan());
    let (bought, body) = buyer.buy(&buyer.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let ticket = body["tickets"][0]["ticket_id"].as_str().unwrap().to_owned();
    let part = house.marquee(&["order", "refund", &bought.id, "--ticket", &ticket]).await;
    assert!(part.status.success(), "{}", said(&part));
    let guest = free.order(&guests(&free).await).await;
    assert_eq!(free.pays(&guest, None).fresh().send().await.expect(200)["status"], "paid");
    let pending = waiting.order(&waiting.hold_seats(&[seat('B', 1)]).await).await;
    let action = asked.order(&asked.hold_seats(&[seat('B', 2)]).await).await;
    let answer = asked.pay(&action, "pm_card_authenticationRequired").await.expect(200);
    assert_eq!(answer["status"], "requires_action");
    let held = late.hold_seats(&[seat('B', 3)]).await;

    // What cannot be is refused, and changes nothing.
    let before = dates(&house).await;
    for args in [
        vec!["cancel", "01900000-0000-7000-8000-000000000000"],
        vec!["cancel", "nonsense"],
        vec!["cancel", &id, "--note", "two\nlines"],
        vec!["changes", "01900000-0000-7000-8000-000000000000"],
    ] {
        let output = house.marquee(&[&["performance"], args.as_slice()].concat()).await;
        assert!(!output.status.success(), "{args:?}: {}", said(&output));
    }
    assert_eq!(dates(&house).await, before);

    let cancelled = performance(&house, &["cancel", &id, "--note", "The lead is ill."]).await;
    let again = performance(&house, &["cancel", &id]).await;
    assert_eq!(again["change_id"], cancelled["change_id"], "cancelled once");
    late.orders(&held).fresh().send().await.refused(409, "not_on_sale");
    let paid = waiting.pay(&pending, "pm_card_visa").await;
    assert_eq!(paid.status, 409, "{}", paid.text());
    until("holds to be refused", 3, async || {
        let answer = late.asks(&late.tenant.seated.clone(), &seats(&[seat('D', 1)])).fresh().send().await;
        (answer.problem() == (409, "not_on_sale".to_owned())).then_some(())
    })
    .await;

    let change = done(&house, &id).await;
    until("the money to be back", 30, async || {
        (buyer.look(&bought).await["status"] == "refunded").then_some(())
    })
    .await;
    assert_eq!(change["progress"]["orders"], 2, "{change}");
    let back = buyer.look(&bought).await;
    assert_eq!(back["cancellation"]["note"], "The lead is ill.");
    let amounts: Vec<i64> =
        back["refunds"].as_array().unwrap().iter().map(|one| one["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [4_700, 4_700], "what had gone back goes back once");
    let guest = free.look(&guest).await;
    assert_eq!((&guest["status"], &guest["tickets"][0]["status"]), (&json!("refunded"), &json!("void")));
    for (fan, order) in [(&waiting, &pending), (&asked, &action)] {
        let body = fan.look(order).await;
        assert!(["cancelled", "expired"].contains(&body["status"].as_str().unwrap()), "{body}");
        assert!(body["cancellation"]["change_id"].is_string(), "{body}");
        assert_eq!(house.money().captured(&order.id).await, (0, 0));
    }
    for intent in house.money().intents(&action.id).await {
        assert_eq!(intent["status"], "canceled", "given up at the provider");
    }

    let told = letter(&house, &buyer, "Cancelled: The Tempest").await;
    let text = told.body["text"].as_str().unwrap();
    assert!(text.contains("The lead is ill.") && text.contains("€47.00"), "{text}");
    assert!(link(&told).contains(&format!("/orders/{}#t={}", bought.id, bought.token)));
    letter(&house, &free, "Cancelled: The Tempest").await;
    for fan in [&waiting, &asked, &late] {
        assert_eq!(house.mailbox().to(&fan.email).await.len(), 0, "nothing was bought");
    }
    house.audited().await;
}
