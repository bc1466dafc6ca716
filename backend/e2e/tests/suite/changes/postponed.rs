//! A performance that is postponed: each buyer keeps or returns their tickets until a date, and sees the new one.

use std::process::Command;

use chrono::{TimeDelta, Utc};
use marquee_e2e::fixtures::{PerformanceFixture, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::wait::until;
use serde_json::json;

use super::{change, choose, chooses, dates, days, done, letter, link, performance, said};
use crate::door::scanner;

/// Runs `marquee performance …`, which has to refuse; answers what it said.
async fn refused(house: &House, args: &[&str]) -> String {
    let output = house.marquee(&[&["performance"], args].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
    said(&output)
}

/// Waits until so many seats of a performance are shown as free.
async fn are_free(fan: &Fan, performance: &PerformanceFixture, seats: u64) {
    until(&format!("{seats} seats to be free"), 5, async || {
        (fan.free(performance).await == seats).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postponed_performance_is_kept_or_returned_until_a_date() {
    let house = plan().with_mail().open().await;
    let seated = house.fixtures.a.seated.clone();
    let id = seated.id.as_str();
    let (keeper, returner, silent, late, other) =
        (house.fan(), house.fan(), house.fan(), house.fan(), house.fan());
    let (kept, _) = keeper.buy(&keeper.hold_seats(&[seat('A', 1)]).await).await;
    let (returned, body) = returner.buy(&returner.hold_seats(&[seat('A', 2), seat('A', 3)]).await).await;
    let (unsaid, _) = silent.buy(&silent.hold_seats(&[seat('A', 4)]).await).await;
    let (elsewhere, _) = other.buy(&other.hold_places(1).await).await;
    let code = codes(&body)[0].clone();
    let door = scanner(&house, &house.fixtures.a, id).await;

    // Dates that cannot be are refused, and change nothing.
    let before = dates(&house).await;
    let (start, until_when) = (days(60), days(20));
    for args in [
        vec!["postpone", id, "--new-start", &days(-1), "--return-until", &until_when],
        vec!["postpone", id, "--new-start", &start, "--return-until", &days(61)],
        vec!["postpone", id, "--new-start", &start, "--return-until", &days(-1)],
        vec!["postpone", id, "--new-start", &start, "--new-doors", &days(61), "--return-until", &until_when],
        vec!["postpone", id, "--new-start", "9999-01-01T00:00:00Z", "--return-until", &until_when],
        vec!["postpone", id, "--new-start", &start, "--return-until", &until_when, "--note", "a\nb"],
    ] {
        let said = refused(&house, &args).await;
        assert!(said.contains("validation_failed"), "{args:?}: {said}");
    }
    assert_eq!(dates(&house).await, before);

    let args = ["postpone", id, "--new-start", &start, "--return-until", &until_when];
    let moved = performance(&house, &args).await;
    assert_eq!((&moved["kind"], &moved["progress"]["orders"]), (&json!("postponed"), &json!(3)), "{moved}");
    assert_eq!(performance(&house, &args).await["change_id"], moved["change_id"], "the same once more");
    done(&house, id).await;
    let shown = until("the order to show the new date", 5, async || {
        let body = keeper.look(&kept).await;
        (body["event"]["starts_at"] == json!(start)).then_some(body)
    })
    .await;
    assert_eq!(
        (&shown["postponement"]["open"], &shown["postponement"]["choice"]),
        (&json!(true), &json!(null))
    );
    let (bought_then, _) = late.buy(&late.hold_seats(&[seat('B', 1)]).await).await;
    assert!(late.look(&bought_then).await["postponement"].is_null(), "bought for the new date");

    // The mail's one link opens the order where it is chosen.
    let told = letter(&house, &returner, "New date for The Tempest").await;
    assert!(
        link(&told).ends_with(&format!("/orders/{}#t={}", returned.id, returned.token)),
        "{}",
        link(&told)
    );

    are_free(&returner, &seated, 61).await;
    for _ in 0..2 {
        assert_eq!(chooses(&keeper, &kept, "keep").await.expect(200)["choice"], "keep");
        assert_eq!(chooses(&returner, &returned, "return").await.expect(200)["choice"], "return");
    }
    chooses(&returner, &returned, "keep").await.refused(409, "order_state");
    assert_eq!(door.reads(&code, 0).await["verdict"], "revoked", "at once");
    until("the money to be back", 30, async || {
        (returner.look(&returned).await["status"] == "refunded").then_some(())
    })
    .await;
    are_free(&returner, &seated, 63).await;
    assert_eq!(house.money().all("refund").await.len(), 1, "once");

    // What nobody may choose.
    for choice in [json!("maybe"), json!(null), json!(1), json!(["keep"])] {
        choose(&silent, &unsaid, &choice).send().await.refused(422, "validation_failed");
    }
    let stranger = Order { token: kept.token.clone(), ..unsaid.clone() };
    chooses(&silent, &stranger, "return").await.refused(404, "not_found");
    chooses(&late, &bought_then, "return").await.refused(404, "not_found");
    chooses(&other, &elsewhere, "return").await.refused(404, "not_found");
    let abroad = Fan { client: silent.client.under(house.fixtures.b.host), ..silent.clone() };
    chooses(&abroad, &unsaid, "return").await.refused(404, "not_found");

    // Tickets show the new date.
    let paper = keeper.client.get(&format!("/api/v1/orders/{}/tickets.pdf", kept.id));
    let paper = paper.header("order-token", &kept.token).send().await;
    let file = house.folder("postponed").join("tickets.pdf");
    std::fs::write(&file, &paper.bytes).unwrap();
    let printed =
        Command::new("pdftotext").arg(&file).arg("-").output().expect("poppler-utils are installed");
    let date = (Utc::now() + TimeDelta::days(60)).with_timezone(&chrono_tz::Europe::Dublin);
    let date = date.format("%-d %B %Y").to_string();
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains(&date), "{date} is not in {printed}");

    house.database.shift_clock("21 days").await;
    let too_late = chooses(&silent, &unsaid, "return").await.refused(409, "order_state");
    assert!(too_late["detail"].as_str().unwrap().contains("valid for the new date"), "{too_late}");
    let unsaid = silent.look(&unsaid).await;
    assert_eq!(
        (&unsaid["status"], &unsaid["postponement"]["open"]),
        (&json!("paid"), &json!(false)),
        "{unsaid}"
    );
    let all = change(&house, id).await;
    assert_eq!((&all["progress"]["kept"], &all["progress"]["returned"]), (&json!(1), &json!(1)), "{all}");
    house.audited().await;
}
