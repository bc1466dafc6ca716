//! What goes back: all of it, tickets, an amount or nothing, with the tickets void and the seats on sale again.

use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::{SEATS, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::codes;
use marquee_e2e::stage::{STRATEGIES, Stage, chosen, serves_seats, under};
use marquee_e2e::wait::until;
use serde_json::json;

use super::{agrees, bought, order, said, statuses, tickets};
use crate::door::scanner;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_back() {
    let house = plan().with_mail().open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&body)[0], 0).await["verdict"], "admit");

    let number = body["number"].as_str().unwrap().to_lowercase();
    let refund = order(&house, &["refund", &number]).await;
    assert_eq!((&refund["state"], &refund["amount"]), (&json!("succeeded"), &json!(9_400)), "{refund}");
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void", "void"]));
    assert_eq!(after["refunds"][0]["amount"], 9_400);
    assert_eq!(after["refunds"][0]["state"], "succeeded");

    // The door knows, and so does a device that judges by itself.
    for code in codes(&body) {
        assert_eq!(door.reads(&code, 0).await["verdict"], "revoked");
    }
    let revoked = door.manifest(&fan.tenant.seated.id).await["revocations"].as_array().unwrap().len();
    assert_eq!(revoked, 2);
    // The seats are on sale again, and are bought again.
    until("the seats to be free", 5, async || {
        (fan.free(&fan.tenant.seated).await == SEATS as u64).then_some(())
    })
    .await;
    let other = house.fan();
    bought(&other, &[seat('A', 1), seat('A', 2)]).await;

    // The platform's fee went back with it.
    let fees = house.money().all("application_fee").await;
    assert_eq!(fees.len(), 2);
    let letter = until("the letter", 20, async || {
        let all = house.mailbox().to(&fan.email).await;
        all.into_iter().find(|mail| mail.body["subject"].as_str().is_some_and(|text| text.contains("refund")))
    })
    .await;
    let text = letter.body["text"].as_str().unwrap();
    assert!(text.contains("€94.00") && text.contains(fan.tenant.name), "{text}");
    agrees(&house, 1, 9_400).await;
}

#[tokio::test]
async fn a_ticket_goes_back_and_the_other_stays() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let ids = tickets(&body);
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    let refund = order(&house, &["refund", &placed.id, "--ticket", &ids[0]]).await;
    assert_eq!((&refund["amount"], &refund["tickets"]), (&json!(4_700), &json!([ids[0]])));
    let after = fan.look(&placed).await;
    assert_eq!(
        (after["status"].as_str(), statuses(&after)),
        (Some("partially_refunded"), vec!["void", "valid"])
    );
    let verdicts = [
        door.reads(&codes(&body)[0], 0).await["verdict"].clone(),
        door.reads(&codes(&body)[1], 0).await["verdict"].clone(),
    ];
    assert_eq!(verdicts, ["revoked", "admit"]);
    // A used ticket goes back too.
    order(&house, &["refund", &placed.id, "--ticket", &ids[1]]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void", "void"]));
    agrees(&house, 2, 9_400).await;
}

#[tokio::test]
async fn an_amount_keeps_the_tickets_until_it_is_all() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    order(&house, &["refund", &placed.id, "--amount", "1000"]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("partially_refunded"), vec!["valid"]));
    order(&house, &["refund", &placed.id, "--amount", "3700"]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]));
    agrees(&house, 2, 4_700).await;
}

#[tokio::test]
async fn the_same_key_is_one_refund() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    let first = order(&house, &["refund", &placed.id, "--amount", "1000", "--key", "goodwill"]).await;
    let again = order(&house, &["refund", &placed.id, "--amount", "1000", "--key", "goodwill"]).await;
    assert_eq!(first["refund_id"], again["refund_id"]);
    let other = house.marquee(&["order", "refund", &placed.id, "--amount", "999", "--key", "goodwill"]).await;
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
    agrees(&house, 1, 1_000).await;
}

/// The seats come back under each strategy, and are sold again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refunded_seat_is_sold_again_under_each_strategy() {
    let house = House::open().await;
    let mut refunded = 0;
    for strategy in STRATEGIES {
        let terms = under(strategy);
        let seated = serves_seats(strategy);
        let stage = if seated {
            Stage::seats(&house, &terms, 1, 1).await
        } else {
            Stage::places(&house, &terms, 1).await
        };
        let wish = if seated { chosen(1, 1) } else { stage.any(1) };
        for round in 0..3 {
            let fan = house.fan();
            let hold = until("the seat to be had", 10, async || {
                let asked = fan.asks(&stage.performance, &wish).fresh().send().await;
                (asked.status == 201).then(|| marquee_e2e::site::Hold::of(asked))
            })
            .await;
            let (placed, body) = fan.buy(&hold).await;
            let taken = house.fan().asks(&stage.performance, &wish).fresh().send().await;
            assert_eq!(taken.status, 409, "{strategy} {round}: {}", taken.text());
            let refund = order(&house, &["refund", &placed.id]).await;
            assert_eq!(refund["amount"], body["total"], "{strategy} {round}");
            refunded += body["total"].as_i64().unwrap();
        }
    }
    agrees(&house, STRATEGIES.len() * 3, refunded).await;
}

/// Of a cancelled performance nothing goes back on sale.
#[tokio::test]
async fn the_seats_of_a_cancelled_performance_stay_gone() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    let seated = &fan.tenant.seated.id;
    let cancel = format!(
        "update performances set cancelled_at = marquee_now(), updated_at = marquee_now() where id = '{seated}'"
    );
    house.database.run(&cancel).await;
    order(&house, &["refund", &placed.id]).await;
    let sold = format!("select count(*) from units where performance_id = '{seated}' and state = 'sold'");
    assert_eq!(house.database.number(&sold).await, 1);
    assert_eq!(statuses(&fan.look(&placed).await), ["void"]);
    agrees(&house, 1, 4_700).await;
}

#[tokio::test]
async fn what_cost_nothing_is_taken_back_without_the_provider() {
    let house = House::open().await;
    let fan = house.fan();
    let level = &fan.tenant.seated.levels[0];
    let guest = json!({ "seats": [{ "seat": seat('A', 1), "ticket_type": level.types[2] }] });
    let placed = fan.order(&fan.hold(&fan.tenant.seated, &guest).await).await;
    assert_eq!(fan.pays(&placed, None).key(&fresh_key()).send().await.expect(200)["status"], "paid");
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&refund["amount"], &refund["state"]), (&json!(0), &json!("succeeded")));
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]));
    agrees(&house, 0, 0).await;
}
