//! What holds the database's connections is named, and no class of work takes the buyers' ones.

use std::time::{Duration, Instant};

use marquee_core::db::{Db, Heard, Tag};
use marquee_core::params;
use marquee_e2e::client::Client;
use marquee_e2e::cluster::cluster;
use marquee_e2e::database::{Database, texts};
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::seats;
use marquee_e2e::wait::until;
use marquee_tenants::staff::hash_password;
use serde_json::{Value, json};

const HOLDERS: &str = "/api/platform/v1/database/holders";
const DRILL: &str = "/api/platform/v1/drills/slow-report";

/// The platform's host, and the header of one of its staff who is signed in there.
pub async fn platform(house: &House) -> (Client, String) {
    let hash = hash_password("correct horse battery").unwrap();
    house
        .database
        .run(&format!(
            "insert into platform_staff (id, email, name, password_hash)
             values (gen_random_uuid(), 'ops@platform.test', 'Ops', '{hash}')"
        ))
        .await;
    let client = house.client(&house.variable("MARQUEE_PLATFORM_HOST"));
    let credentials = json!({ "email": "ops@platform.test", "password": "correct horse battery" });
    let answer = client.post("/api/platform/v1/sessions", &credentials).send().await.expect(200);
    (client, format!("Bearer {}", answer["access_token"].as_str().unwrap()))
}

fn of_the_drill(ranking: &Value) -> &Value {
    ranking.as_array().unwrap().iter().find(|one| one["tag"] == "report.drill").unwrap()
}

#[tokio::test]
async fn a_report_that_holds_a_connection_is_named_first() {
    let house = plan().without_worker().open().await;
    let (staff, bearer) = platform(&house).await;
    let ask = || staff.get(HOLDERS).header("authorization", &bearer).send();
    let drill = |seconds: Value| {
        staff.post(DRILL, &json!({ "seconds": seconds })).header("authorization", &bearer).send()
    };
    staff.get(HOLDERS).send().await.refused(401, "unauthorized");
    staff.post(DRILL, &json!({ "seconds": 1 })).send().await.refused(401, "unauthorized");
    for wrong in [json!(0), json!(61), json!(-1), json!(1.5), json!("6"), Value::Null] {
        drill(wrong).await.refused(422, "validation_failed");
    }

    let started = Instant::now();
    let answer = drill(json!(8)).await.expect(202);
    assert_eq!(answer, json!({ "tag": "report.drill", "seconds": 8 }));
    assert_eq!(
        house.database.number("select count(*) from audit_log where action = 'drill.slow_report'").await,
        1
    );

    // The reports' budget is used up: another one waits for it in vain, and the first is blamed for that.
    let second = tokio::spawn(drill(json!(1)));
    // Meanwhile every buyer is served.
    let fans = (1..=40).map(|number| {
        let fan = house.fan();
        let row = ['A', 'B', 'C', 'D'][(number - 1) / 10];
        tokio::spawn(async move {
            let asked = Instant::now();
            let performance = fan.tenant.seated.clone();
            let wanted = seats(&[seat(row, (number - 1) % 10 + 1)]);
            let answer = fan.asks(&performance, &wanted).fresh().send().await;
            (answer.status, asked.elapsed())
        })
    });
    for one in futures::future::join_all(fans).await {
        let (status, took) = one.unwrap();
        assert_eq!(status, 201);
        assert!(took < Duration::from_secs(3), "a buyer waited {took:?}");
    }
    second.await.unwrap().refused(503, "unavailable");

    let ranking = ask().await.expect(200)["holders"].clone();
    assert!(started.elapsed() < Duration::from_secs(8), "too slow a machine to see the drill");
    let first = &ranking[0];
    assert_eq!((&first["tag"], &first["class"]), (&json!("report.drill"), &json!("report")), "{ranking}");
    assert_eq!(first["open_now"], 1, "{first}");
    assert!(first["longest_open_seconds"].as_f64().unwrap() > 2.0, "{first}");
    for blamed in ["blamed_seconds_last_minute", "blamed_seconds_total"] {
        let seconds = first[blamed].as_f64().unwrap();
        assert!((2.5..6.0).contains(&seconds), "one waited 3 s for it: {first}");
    }

    let metrics = house.metrics().await;
    assert!(metrics.contains("marquee_db_open{tag=\"report.drill\"} 1"), "{metrics}");
    assert!(metrics.contains("marquee_db_blamed_seconds_total{tag=\"report.drill\"} "), "{metrics}");

    let doctor = house.marquee(&["doctor", "--json"]).await;
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!(report["pool"]["holders"][0]["tag"], "report.drill", "{report}");
    assert_eq!(report["pool"]["transactions"][0]["tag"], "report.drill", "{report}");
    assert!(report["pool"]["transactions"][0]["oldest_seconds"].as_f64().unwrap() > 2.0, "{report}");
    let check = report["checks"].as_array().unwrap().iter().find(|one| one["name"] == "connections");
    assert_eq!(check.unwrap()["ok"], true, "{report}");

    until("the drill to end", 10, async || {
        let ranking = ask().await.expect(200)["holders"].clone();
        (of_the_drill(&ranking)["open_now"] == 0).then_some(())
    })
    .await;
    assert!(started.elapsed() >= Duration::from_secs(8), "it ended early");
    house.audited().await;
}

/// Without a server the doctor says so, and that is no fault.
#[tokio::test]
async fn the_doctor_needs_no_server() {
    let mut house = plan().without_worker().open().await;
    house.servers[0].kill().await;
    let doctor = house.marquee(&["doctor", "--json"]).await;
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let check = report["checks"].as_array().unwrap().iter().find(|one| one["name"] == "connections").unwrap();
    assert_eq!(check["ok"], true, "{report}");
    assert!(check["detail"].as_str().unwrap().contains("no server"), "{report}");
    assert_eq!(report["pool"]["holders"], json!([]));
}

const BUY: Tag = Tag::new("test.buy");
const TIDY: Tag = Tag::background("test.tidy");
const REPORT: Tag = Tag::report("test.report");

/// A database of the test's own, which lasts as long as its first half.
async fn database(pool: u32) -> (Database, Db) {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(pool).await;
    (database, db)
}

/// Of six connections reports get one and background work two; buyers get all the others, at once.
#[tokio::test]
async fn budgets_leave_buyers_their_connections() {
    let (_database, db) = database(6).await;
    let report = db.begin_without_tenant(REPORT).await.unwrap();
    let tidying =
        [db.begin_without_tenant(TIDY).await.unwrap(), db.begin_without_tenant(TIDY).await.unwrap()];
    let (another, more) = tokio::join!(db.begin_without_tenant(REPORT), db.begin_without_tenant(TIDY));
    assert!(another.is_err() && more.is_err(), "over budget");
    let asked = Instant::now();
    let mut buying = Vec::new();
    for _ in 0..3 {
        buying.push(db.begin_without_tenant(BUY).await.unwrap());
    }
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    // Each waited for its own class and blames nobody else.
    let holders = db.holders();
    let blamed = |tag: &str| holders.iter().find(|one| one.tag == tag).unwrap().blamed_seconds_total;
    for (tag, seconds) in [("test.report", 3.0), ("test.tidy", 3.0), ("test.buy", 0.0)] {
        assert!((blamed(tag) - seconds).abs() < 0.5, "{tag}: {holders:#?}");
    }
    drop((report, tidying, buying));
    // What was dropped is rolled back and given back.
    for _ in 0..6 {
        db.begin_without_tenant(BUY).await.unwrap().commit().await.unwrap();
    }
    until("every connection to be given back", 5, async || {
        db.holders().iter().all(|one| one.open_now == 0).then_some(())
    })
    .await;
}

/// A transaction whose statement failed does not say that it was committed.
#[tokio::test]
async fn what_failed_is_not_committed() {
    let (_database, db) = database(2).await;
    let tx = db.begin_without_tenant(BUY).await.unwrap();
    assert!(tx.execute("select 1 / 0", params![]).await.is_err());
    assert!(tx.commit().await.is_err());
    for _ in 0..4 {
        let tx = db.begin_without_tenant(BUY).await.unwrap();
        tx.execute("select 1", params![]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Messages arrive in order; a lost connection is a gap, after which they arrive again.
#[tokio::test]
async fn a_listener_says_when_it_may_have_missed_something() {
    let (database, db) = database(4).await;
    let tenant = cluster().await.fixtures.a.id.parse().unwrap();
    let mut listener = db.listen("test_channel").await.unwrap();
    let say = async |payloads: &[&str]| {
        let tx = db.begin(tenant, BUY).await.unwrap();
        for payload in payloads {
            tx.notify("test_channel", payload).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    say(&["one", "one", "two"]).await;
    // Never said: its transaction rolls back.
    let tx = db.begin(tenant, BUY).await.unwrap();
    tx.notify("test_channel", "never").await.unwrap();
    drop(tx);
    say(&["three"]).await;
    for expected in ["one", "one", "two", "three"] {
        assert_eq!(
            listener.next().await.unwrap(),
            Heard::Message { payload: expected.to_owned(), own: true }
        );
    }
    let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where query like 'LISTEN%' and datname = current_database()";
    // A role sees and ends what is its own.
    assert_eq!(texts(&mut database.app().await, ended).await.unwrap(), ["1"]);
    assert_eq!(listener.next().await.unwrap(), Heard::Gap);
    let other = database.db(1).await;
    other.tell(BUY, "test_channel", &["four".to_owned()]).await.unwrap();
    assert_eq!(listener.next().await.unwrap(), Heard::Message { payload: "four".to_owned(), own: false });
}
