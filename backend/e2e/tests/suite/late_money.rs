//! Money that moves when an order is over, or without us: methods that take it by themselves, debits that take days, and
//! what a buyer's browser confirms alone. What is captured owns its seats or goes back in full, and the buyer reads which.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Hold, Order, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use crate::holders::platform;
use crate::refunds::{order, said};

const CANCEL: &str = "POST /v1/payment_intents/*/cancel";

/// How much went back for an order, and in how many refunds.
async fn paid_back(house: &House, order: &Order) -> (usize, i64) {
    let intents = house.money().intents(&order.id).await;
    let all = house.money().all("refund").await;
    let own: Vec<i64> = all
        .iter()
        .filter(|one| one["payment_intent"] == intents[0]["id"] && one["status"] != "failed")
        .map(|one| one["amount"].as_i64().unwrap())
        .collect();
    (own.len(), own.iter().sum())
}

async fn refunded(fan: &Fan, order: &Order) -> Value {
    until("the money to be back", 40, async || {
        let body = fan.look(order).await;
        (body["status"] == "refunded").then_some(body)
    })
    .await
}

/// An order whose money is taken when it is over and its seat is a rival's; with the rival and their order. The shop hears
/// of it by itself alone.
async fn taken_too_late(house: &House, fan: &Fan) -> (Order, Fan, Order) {
    let money = house.money();
    let account = fan.tenant.account;
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    // The shop cannot give the payment up, and no event tells it what happens meanwhile.
    money.fault(CANCEL, 1_000, "refuse", Value::Null).await;
    money.webhooks(json!({ "paused": true })).await;
    house.database.shift_clock("11 minutes").await;
    let rival = house.fan();
    let (theirs, _) = until("the seat to be had", 20, async || {
        let answer = rival.asks(&rival.tenant.seated, &seats(&[seat('A', 1)])).fresh().send().await;
        if answer.status == 201 { Some(rival.buy(&Hold::of(answer)).await) } else { None }
    })
    .await;
    until("the order to be given up", 20, async || {
        let body = fan.look(&order).await;
        (body["status"] == "expired" && body["notice"]["code"] == "giving_up").then_some(())
    })
    .await;

    // The buyer's browser confirms by itself, and the money is taken.
    let intent = money.intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    let path = |verb: &str| format!("/v1/payment_intents/{intent}/{verb}");
    let confirmed =
        money.api(&path("confirm"), account, "payment_method=pm_card_visa&return_url=https://a.test").await;
    assert_eq!(confirmed["status"], "requires_capture");
    assert_eq!(money.api(&path("capture"), account, "").await["status"], "succeeded");
    (order, rival, theirs)
}

/// Money that was taken when the order was over and its seat somebody else's: all of it goes back, once, and the buyer is
/// told in plain words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_for_a_lost_seat_goes_back() {
    let house = plan().with_mail().open().await;
    let (fan, money) = (house.fan(), house.money());
    money.fault("POST /v1/refunds", 1_000, "refuse", Value::Null).await;
    let (order, rival, theirs) = taken_too_late(&house, &fan).await;
    let body = until("the buyer to be told", 30, async || {
        let body = fan.look(&order).await;
        (body["notice"]["code"] == "refund_under_way").then_some(body)
    })
    .await;
    assert_eq!(body["status"], "processing", "until it is back: {body}");
    let late = fan.pays(&order, Some("ctoken_any")).fresh().send().await.refused(410, "hold_expired");
    assert_eq!(late["notice"]["code"], "refund_under_way", "{late}");
    house.audited().await;
    money.heal().await;
    money.webhooks(json!({ "duplicates": 2, "shuffle": true })).await;

    let body = refunded(&fan, &order).await;
    assert_eq!(body["notice"]["code"], "paid_back", "{body}");
    assert!(body["tickets"].as_array().unwrap().is_empty(), "{body}");
    assert_eq!(paid_back(&house, &order).await, (1, order.body["total"].as_i64().unwrap()));
    let mail = house.mailbox().wait_for(&fan.email, 30).await;
    let text = mail.body["text"].as_str().unwrap();
    assert!(text.contains("We are sorry") && text.contains("You get back all of it, €47.00"), "{text}");
    assert_eq!(house.mailbox().to(&fan.email).await.len(), 1, "told once");
    assert_eq!(rival.look(&theirs).await["status"], "paid");
    // Nobody can make tickets of it: the seat is the rival's.
    let reissue = house.marquee(&["order", "reissue", &order.id]).await;
    assert_eq!(
        (reissue.status.code(), said(&reissue).contains("order_state")),
        (Some(1), true),
        "{}",
        said(&reissue)
    );
    let tickets = format!("select count(*) from tickets where order_id = '{}'", order.id);
    assert_eq!(house.database.number(&tickets).await, 0);
    let open = "select count(*) from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
                where t.order_id = '{}' and t.kind in ('capture', 'refund')
                group by e.account_id having sum(case e.direction when 'debit' then e.amount else -e.amount end) <> 0";
    assert_eq!(
        house.database.texts(&open.replace("{}", &order.id)).await.len(),
        0,
        "the order's accounts are even"
    );
    house.audited().await;
}

/// The bank does not take money back that came too late, or returns it later: the buyer reads so, the order keeps nothing
/// open, and staff pay it back again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_could_not_go_back_is_paid_back_by_staff() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    let never = json!({ "status": 400, "code": "charge_not_refundable" });
    money.fault("POST /v1/refunds", 1, "status", never).await;
    let (placed, rival, theirs) = taken_too_late(&house, &fan).await;
    let failed = async || {
        let body = until("the buyer to be told", 30, async || {
            let body = fan.look(&placed).await;
            (body["notice"]["code"] == "refund_failed").then_some(body)
        })
        .await;
        assert_eq!(body["status"], "processing", "{body}");
        let status = format!("select status from orders where id = '{}' and paid_at is null", placed.id);
        assert_eq!(house.database.texts(&status).await, ["expired"], "nothing waits for it");
        let file = order(&house, &["show", &placed.id]).await;
        assert_eq!(file["diagnosis"]["remedy"], "refund", "{file:#}");
    };
    failed().await;
    money.heal().await;
    money.webhooks(json!({})).await;
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&refund["state"], &refund["amount"]), (&json!("succeeded"), &json!(4_700)), "{refund}");
    assert_eq!(refunded(&fan, &placed).await["notice"]["code"], "paid_back");
    house.audited().await;

    let settle = format!("/_sim/refunds/{}/settle", refund["provider_id"].as_str().unwrap());
    money.control(&settle, json!({ "outcome": "fail", "reason": "lost_or_stolen_card" })).await;
    failed().await;
    let (staff, bearer) = platform(&house).await;
    let path = format!("/api/platform/v1/orders/{}/refunds", placed.id);
    let again =
        staff.post(&path, &json!({})).header("authorization", &bearer).fresh().send().await.expect(201);
    assert_eq!(again["amount"], 4_700, "{again}");
    refunded(&fan, &placed).await;
    let twice = staff.post(&path, &json!({})).header("authorization", &bearer).fresh().send().await;
    twice.refused(409, "order_state");
    assert_eq!(paid_back(&house, &placed).await, (1, 4_700));
    assert_eq!(rival.look(&theirs).await["status"], "paid");
    house.audited().await;
}

/// The buyer's browser confirms by itself while the seats are still held: they are sold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_confirmed_without_us_is_taken_up() {
    let house = plan().without_worker().open().await;
    let (fan, money) = (house.fan(), house.money());
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    let intent = money.intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    let confirm = format!("/v1/payment_intents/{intent}/confirm");
    money.api(&confirm, fan.tenant.account, "payment_method=pm_card_visa&return_url=https://a.test").await;
    until("the order to be paid", 20, async || (fan.look(&order).await["status"] == "paid").then_some(()))
        .await;
    assert_eq!(money.captured(&order.id).await.0, 1);
    house.audited().await;
}

/// Every step is kept for whoever looks at the order later.
#[tokio::test]
async fn a_payment_leaves_its_steps() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_visa_chargeDeclinedInsufficientFunds").await.refused(402, "payment_declined");
    fan.pay(&order, "pm_card_visa").await.expect(200);
    let sql = format!(
        "select concat_ws(' ', state, note) from payment_steps where order_id = '{}' order by id",
        order.id
    );
    assert_eq!(
        house.database.texts(&sql).await,
        ["confirming", "declined insufficient_funds", "confirming", "authorised", "capturing", "captured"]
    );
    let learnt = "select count(*) from payments where charge_id like 'ch_%' and captured_at is not null";
    assert_eq!(house.database.number(learnt).await, 1);
}

async fn settle(house: &House, order: &Order, outcome: &str) {
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    house
        .money()
        .control(&format!("/_sim/payment_intents/{intent}/settle"), json!({ "outcome": outcome }))
        .await;
}

/// A method that takes the money by itself, after the buyer has been to their bank's page: in time it buys the seats, and
/// when its bank says no the buyer may try again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_method_that_takes_the_money_by_itself_buys_in_time() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let asked = fan.pay(&order, "pm_ideal").await.expect(200);
    assert_eq!(asked["status"], "requires_action");
    assert!(asked["action_url"].is_string(), "{asked}");
    let intent = money.intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    money.authenticate(&intent, "fail").await;
    fan.pays(&order, None).fresh().send().await.refused(402, "payment_declined");
    assert_eq!(fan.pay(&order, "pm_bancontact").await.expect(200)["status"], "requires_action");
    money.authenticate(&intent, "succeed").await;
    assert_eq!(fan.pays(&order, None).fresh().send().await.expect(200)["status"], "paid");
    assert_eq!(money.captured(&order.id).await.0, 1);

    // A debit: under way at once, decided later.
    let order = fan.order(&fan.hold_seats(&[seat('A', 2)]).await).await;
    assert_eq!(fan.pay(&order, "pm_sepa_debit").await.expect(200)["status"], "processing");
    assert_eq!(fan.look(&order).await["notice"]["code"], "payment_under_way");
    settle(&house, &order, "fail").await;
    until("the buyer to hear of it", 20, async || {
        (fan.look(&order).await["status"] == "pending").then_some(())
    })
    .await;
    assert_eq!(fan.look(&order).await["notice"]["code"], "declined");
    assert_eq!(fan.pay(&order, "pm_sepa_debit").await.expect(200)["status"], "processing");
    settle(&house, &order, "succeed").await;
    until("the order to be paid", 20, async || (fan.look(&order).await["status"] == "paid").then_some(()))
        .await;
    house.audited().await;
}

/// A debit that nobody can stop any more when the time is over: it keeps no seat, and what comes of it goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_debit_that_takes_days_keeps_no_seat() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    let mut orders = Vec::new();
    for number in 1..=2 {
        let order = fan.order(&fan.hold_seats(&[seat('A', number)]).await).await;
        assert_eq!(fan.pay(&order, "pm_sepa_debit").await.expect(200)["status"], "processing");
        orders.push(order);
    }
    house.database.shift_clock("9 minutes").await;
    assert_eq!(fan.look(&orders[0]).await["status"], "processing");
    let rival = house.fan();
    let wish = seats(&[seat('A', 1), seat('A', 2)]);
    rival.asks(&rival.tenant.seated, &wish).fresh().send().await.refused(409, "seat_taken");
    house.database.shift_clock("10 minutes 5 seconds").await;
    for order in &orders {
        let body = until("the seat to be free", 40, async || {
            let body = fan.look(order).await;
            (body["status"] == "expired").then_some(body)
        })
        .await;
        assert_eq!(body["notice"]["code"], "payment_unstoppable", "{body}");
    }
    let theirs = rival.hold(&rival.tenant.seated, &wish).await;
    let (theirs, _) = rival.buy(&theirs).await;
    house.audited().await;

    settle(&house, &orders[0], "succeed").await;
    settle(&house, &orders[1], "fail").await;
    let body = refunded(&fan, &orders[0]).await;
    assert_eq!(body["notice"]["code"], "paid_back", "{body}");
    assert_eq!(paid_back(&house, &orders[0]).await, (1, 4_700));
    until("the failed debit to be given up", 40, async || {
        let notice = fan.look(&orders[1]).await["notice"]["code"].clone();
        (notice == "nothing_charged").then_some(())
    })
    .await;
    assert_eq!(money.captured(&orders[1].id).await.0, 0);
    assert_eq!(rival.look(&theirs).await["status"], "paid");
    house.audited().await;
}
