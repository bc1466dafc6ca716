//! Performances that are cancelled or postponed: every order is reached once, whoever dies in between.

use std::collections::HashSet;
use std::process::Command;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::stream::{self, StreamExt};
use marquee_e2e::client::Answer;
use marquee_e2e::fixtures::{PerformanceFixture, Terms, hall, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::mail::Mail;
use marquee_e2e::site::{Fan, Hold, Order, codes, places, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use crate::door::scanner;
use crate::holders::platform;

/// The theatre's seats, in orders of three.
const HOUSE: (usize, usize) = (41, 18);
const EACH: i64 = 3;
const ORDERS: i64 = 246;
/// In well under a minute, in a debug build on a busy machine.
const PATIENCE: u64 = 60;

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// Runs `marquee performance …` and answers its JSON.
async fn performance(house: &House, args: &[&str]) -> Value {
    let output = house.marquee(&[&["performance"], args, &["--json"]].concat()).await;
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs `marquee performance …`, which has to refuse; answers what it said.
async fn refused(house: &House, args: &[&str]) -> String {
    let output = house.marquee(&[&["performance"], args].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
    said(&output)
}

/// The newest change of a performance.
async fn change(house: &House, id: &str) -> Value {
    let all = performance(house, &["changes", id]).await;
    all["changes"].as_array().unwrap().last().unwrap().clone()
}

/// Waits until the worker is done with the newest change.
async fn done(house: &House, id: &str) -> Value {
    let sql =
        format!("select count(*) from performance_changes where performance_id = '{id}' and state = 'open'");
    until("the change to be done", PATIENCE, async || (house.database.number(&sql).await == 0).then_some(()))
        .await;
    change(house, id).await
}

async fn refunds(house: &House, state: &str) -> i64 {
    house.database.number(&format!("select count(*) from refunds where state = '{state}'")).await
}

/// Every performance's date, and how often one was changed.
async fn dates(house: &House) -> Vec<String> {
    let sql = "select concat_ws(' ', p.id, p.starts_at, p.doors_at, p.cancelled_at,
                   (select count(*) from performance_changes)) from performances p order by p.id";
    house.database.texts(sql).await
}

/// Waits until so many seats of a performance are shown as free.
async fn are_free(fan: &Fan, performance: &PerformanceFixture, seats: u64) {
    until(&format!("{seats} seats to be free"), 5, async || {
        (fan.free(performance).await == seats).then_some(())
    })
    .await;
}

fn rfc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn days(days: i64) -> String {
    rfc(Utc::now() + TimeDelta::days(days))
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

/// The link of a letter, which is the only one it has.
fn link(mail: &Mail) -> String {
    let part = |name: &str| mail.body[name].as_str().unwrap_or_default().to_owned();
    let (text, html) = (part("text"), part("html"));
    let links: Vec<&str> = text.split_whitespace().filter(|word| word.contains("://")).collect();
    let [link] = links.as_slice() else { panic!("one link: {text}") };
    assert_eq!(html.matches("href=").count(), 1, "{html}");
    (*link).to_owned()
}

/// Waits for a mail whose subject begins so.
async fn letter(house: &House, fan: &Fan, subject: &str) -> Mail {
    let mailbox = house.mailbox();
    until(&format!("a mail `{subject}…`"), 30, async || {
        let is_it = |mail: &Mail| mail.body["subject"].as_str().is_some_and(|text| text.starts_with(subject));
        mailbox.to(&fan.email).await.into_iter().find(is_it)
    })
    .await
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

fn choose(fan: &Fan, order: &Order, choice: &Value) -> marquee_e2e::client::Call {
    let path = format!("/api/v1/orders/{}/postponement", order.id);
    fan.client.post(&path, &json!({ "choice": choice })).header("order-token", &order.token)
}

async fn chooses(fan: &Fan, order: &Order, choice: &str) -> Answer {
    choose(fan, order, &json!(choice)).send().await
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
