//! Browsing beside buying: from memory, a second old at most, on every server, and live.

use std::time::{Duration, Instant};

use futures::StreamExt;
use marquee_e2e::database::Database;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A session tells its counters ten seconds after its last statement at the latest.
const SETTLED: Duration = Duration::from_secs(12);
/// Look-ups of browsers.
const LOOKS: usize = 10_000;

/// How often the rows that buyers fight over were read or written, once no more reports come.
async fn reads(database: &Database) -> String {
    let look = async || {
        database
            .texts(
                "select concat_ws(' ', relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd)
                 from pg_stat_user_tables where relname in ('units', 'holds', 'claims') order by relname",
            )
            .await
            .join(", ")
    };
    let (mut before, mut since) = (look().await, Instant::now());
    while since.elapsed() < SETTLED {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = look().await;
        if now != before {
            (before, since) = (now, Instant::now());
        }
    }
    before
}

#[tokio::test]
async fn no_look_reads_the_rows_that_buyers_fight_over() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (seated, standing) = (&fan.tenant.seated, &fan.tenant.standing);
    let paths = [
        "/".to_owned(),
        "/api/v1/events".to_owned(),
        format!("/api/v1/events/{}", seated.event),
        format!("/events/{}", seated.event),
        format!("/performances/{}", seated.id),
        format!("/api/v1/performances/{}/availability", seated.id),
        format!("/api/v1/performances/{}/availability", standing.id),
        format!("/api/v1/plans/{}", seated.plan.as_ref().unwrap()),
    ];
    for path in &paths {
        fan.client.get(path).send().await.expect(200);
    }
    let before = reads(&house.database).await;
    let looks = futures::stream::iter((0..LOOKS).map(|at| &paths[at % paths.len()])).for_each_concurrent(
        32,
        async |path| {
            assert_eq!(fan.client.get(path).send().await.status, 200, "{path}");
        },
    );
    looks.await;
    assert_eq!(reads(&house.database).await, before, "{LOOKS} looks later");
    fan.hold_seats(&[seat('A', 1)]).await;
    assert_ne!(reads(&house.database).await, before, "the counters see a hold");
}

/// Seats of the seated performance that a server shows as free.
async fn shown(fan: &Fan) -> u64 {
    fan.free(&fan.tenant.seated).await
}

#[tokio::test]
async fn every_server_shows_a_hold_within_a_second_and_its_end_without_a_worker() {
    let brief = async |database: &Database| database.run("update performances set hold_seconds = 3").await;
    let house = plan().servers(2).without_worker().open_after(brief).await;
    let (here, there) = (house.fan(), house.fan_on(1, &house.fixtures.a));
    let free = shown(&there).await;
    assert_eq!(shown(&here).await, free);
    here.hold_seats(&[seat('C', 1), seat('C', 2)]).await;
    let held = Instant::now();
    let seen = async |fan: &Fan, wanted: u64| {
        until(&format!("{wanted} free seats"), 10, async || (shown(fan).await == wanted).then_some(())).await;
    };
    seen(&there, free - 2).await;
    seen(&here, free - 2).await;
    assert!(held.elapsed() < Duration::from_secs(1), "seen after {:?}", held.elapsed());
    let path = format!("/api/v1/performances/{}/availability", here.tenant.seated.id);
    let etag = async |fan: &Fan| fan.client.get(&path).send().await.header("etag").unwrap().to_owned();
    assert_eq!(etag(&here).await, etag(&there).await, "the same is free on both");
    seen(&there, free).await;
    seen(&here, free).await;
    let ended = held.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_millis(4_500)).contains(&ended), "shown after {ended:?}");
    let state = "select state from units where seat = 'stalls-C-1' and state <> 'free'";
    assert_eq!(house.database.texts(state).await, ["held"], "nobody has written that it ended");
}

/// Live updates of a performance as they come.
struct Live {
    stream: TcpStream,
    read: String,
}

impl Live {
    async fn of(house: &House, server: usize, host: &str, performance: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", house.port(server))).await.unwrap();
        let request = format!(
            "GET /api/v1/performances/{performance}/availability/live HTTP/1.1\r\nHost: {host}\r\n\
             Accept: text/event-stream\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Self { stream, read: String::new() }
    }

    /// The next event; none when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        let found = async {
            loop {
                if let Some((before, after)) = self.read.split_once("event: ")
                    && let Some((event, rest)) = after.split_once("\n\n")
                {
                    let (name, data) = event.split_once("\ndata: ").unwrap();
                    let event = (name.to_owned(), serde_json::from_str(data).unwrap());
                    assert!(!before.contains("gzip"), "{before}");
                    self.read = rest.to_owned();
                    return Some(event);
                }
                let mut bytes = vec![0; 65_536];
                let count = self.stream.read(&mut bytes).await.unwrap_or(0);
                if count == 0 {
                    return None;
                }
                self.read.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(15), found).await.expect("an event in time")
    }
}

#[tokio::test]
async fn the_live_stream_tells_what_is_gone_and_what_is_free_again() {
    let mut house = plan().servers(2).without_worker().open().await;
    let (fan, tenant) = (house.fan(), &house.fixtures.a);
    let mut live = Live::of(&house, 1, tenant.host, &tenant.seated.id).await;
    let (name, state) = live.next().await.unwrap();
    assert_eq!(name, "state");
    let path = format!("/api/v1/performances/{}/availability", tenant.seated.id);
    let answer = house.client_of(1, tenant.host).get(&path).send().await.expect(200);
    assert_eq!(state["sections"], answer["sections"]);
    assert_eq!(state["price_levels"], answer["price_levels"]);
    assert!(live.read.is_empty() || !live.read.contains("event: "));

    let hold = fan.hold_seats(&[seat('A', 1), seat('A', 3)]).await;
    let held = Instant::now();
    let (name, gone) = live.next().await.unwrap();
    assert!(held.elapsed() < Duration::from_secs(1), "told after {:?}", held.elapsed());
    assert_eq!(name, "delta");
    assert!(gone["version"].as_u64() > state["version"].as_u64());
    assert_eq!(gone["sections"].as_array().map(Vec::len), Some(1), "{gone}");
    let section = &gone["sections"][0];
    assert_eq!((&section["free"], section["gone"].as_array().map(Vec::len)), (&json!([]), Some(2)));
    let left = |event: &Value, of: &Value| {
        let id = &event["price_levels"][0]["id"];
        let level = of["price_levels"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap();
        level["free"].as_u64().unwrap()
    };
    assert_eq!(left(&gone, &gone), left(&gone, &state) - 2);

    // Whoever comes now begins with what is so now.
    let mut late = Live::of(&house, 1, tenant.host, &tenant.seated.id).await;
    let (name, now) = late.next().await.unwrap();
    assert_eq!((name.as_str(), &now["version"]), ("state", &gone["version"]));
    fan.client.delete(&format!("/api/v1/holds/{}", hold.id)).header("hold-token", &hold.token).send().await;
    for live in [&mut live, &mut late] {
        let (name, free) = live.next().await.unwrap();
        assert_eq!((name.as_str(), &free["sections"][0]["free"]), ("delta", &section["gone"]));
    }

    let asked = Instant::now();
    assert!(house.servers[1].stop().await);
    assert!(asked.elapsed() < Duration::from_secs(5), "listeners held it up for {:?}", asked.elapsed());
    assert_eq!(live.next().await, None);
}

#[tokio::test]
async fn live_updates_are_of_performances_that_fans_may_see() {
    let house = House::open().await;
    let client = house.client(house.fixtures.a.host);
    for id in [&house.fixtures.b.seated.id, "018f0000-0000-7000-8000-000000000000", "x"] {
        let path = format!("/api/v1/performances/{id}/availability/live");
        client.get(&path).send().await.refused(404, "not_found");
    }
    let path = format!("/api/v1/performances/{}/availability/live", house.fixtures.a.seated.id);
    client.post(&path, &json!({})).send().await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn what_was_missed_with_a_lost_connection_is_read_again() {
    let house = plan().servers(2).without_worker().open().await;
    let (here, there) = (house.fan(), house.fan_on(1, &house.fixtures.a));
    let free = shown(&there).await;
    for round in 1..=3 {
        house.database.cut_off().await;
        let hold =
            async || here.asks(&here.tenant.seated, &seats(&[seat('D', round)])).fresh().try_send().await;
        until("a hold over new connections", 10, async || hold().await.ok().filter(|one| one.status == 201))
            .await;
        let wanted = free - round as u64;
        for fan in [&here, &there] {
            // It goes on answering, with what it knew, until it knows better.
            until("what was missed", 10, async || (shown(fan).await == wanted).then_some(())).await;
        }
    }
}

/// What a process committed and did not live to tell is found by missing the process.
#[tokio::test]
async fn what_a_killed_process_left_untold_is_found() {
    let mut house = plan().servers(2).without_worker().open().await;
    let fan = house.fan();
    let before = shown(&fan).await;
    shown(&house.fan_on(1, &house.fixtures.a)).await;
    house
        .database
        .run(&format!(
            "update units set state = 'blocked' where performance_id = '{}' and seat = '{}'",
            fan.tenant.seated.id,
            seat('A', 1)
        ))
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(shown(&fan).await, before, "nobody was told");
    house.servers[1].kill().await;
    until("the other server to read again", 5, async || (shown(&fan).await == before - 1).then_some(()))
        .await;
}
