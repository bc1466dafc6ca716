//! Each seat once: over two processes, over expired holds, while somebody pays, and however often a call is repeated.

use std::collections::{BTreeMap, HashSet};

use marquee_e2e::client::{Answer, fresh_key};
use marquee_e2e::fixtures::{LIMITS, PLACES, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Hold, places, seats};
use marquee_e2e::wait::{seed, until};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

const BUYERS: usize = 200;

/// Sends `count` holds at once, half of them to each of two servers.
async fn rush(fans: [&Fan; 2], count: usize, body: &Value, standing: bool) -> Vec<Answer> {
    let calls = (0..count).map(|at| {
        let fan = fans[at % 2];
        let performance = if standing { &fan.tenant.standing } else { &fan.tenant.seated };
        fan.asks(performance, body).fresh().send()
    });
    futures::future::join_all(calls).await
}

/// How many answers were of each kind: `201`, `409 seat_taken` …
fn tally(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let (status, code) = answer.problem();
        *tally.entry(format!("{status} {code}").trim().to_owned()).or_default() += 1;
    }
    tally
}

fn one_winner() -> BTreeMap<String, usize> {
    BTreeMap::from([("201".to_owned(), 1), ("409 seat_taken".to_owned(), BUYERS - 1)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_for_one_seat() {
    let house = plan().servers(2).without_worker().open().await;
    let (one, two) = (house.fan_on(0, &house.fixtures.a), house.fan_on(1, &house.fixtures.a));
    let wanted = seats(&[seat('A', 1)]);

    let answers = rush([&one, &two], BUYERS, &wanted, false).await;
    assert_eq!(tally(&answers), one_winner());
    let loser = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert_eq!(loser.refused(409, "seat_taken")["seats"], json!([seat('A', 1)]));

    // The same again when that hold's time is over and nobody has tidied up.
    house.database.shift_clock("11 minutes").await;
    let answers = rush([&one, &two], BUYERS, &wanted, false).await;
    assert_eq!(tally(&answers), one_winner());
    let live = "select count(*) from claims where closed_at is null";
    assert_eq!(house.database.number(live).await, 1);
    let former = "select count(*) from holds where state = 'expired' and closed_at is not null";
    assert_eq!(house.database.number(former).await, 1, "the claim that took over closed the former hold");
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_a_seat_that_is_being_paid_for() {
    let house = plan().servers(2).without_worker().open().await;
    let (one, two) = (house.fan_on(0, &house.fixtures.a), house.fan_on(1, &house.fixtures.a));
    let hold = one.hold_seats(&[seat('A', 1)]).await;
    let order = one.order(&hold).await;
    // Nobody but the payer's own call may bring it home.
    house.money().webhooks(json!({ "paused": true })).await;
    house.money().fault("POST /v1/payment_intents/*/confirm", 1, "delay_ms", json!(5_000)).await;
    let paying = {
        let (fan, order) = (one.clone(), order.clone());
        tokio::spawn(async move { fan.pay(&order, "pm_card_visa").await })
    };
    let confirming = "select count(*) from units where state = 'confirming'";
    until("the seat to be confirming", 5, async || {
        (house.database.number(confirming).await == 1).then_some(())
    })
    .await;
    // Even when the hold's own time ends meanwhile.
    house.database.shift_clock("11 minutes").await;
    let answers = rush([&one, &two], BUYERS, &seats(&[seat('A', 1)]), false).await;
    assert_eq!(tally(&answers), BTreeMap::from([("409 seat_taken".to_owned(), BUYERS)]));
    assert_eq!(house.database.number(confirming).await, 1, "the buyers came while it was being paid");
    assert_eq!(paying.await.unwrap().expect(200)["status"], "paid");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_buyers_get_four_hundred_places() {
    let house = plan().servers(2).without_worker().open().await;
    let (one, two) = (house.fan_on(0, &house.fixtures.a), house.fan_on(1, &house.fixtures.a));
    let answers = rush([&one, &two], 600, &places(&one.tenant.standing, 1), true).await;
    let expected = BTreeMap::from([
        ("201".to_owned(), PLACES as usize),
        ("409 sold_out".to_owned(), 600 - PLACES as usize),
    ]);
    assert_eq!(tally(&answers), expected);
    let units: HashSet<String> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.json()["units"][0]["unit_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(units.len(), PLACES as usize, "everybody has a place of their own");
    house.audited().await;
}

#[tokio::test]
async fn neighbours_sit_side_by_side() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let stalls = &fan.tenant.seated.levels[0].id;
    let ask = |quantity: i64| json!({ "places": [{ "price_level": stalls, "quantity": quantity, "adjacent": true }] });
    for _ in 0..3 {
        let hold = fan.hold(&fan.tenant.seated, &ask(7)).await;
        let names: Vec<(String, usize)> = hold.body["units"]
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| {
                let id = unit["seat"].as_str().unwrap();
                let (row, number) = id.rsplit_once('-').unwrap();
                (row.to_owned(), number.parse().unwrap())
            })
            .collect();
        let mut numbers: Vec<usize> = names.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        assert!(names.iter().all(|(row, _)| *row == names[0].0), "{names:?}");
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{names:?}");
    }
    // Three rows have three left each, two are whole.
    for _ in 0..2 {
        fan.hold(&fan.tenant.seated, &ask(10)).await;
    }
    let refused = fan.asks(&fan.tenant.seated, &ask(7)).fresh().send().await;
    refused.refused(409, "no_adjacent");
    let apart = json!({ "places": [{ "price_level": stalls, "quantity": 9 }] });
    fan.hold(&fan.tenant.seated, &apart).await;
    fan.asks(&fan.tenant.seated, &apart).fresh().send().await.refused(409, "sold_out");
}

/// What a client does whose connection broke: the same call with the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_call_ten_times_is_one() {
    let house = plan().servers(2).open().await;
    let fans = [house.fan_on(0, &house.fixtures.a), house.fan_on(1, &house.fixtures.a)];
    let wanted = seats(&[seat('B', 1), seat('B', 2)]);

    let key = fresh_key();
    let hold = Hold::of(same(
        &ten(|at| fans[at % 2].asks(&fans[0].tenant.seated, &wanted).key(&key).send()).await,
        201,
    ));
    assert_eq!(house.database.number("select count(*) from holds").await, 1);
    let other = fans[0].asks(&fans[0].tenant.seated, &seats(&[seat('B', 3)])).key(&key).send().await;
    other.refused(422, "idempotency_mismatch");
    assert_eq!(house.database.number("select count(*) from claims").await, 2);

    let key = fresh_key();
    let first = &fans[0];
    let body = first.order_body(&hold);
    let place = |at: usize| {
        let call = fans[at % 2].client.post("/api/v1/orders", &body).header("hold-token", &hold.token);
        call.key(&key).send()
    };
    let order = marquee_e2e::site::Order::of(same(&ten(place).await, 201));
    assert_eq!(house.database.number("select count(*) from orders").await, 1);
    let mut changed = body.clone();
    changed["buyer"]["name"] = json!("Grace Hopper");
    let call = first.client.post("/api/v1/orders", &changed).header("hold-token", &hold.token);
    call.key(&key).send().await.refused(422, "idempotency_mismatch");

    let key = fresh_key();
    let token = house.money().token("pm_card_visa", first.tenant.account).await;
    let paid = same(&ten(|at| fans[at % 2].pays(&order, Some(&token)).key(&key).send()).await, 200);
    assert_eq!(paid.json()["status"], "paid");
    first.pays(&order, Some("ctoken_other")).key(&key).send().await.refused(422, "idempotency_mismatch");
    assert_eq!(house.money().intents(&order.id).await.len(), 1);
    assert_eq!(house.money().captured(&order.id).await, (1, order.body["total"].as_i64().unwrap()));
    assert_eq!(house.database.number("select count(*) from tickets").await, 2);
    house.audited().await;
}

async fn ten<F: Future<Output = Answer>>(call: impl Fn(usize) -> F) -> Vec<Answer> {
    futures::future::join_all((0..10).map(call)).await
}

/// The one answer that all are, of which all but one say that they are a replay.
fn same(answers: &[Answer], status: u16) -> Answer {
    for answer in answers {
        assert_eq!((answer.status, answer.text()), (status, answers[0].text()));
    }
    let replayed =
        answers.iter().filter(|answer| answer.header("idempotent-replayed") == Some("true")).count();
    assert_eq!(replayed, answers.len() - 1);
    answers[0].clone()
}

#[tokio::test]
async fn a_lost_answer_does_not_lock_a_buyer_out() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (wanted, key) = (seats(&[seat('C', 1)]), fresh_key());
    // The first answer never arrives: whoever asked is gone before it comes.
    let lost = fan.asks(&fan.tenant.seated, &wanted).key(&key).try_send();
    drop(tokio::time::timeout(std::time::Duration::from_millis(1), lost).await);
    let made = fan.asks(&fan.tenant.seated, &wanted).key(&key).send().await;
    let hold = Hold::of(made);
    let again = Hold::of(fan.asks(&fan.tenant.seated, &wanted).key(&key).send().await);
    assert_eq!((&again.id, &again.token), (&hold.id, &hold.token));
    // Somebody else with the same key does not get it, nor does the same key at another performance.
    fan.asks(&fan.tenant.seated, &wanted).fresh().send().await.refused(409, "seat_taken");
    let elsewhere = fan.asks(&fan.tenant.standing, &places(&fan.tenant.standing, 1)).key(&key).send().await;
    assert_ne!(Hold::of(elsewhere).id, hold.id);
}

#[tokio::test]
async fn a_hold_is_given_back_once() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let hold = fan.hold_seats(&[seat('D', 1), seat('D', 2)]).await;
    let path = format!("/api/v1/holds/{}", hold.id);
    fan.client.get(&path).send().await.refused(404, "not_found");
    fan.client.get(&path).header("hold-token", "wrong").send().await.refused(404, "not_found");
    let shown = fan.client.get(&path).header("hold-token", &hold.token).send().await.expect(200);
    assert_eq!((&shown["hold_id"], &shown["token"]), (&json!(hold.id), &Value::Null));
    let deletions = (0..10).map(|_| fan.client.delete(&path).header("hold-token", &hold.token).send());
    let answers = futures::future::join_all(deletions).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!((done, tally(&answers)["410 hold_expired"]), (1, 9));
    fan.client.get(&path).header("hold-token", &hold.token).send().await.refused(410, "hold_expired");
    fan.hold_seats(&[seat('D', 1), seat('D', 2)]).await;
    house.audited().await;
}

/// Overlapping wishes of several seats each: all or nothing, nobody waits for ever, nothing is had twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_wishes_are_all_or_nothing() {
    let house = plan().servers(2).without_worker().open().await;
    let fans = [house.fan_on(0, &house.fixtures.a), house.fan_on(1, &house.fixtures.a)];
    let mut random = StdRng::seed_from_u64(seed("overlapping_wishes_are_all_or_nothing"));
    let wishes: Vec<Vec<String>> = (0..120)
        .map(|_| {
            let mut numbers: Vec<usize> = (1..=10).collect();
            let row = ['A', 'B'][random.random_range(0..2)];
            let count = random.random_range(1..=4);
            (0..count)
                .map(|_| seat(row, numbers.swap_remove(random.random_range(0..numbers.len()))))
                .collect()
        })
        .collect();
    let calls = wishes.iter().enumerate().map(|(at, wish)| {
        let fan = &fans[at % 2];
        fan.asks(&fan.tenant.seated, &seats(wish)).fresh().send()
    });
    let mut had = HashSet::new();
    for (answer, wish) in futures::future::join_all(calls).await.iter().zip(&wishes) {
        if answer.status == 201 {
            let units = answer.json()["units"].as_array().unwrap().len();
            assert_eq!(units, wish.len(), "all of it");
            assert!(wish.iter().all(|one| had.insert(one.clone())), "somebody has one of {wish:?} already");
        } else {
            let taken = answer.refused(409, "seat_taken")["seats"].as_array().unwrap().clone();
            assert!(
                !taken.is_empty() && taken.iter().all(|one| wish.contains(&one.as_str().unwrap().to_owned()))
            );
        }
    }
    let held = house.database.number("select count(*) from units where state = 'held'").await;
    assert_eq!(held, had.len() as i64, "nothing of a refused wish is kept");
    house.audited().await;
}

/// A hold of one second runs out by itself, with nobody there to tidy up.
#[tokio::test]
async fn a_hold_runs_out_by_itself() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let seated = &fan.tenant.seated;
    let long = fan.hold_seats(&[seat('A', 2)]).await;
    let done = house.marquee(&["performance", "set", &seated.id, "--hold-seconds", "1", "--json"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    until("new holds to be short", 1, async || {
        let hold = fan
            .hold(seated, &json!({ "places": [{ "price_level": seated.levels[1].id, "quantity": 1 }] }))
            .await;
        let ends: chrono::DateTime<chrono::Utc> = hold.body["expires_at"].as_str()?.parse().ok()?;
        (ends < chrono::Utc::now() + chrono::TimeDelta::seconds(2)).then_some(())
    })
    .await;
    let short = fan.hold_seats(&[seat('A', 1)]).await;
    let path = |hold: &Hold| format!("/api/v1/holds/{}", hold.id);
    until("the hold to run out", 3, async || {
        let answer = fan.client.get(&path(&short)).header("hold-token", &short.token).send().await;
        (answer.status == 410).then_some(())
    })
    .await;
    fan.orders(&short).fresh().send().await.refused(410, "hold_expired");
    fan.client
        .delete(&path(&short))
        .header("hold-token", &short.token)
        .send()
        .await
        .refused(410, "hold_expired");
    fan.hold_seats(&[seat('A', 1)]).await;
    let kept = fan.client.get(&path(&long)).header("hold-token", &long.token).send().await;
    assert_eq!(kept.status, 200, "a hold that was there keeps its time");
    house.audited().await;
}

/// A strategy that cannot serve the performance, or a change under live holds, is refused.
#[tokio::test]
async fn a_strategy_is_changed_only_where_it_can_be() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let set = async |id: &str, args: &[&str]| {
        let args: Vec<&str> = ["performance", "set", id].iter().chain(args).copied().collect();
        house.marquee(&args).await.status.code()
    };
    let (seated, standing) = (&fan.tenant.seated.id, &fan.tenant.standing.id);
    assert_eq!(set(seated, &["--strategy", "skip_locked"]).await, Some(1));
    assert_eq!(set(standing, &["--strategy", "ttl"]).await, Some(0));
    let hold = fan.hold_places(1).await;
    assert_eq!(set(standing, &["--strategy", "skip_locked"]).await, Some(1), "a hold is live");
    fan.client.delete(&format!("/api/v1/holds/{}", hold.id)).header("hold-token", &hold.token).send().await;
    assert_eq!(set(standing, &["--strategy", "skip_locked"]).await, Some(0));
    assert!(set(standing, &["--hold-seconds", "0"]).await.is_some_and(|code| code != 0));
    assert_eq!(set("018f0000-0000-7000-8000-000000000000", &[]).await, Some(1));
}

#[tokio::test]
async fn availability_follows_within_a_second() {
    let house = House::open().await;
    let fan = house.fan();
    let free = fan.free(&fan.tenant.seated).await;
    let hold = fan.hold_seats(&[seat('E', 1), seat('E', 2)]).await;
    let seen = |wanted: u64| {
        let fan = fan.clone();
        async move {
            let what = format!("{wanted} free seats");
            until(&what, 2, async || (fan.free(&fan.tenant.seated).await == wanted).then_some(())).await;
        }
    };
    seen(free - 2).await;
    let path = format!("/api/v1/performances/{}/availability", fan.tenant.seated.id);
    let answer = fan.client.get(&path).send().await;
    let etag = answer.header("etag").unwrap().to_owned();
    assert_eq!(fan.client.get(&path).header("if-none-match", &etag).send().await.status, 304);
    let plan =
        fan.client.get(&format!("/api/v1/plans/{}", fan.tenant.seated.plan.as_ref().unwrap())).send().await;
    let plan = plan.expect(200);
    assert_eq!(taken(&plan, &answer.json()), [seat('E', 1), seat('E', 2)]);
    fan.client.delete(&format!("/api/v1/holds/{}", hold.id)).header("hold-token", &hold.token).send().await;
    seen(free).await;
    // A hold that runs out frees its seats on the page too, tidied up or not.
    let standing = &fan.tenant.standing;
    let limit = i64::from(LIMITS.0);
    fan.hold(standing, &places(standing, limit)).await;
    assert_eq!(fan.free(&fan.tenant.seated).await, free);
}

/// The seats that the bitmaps say are gone.
fn taken(plan: &Value, availability: &Value) -> Vec<String> {
    let mut gone = Vec::new();
    for section in availability["sections"].as_array().unwrap() {
        let bits = base64(section["free"].as_str().unwrap());
        let drawn =
            plan["sections"].as_array().unwrap().iter().find(|one| one["id"] == section["id"]).unwrap();
        for (at, id) in drawn["seats"]["id"].as_array().unwrap().iter().enumerate() {
            if bits[at / 8] >> (at % 8) & 1 == 0 {
                gone.push(id.as_str().unwrap().to_owned());
            }
        }
    }
    gone
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = bits << 6 | LETTERS.iter().position(|one| *one == letter).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
