//! From a hold to a paid order, with every card that says no on the way.

use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::{LIMITS, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{codes, places};
use marquee_e2e::wait::until;
use serde_json::json;

#[tokio::test]
async fn a_seat_is_bought() {
    let house = House::open().await;
    let fan = house.fan();
    let event =
        fan.client.get(&format!("/api/v1/events/{}", fan.tenant.seated.event)).send().await.expect(200);
    let performance = &event["performances"][0];
    assert_eq!(
        (&performance["id"], &performance["state"]),
        (&json!(fan.tenant.seated.id), &json!("on_sale"))
    );
    let price = &performance["price_levels"][0]["ticket_types"][0]["price"];
    assert_eq!(price["total"], json!(4_700), "all-in from the first page");

    let hold = fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await;
    assert_eq!(hold.body["total"], 9_400);
    let order = fan.order(&hold).await;
    assert_eq!((&order.body["status"], &order.body["total"]), (&json!("pending"), &json!(9_400)));
    assert_eq!(order.body["payment"]["account"], fan.tenant.account);
    assert_eq!(order.body["expires_at"], hold.body["expires_at"], "the hold's time is not extended");
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    let bought = fan.look(&order).await;
    assert_eq!(bought["status"], "paid");
    assert_eq!(codes(&bought).len(), 2);
    assert_eq!(bought["tickets"][0]["status"], "valid");
    assert_eq!(bought["tickets"][0]["holder"], "Ada Lovelace");

    let intents = house.money().intents(&order.id).await;
    assert_eq!(intents.len(), 1);
    assert_eq!(
        (&intents[0]["status"], &intents[0]["account"]),
        (&json!("succeeded"), &json!(fan.tenant.account))
    );
    // 2.5 % of 94.00 and 30 cents a ticket.
    let fees = house.money().all("application_fee").await;
    assert_eq!((fees.len(), &fees[0]["amount"]), (1, &json!(295)));

    fan.pays(&order, Some("ctoken_any")).key(&fresh_key()).send().await.refused(409, "order_state");
    let hold = fan
        .client
        .delete(&format!("/api/v1/holds/{}", hold.id))
        .header("hold-token", &hold.token)
        .send()
        .await;
    hold.refused(409, "order_state");
    house.audited().await;
}

#[tokio::test]
async fn a_refused_card_leaves_the_seats_to_try_again() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let declined = fan.pay(&order, "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    assert_eq!(declined.refused(402, "payment_declined")["decline_code"], "insufficient_funds");
    assert_eq!(fan.look(&order).await["status"], "pending");
    fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)]))
        .fresh()
        .send()
        .await
        .refused(409, "seat_taken");
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    assert_eq!(
        house.money().intents(&order.id).await.len(),
        1,
        "one intent for an order, however often it is tried"
    );
    house.audited().await;
}

#[tokio::test]
async fn a_decline_is_replayed_under_its_key() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let (key, token) =
        (fresh_key(), house.money().token("pm_card_visa_chargeDeclined", fan.tenant.account).await);
    let first = fan.pays(&order, Some(&token)).key(&key).send().await;
    first.refused(402, "payment_declined");
    let again = fan.pays(&order, Some(&token)).key(&key).send().await;
    assert_eq!((again.status, again.text()), (402, first.text()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

/// Two tabs: a call that comes with another card while a try is under way shares its success, and never its decline.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cards_decline_is_nobody_elses_answer() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    for (row, first, answers) in
        [('A', "pm_card_visa_chargeDeclined", [402, 409]), ('B', "pm_card_visa", [200, 200])]
    {
        let order = fan.order(&fan.hold_seats(&[seat(row, 1)]).await).await;
        money.fault("POST /v1/payment_intents/*/confirm", 1, "delay_ms", json!(3_000)).await;
        let token = money.token("pm_card_visa", fan.tenant.account).await;
        let key = fresh_key();
        let beginning = tokio::spawn({
            let (fan, order) = (fan.clone(), order.clone());
            async move { fan.pay(&order, first).await.status }
        });
        until("the first try to be under way", 10, async || {
            (fan.look(&order).await["status"] == "processing").then_some(())
        })
        .await;
        let joined = fan.pays(&order, Some(&token)).key(&key).send().await;
        assert_eq!([beginning.await.unwrap(), joined.status], answers, "{}", joined.text());
        // The same call again: its own card is tried now, or the success that it shared is told again.
        let again = fan.pays(&order, Some(&token)).key(&key).send().await;
        let replayed = again.header("idempotent-replayed") == Some("true");
        assert_eq!(replayed, answers[1] == 200, "{}", again.text());
        assert_eq!(again.expect(200)["status"], "paid");
        let once_more = fan.pays(&order, Some(&token)).key(&key).send().await;
        assert_eq!(once_more.header("idempotent-replayed"), Some("true"), "{}", once_more.text());
        assert_eq!(once_more.expect(200)["status"], "paid");
        assert_eq!(money.captured(&order.id).await.0, 1);
        money.heal().await;
    }
    house.audited().await;
}

#[tokio::test]
async fn five_tries_are_enough() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    for _ in 0..5 {
        fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    }
    fan.pay(&order, "pm_card_visa").await.refused(429, "too_many_attempts");
    assert_eq!(house.money().captured(&order.id).await.0, 0);
    house.audited().await;
}

#[tokio::test]
async fn the_bank_asks_and_the_buyer_says_yes() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let asked = fan.pay(&order, "pm_card_authenticationRequired").await.expect(200);
    assert_eq!(asked["status"], "requires_action");
    assert!(asked["client_secret"].is_string() && asked["action_url"].is_string(), "{asked}");
    assert_eq!(fan.look(&order).await["status"], "requires_action");
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().authenticate(&intent, "succeed").await;
    let paid = fan.pays(&order, None).key(&fresh_key()).send().await;
    // The same answer whether or not the provider's event was faster.
    assert_eq!(paid.expect(200)["status"], "paid");
    assert_eq!(fan.pays(&order, None).key(&fresh_key()).send().await.expect(200)["status"], "paid");
    fan.pays(&order, Some("ctoken_any")).key(&fresh_key()).send().await.refused(409, "order_state");
    assert_eq!(fan.look(&order).await["status"], "paid");
    house.audited().await;
}

#[tokio::test]
async fn the_bank_asks_and_the_buyer_says_no() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    assert_eq!(
        fan.pay(&order, "pm_card_authenticationRequired").await.expect(200)["status"],
        "requires_action"
    );
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().authenticate(&intent, "fail").await;
    fan.pays(&order, None).key(&fresh_key()).send().await.refused(402, "payment_declined");
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    house.audited().await;
}

/// The bank's question gets at most five minutes beyond the hold's own time; then the seats go back.
#[tokio::test]
async fn a_bank_that_never_answers_lets_the_seats_go() {
    let house = House::open().await;
    let fan = house.fan();
    let hold = fan.hold_seats(&[seat('A', 1)]).await;
    let order = fan.order(&hold).await;
    house.database.shift_clock("9 minutes").await;
    assert_eq!(
        fan.pay(&order, "pm_card_authenticationRequired").await.expect(200)["status"],
        "requires_action"
    );
    house.database.shift_clock("12 minutes").await;
    fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)]))
        .fresh()
        .send()
        .await
        .refused(409, "seat_taken");
    house.database.shift_clock("16 minutes").await;
    until("the seat to be free again", 20, async || {
        let answer =
            fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)])).fresh().send().await;
        (answer.status == 201).then_some(())
    })
    .await;
    assert_eq!(house.money().captured(&order.id).await.0, 0);
    assert_eq!(house.money().intents(&order.id).await[0]["status"], "canceled");
    let status = fan.look(&order).await["status"].clone();
    assert!(status == "expired" || status == "cancelled", "{status}");
    house.audited().await;
}

#[tokio::test]
async fn an_expired_hold_cannot_be_ordered_or_paid() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let late = fan.hold_seats(&[seat('A', 1)]).await;
    let order = fan.order(&fan.hold_seats(&[seat('A', 2)]).await).await;
    let token = house.money().token("pm_card_visa", fan.tenant.account).await;
    house.database.shift_clock("10 minutes 1 second").await;
    fan.orders(&late).fresh().send().await.refused(410, "hold_expired");
    fan.pays(&order, Some(&token)).key(&fresh_key()).send().await.refused(410, "hold_expired");
    assert_eq!(house.money().captured(&order.id).await.0, 0);
    let made = house.money().requests().await;
    let confirms =
        made.iter().filter(|one| one["path"].as_str().is_some_and(|path| path.ends_with("/confirm"))).count();
    assert_eq!(confirms, 0, "the provider is not asked when the time is over");
    house.audited().await;
}

#[tokio::test]
async fn what_costs_nothing_needs_no_card() {
    let house = House::open().await;
    let fan = house.fan();
    let level = &fan.tenant.seated.levels[0];
    let guest = json!({ "seats": [{ "seat": seat('A', 1), "ticket_type": level.types[2] }] });
    let hold = fan.hold(&fan.tenant.seated, &guest).await;
    assert_eq!(hold.body["total"], 0);
    let order = fan.order(&hold).await;
    assert_eq!(fan.pays(&order, None).key(&fresh_key()).send().await.expect(200)["status"], "paid");
    assert_eq!(codes(&fan.look(&order).await).len(), 1);
    assert_eq!(house.money().intents(&order.id).await.len(), 0);
    house.audited().await;
}

#[tokio::test]
async fn a_buyer_has_a_limit_however_many_carts_they_fill() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let per_order = i64::from(LIMITS.0);
    let mut holds = Vec::new();
    for _ in 0..4 {
        holds.push(fan.hold_places(per_order).await);
    }
    let orders = futures::future::join_all(holds.iter().map(|hold| fan.orders(hold).fresh().send())).await;
    let placed = orders.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(placed, (LIMITS.1 / LIMITS.0) as usize);
    for refused in orders.iter().filter(|answer| answer.status != 201) {
        refused.refused(409, "limit_per_buyer");
    }
    // Case does not make another buyer; another address does.
    let mut other = fan.clone();
    other.email = fan.email.to_uppercase();
    let hold = other.hold_places(1).await;
    other.orders(&hold).fresh().send().await.refused(409, "limit_per_buyer");
    other.email = format!("other-{}", fan.email);
    other.order(&hold).await;
}

#[tokio::test]
async fn nothing_is_sold_before_it_goes_on_sale() {
    let house = plan()
        .without_worker()
        .open_after(async |database| {
            database
                .run("update performances set on_sale_from = marquee_now() + interval '2 hours', updated_at = marquee_now()
                      where plan_id is null")
                .await;
        })
        .await;
    let fan = house.fan();
    let standing = &fan.tenant.standing;
    let refused = fan.asks(standing, &places(standing, 1)).fresh().send().await.refused(409, "not_on_sale");
    assert!(refused["opens_at"].is_string(), "{refused}");
    let event = fan.client.get(&format!("/api/v1/events/{}", standing.event)).send().await.expect(200);
    assert_eq!(event["performances"][0]["state"], "scheduled");

    // A change by hand is in force on every instance within a second.
    let done =
        house.marquee(&["performance", "set", &standing.id, "--on-sale", "2020-01-01T00:00:00Z"]).await;
    assert!(done.status.success(), "{done:?}");
    until("the sale to be open", 1, async || {
        (fan.asks(standing, &places(standing, 1)).fresh().send().await.status == 201).then_some(())
    })
    .await;
}
