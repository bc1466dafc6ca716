//! Whatever comes in: the contract's code, and nothing changed.

use std::time::{Duration, Instant};

use marquee_e2e::client::{Answer, Call};
use marquee_e2e::fixtures::{LIMITS, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, seats};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

/// Sends what must be refused, and checks that nothing changed.
struct Refusals<'a> {
    house: &'a House,
    before: String,
}

impl<'a> Refusals<'a> {
    async fn of(house: &'a House) -> Self {
        Self { house, before: house.database.state().await }
    }

    async fn refuses(&self, what: &str, call: Call, status: u16, code: &str) -> Value {
        let answer: Answer = call.send().await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{what}: {}", answer.text());
        assert_eq!(self.house.database.state().await, self.before, "{what} changed something");
        answer.refused(status, code)
    }
}

fn hold_call(fan: &Fan, body: &Value) -> Call {
    fan.asks(&fan.tenant.seated, body).fresh()
}

#[tokio::test]
async fn holds_that_cannot_be() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let refusals = Refusals::of(&house).await;
    let (stalls, floor) = (&a.seated.levels[0], &a.standing.levels[0]);
    let place =
        |level: &str, quantity: Value| json!({ "places": [{ "price_level": level, "quantity": quantity }] });
    let one = json!({ "seats": [{ "seat": seat('A', 1) }] });

    for (what, body, code) in [
        ("an unknown seat", seats(&["stalls-Z-99".to_owned()]), "unknown_seat"),
        ("an unknown seat beside a good one", seats(&[seat('A', 1), "x".to_owned()]), "unknown_seat"),
        ("the same seat twice", seats(&[seat('A', 1), seat('A', 1)]), "duplicate_seat"),
        ("nothing", json!({}), "validation_failed"),
        ("empty lists", json!({ "seats": [], "places": [] }), "validation_failed"),
        ("a quantity of 0", place(&stalls.id, json!(0)), "validation_failed"),
        ("a negative quantity", place(&stalls.id, json!(-1)), "validation_failed"),
        ("a huge quantity", place(&stalls.id, json!(i64::MAX)), "limit_per_order"),
        ("a quantity beyond all integers", place(&stalls.id, json!(1e30)), "validation_failed"),
        ("half a ticket", place(&stalls.id, json!(1.5)), "validation_failed"),
        ("a quantity in words", place(&stalls.id, json!("2")), "validation_failed"),
        ("one more than the limit", place(&stalls.id, json!(LIMITS.0 + 1)), "limit_per_order"),
        (
            "two huge quantities",
            json!({ "places": [{ "price_level": stalls.id, "quantity": i64::MAX },
            { "price_level": stalls.id, "quantity": i64::MAX }] }),
            "limit_per_order",
        ),
        ("another performance's level", place(&floor.id, json!(1)), "unknown_price_level"),
        ("another tenant's level", place(&b.seated.levels[0].id, json!(1)), "unknown_price_level"),
        ("a level that is none", place("stalls", json!(1)), "unknown_price_level"),
        (
            "another level's ticket type",
            json!({ "seats": [{ "seat": seat('A', 1), "ticket_type": a.seated.levels[1].types[0] }] }),
            "unknown_ticket_type",
        ),
        (
            "another tenant's ticket type",
            json!({ "seats": [{ "seat": seat('A', 1), "ticket_type": b.seated.levels[0].types[0] }] }),
            "unknown_ticket_type",
        ),
        ("a client's price", json!({ "seats": [{ "seat": seat('A', 1), "price": 1 }] }), "validation_failed"),
        ("a client's total", json!({ "seats": [{ "seat": seat('A', 1) }], "total": 1 }), "validation_failed"),
        (
            "an unknown field",
            json!({ "seats": [{ "seat": seat('A', 1) }], "vip": true }),
            "validation_failed",
        ),
        ("a seat that is no text", json!({ "seats": [{ "seat": 7 }] }), "validation_failed"),
        ("NUL in a seat", seats(&["stalls-A-1\u{0}".to_owned()]), "validation_failed"),
        ("a list", json!([]), "validation_failed"),
        ("null", Value::Null, "validation_failed"),
    ] {
        refusals.refuses(what, hold_call(&fan, &body), 422, code).await;
    }
    let standing = |body: &Value| fan.asks(&a.standing, body).fresh();
    refusals.refuses("a seat asked of standing", standing(&one), 422, "unknown_seat").await;

    let path = format!("/api/v1/performances/{}/holds", a.seated.id);
    let raw = |bytes: &[u8]| fan.client.post_raw(&path, bytes.to_vec(), "application/json").fresh();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (what, bytes) in [
        ("half a body", &b"{\"seats\":["[..]),
        ("no body", b""),
        ("no JSON", b"seats=1"),
        ("bytes that are no UTF-8", b"{\"seats\":[{\"seat\":\"\xff\xfe\"}]}"),
        ("a field twice", br#"{"seats":[{"seat":"stalls-A-1"}],"seats":[{"seat":"stalls-A-2"}]}"#),
        ("a field twice, deeper", br#"{"seats":[{"seat":"stalls-A-1","seat":"stalls-A-2"}]}"#),
        ("more after the end", br#"{"seats":[{"seat":"stalls-A-1"}]} {}"#),
        ("a comment", br#"{"seats":[{"seat":"stalls-A-1"}]} // please"#),
        ("NaN", br#"{"places":[{"price_level":"x","quantity":NaN}]}"#),
        ("a nest of 200", deep.as_bytes()),
    ] {
        refusals.refuses(what, raw(bytes), 400, "malformed_body").await;
    }
    let large = raw(&vec![b' '; 10_000_000]).try_send().await;
    // The server may hang up before ten megabytes are sent.
    assert!(large.is_err() || large.unwrap().status == 413);
    let chunk = json!({ "seats": [{ "seat": "x".repeat(1_100_000) }] });
    refusals
        .refuses("a body of more than a megabyte", hold_call(&fan, &chunk), 413, "payload_too_large")
        .await;
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let call = fan.client.post_raw(&path, one.to_string().into_bytes(), media).fresh();
        refusals.refuses(media, call, 415, "unsupported_media_type").await;
    }
    for key in ["1234567", &"k".repeat(256)] {
        refusals
            .refuses("a bad key", fan.asks(&a.seated, &one).key(key), 400, "idempotency_key_missing")
            .await;
    }
    refusals.refuses("no key", fan.asks(&a.seated, &one), 400, "idempotency_key_missing").await;
    let twice = fan.asks(&a.seated, &one).key("12345678").key("12345678");
    refusals.refuses("two keys", twice, 400, "idempotency_key_missing").await;

    for performance in [b.seated.id.clone(), Uuid::now_v7().to_string(), "1".to_owned(), "%00".to_owned()] {
        let call = fan.client.post(&format!("/api/v1/performances/{performance}/holds"), &one).fresh();
        refusals.refuses("another's performance", call, 404, "not_found").await;
    }
    refusals.refuses("another method", fan.client.call("PUT", &path), 405, "method_not_allowed").await;
    for (path, methods) in [(path.as_str(), "POST"), ("/api/v1/events", "GET, HEAD"), ("/", "GET, HEAD")] {
        let answer = fan.client.call("PUT", path).send().await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(methods), "{path}");
    }
    refusals.refuses("no such call", fan.client.get("/api/v1/nothing"), 404, "not_found").await;
}

#[tokio::test]
async fn orders_that_cannot_be() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let hold = fan.hold_seats(&[seat('A', 1)]).await;
    let other = fan.hold_seats(&[seat('A', 2)]).await;
    let theirs = house.fan_on(0, &house.fixtures.b);
    let foreign = theirs.hold_seats(&[seat('A', 1)]).await;
    let refusals = Refusals::of(&house).await;
    let order = |body: &Value, token: &str| {
        fan.client.post("/api/v1/orders", body).header("hold-token", token).fresh()
    };
    let named = |name: &str| json!({ "hold_id": hold.id, "buyer": { "email": fan.email, "name": name } });
    let mailed = |email: &str| json!({ "hold_id": hold.id, "buyer": { "email": email, "name": "Ada" } });

    let long = "x".repeat(201);
    for name in
        ["", "  ", "a\u{0}b", "a\nb", "a\r\nBcc: x@example.com", "a\u{2028}b", "a\u{85}b", "\u{7f}", &long]
    {
        let problem =
            refusals.refuses("a name", order(&named(name), &hold.token), 422, "validation_failed").await;
        assert_eq!(problem["errors"][0]["pointer"], "/buyer/name", "{name:?}");
    }
    for email in [
        "",
        "x",
        "a@b@c",
        "a b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@exa\u{0}mple.com",
        "<a@example.com>",
    ] {
        let problem = refusals
            .refuses("an address", order(&mailed(email), &hold.token), 422, "validation_failed")
            .await;
        assert_eq!(problem["errors"][0]["pointer"], "/buyer/email", "{email:?}");
    }
    let ten_megabytes = named(&"x".repeat(10_000_000));
    let answer = order(&ten_megabytes, &hold.token).try_send().await;
    assert!(answer.is_err() || answer.unwrap().status == 413);
    let with = |change: fn(&mut Value)| {
        let mut body = named("Ada");
        change(&mut body);
        body
    };
    for body in [
        with(|body| body["total"] = json!(1)),
        with(|body| body["buyer"]["vip"] = json!(true)),
        with(|body| body["hold_id"] = json!("x")),
        with(|body| body["hold_id"] = Value::Null),
        with(|body| body["buyer"] = Value::Null),
        with(|body| body["promo_code"] = json!("HALF")),
        with(|body| body["buyer"]["locale"] = json!("../../etc")),
    ] {
        refusals.refuses("a body", order(&body, &hold.token), 422, "validation_failed").await;
    }
    // Tokens and ids of others.
    let good = named("Ada");
    for token in ["", "wrong", &other.token, &foreign.token, &hold.token[1..]] {
        refusals.refuses("a token", order(&good, token), 404, "not_found").await;
    }
    refusals.refuses("no token", fan.client.post("/api/v1/orders", &good).fresh(), 404, "not_found").await;
    let twice = order(&good, &hold.token).header("hold-token", &hold.token);
    refusals.refuses("two tokens", twice, 404, "not_found").await;
    for id in [foreign.id.clone(), Uuid::now_v7().to_string()] {
        let body = json!({ "hold_id": id, "buyer": { "email": fan.email, "name": "Ada" } });
        refusals.refuses("another's hold", order(&body, &foreign.token), 404, "not_found").await;
    }
    let keyless = fan.client.post("/api/v1/orders", &good).header("hold-token", &hold.token);
    refusals.refuses("no key", keyless, 400, "idempotency_key_missing").await;
}

#[tokio::test]
async fn payments_that_cannot_be() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let other = fan.order(&fan.hold_seats(&[seat('A', 2)]).await).await;
    let theirs = house.fan_on(0, &house.fixtures.b);
    let foreign = theirs.order(&theirs.hold_seats(&[seat('A', 1)]).await).await;
    let refusals = Refusals::of(&house).await;
    let path = format!("/api/v1/orders/{}/pay", order.id);
    let pay = |body: &Value| fan.client.post(&path, body).header("order-token", &order.token).fresh();
    for body in [
        json!({}),
        json!({ "confirmation_token": "" }),
        json!({ "confirmation_token": 7 }),
        json!({ "confirmation_token": "x".repeat(256) }),
        json!({ "confirmation_token": "ctoken_\u{0}" }),
        json!({ "confirmation_token": "ctoken_x", "amount": 1 }),
        json!({ "amount": 1 }),
        json!([]),
    ] {
        refusals.refuses(&body.to_string(), pay(&body), 422, "validation_failed").await;
    }
    let good = json!({ "confirmation_token": "ctoken_x" });
    for token in ["", "wrong", &other.token, &foreign.token] {
        let call = fan.client.post(&path, &good).header("order-token", token).fresh();
        refusals.refuses("a token", call, 404, "not_found").await;
        let call = fan.client.get(&format!("/api/v1/orders/{}", order.id)).header("order-token", token);
        refusals.refuses("a token", call, 404, "not_found").await;
    }
    let call = fan.client.post(&format!("/api/v1/orders/{}/pay", foreign.id), &good);
    refusals
        .refuses(
            "another tenant's order",
            call.header("order-token", &foreign.token).fresh(),
            404,
            "not_found",
        )
        .await;
    let keyless = fan.client.post(&path, &good).header("order-token", &order.token);
    refusals.refuses("no key", keyless, 400, "idempotency_key_missing").await;
    // A token that the provider does not know leaves the order as it was: the next try pays.
    let unknown = pay(&json!({ "confirmation_token": "ctoken_unknown" })).send().await;
    assert!((400..500).contains(&unknown.status), "{}", unknown.text());
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    house.audited().await;
}

#[tokio::test]
async fn people_of_any_script_buy_like_anyone() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let names = ["משה", "李小龍", "👩‍👩‍👧 🎭", "Zoë O'Brien-Ñandú", "عمر", &"é".repeat(200)];
    for (at, name) in names.iter().enumerate() {
        let hold = fan.hold_seats(&[seat('A', at + 1)]).await;
        let body = json!({ "hold_id": hold.id, "buyer": { "email": fan.email, "name": name } });
        let placed =
            fan.client.post("/api/v1/orders", &body).header("hold-token", &hold.token).fresh().send().await;
        let order = marquee_e2e::site::Order::of(placed);
        assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid", "{name}");
        assert_eq!(fan.look(&order).await["tickets"][0]["holder"], *name);
        let pdf = fan
            .client
            .get(&format!("/api/v1/orders/{}/tickets.pdf", order.id))
            .header("order-token", &order.token);
        assert_eq!(pdf.send().await.status, 200, "{name}");
    }
    house.audited().await;
}

/// Sends bytes as they are and reads the answer's head and body.
async fn raw(house: &House, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", house.port(0))).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// More of them than are read at a time.
#[tokio::test]
async fn half_a_request_keeps_nobody_waiting() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let half = format!(
        "POST /api/v1/performances/{}/holds HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: half-a-request\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{{\"seats\":[",
        fan.tenant.seated.id, fan.tenant.host
    );
    let halves = futures::future::join_all((0..80).map(|_| raw(&house, &half)));
    let whole = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        fan.hold_seats(&[seat('A', 1)]).await;
        began.elapsed()
    };
    let (answers, took) = tokio::join!(halves, whole);
    assert!(took < Duration::from_secs(3), "{took:?}");
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("malformed_body"), "{answer}");
    }
}

#[tokio::test]
async fn hosts_that_are_nobodys() {
    let house = plan().without_worker().open().await;
    let a = &house.fixtures.a;
    let client = house.client(a.host);
    for host in ["nobody.test", "a.test.evil.example", "127.0.0.1", "xa.test"] {
        for path in ["/", "/api/v1/events", &format!("/performances/{}", a.seated.id), "/api/openapi.json/x"]
        {
            let answer = client.under(host).get(path).send().await;
            assert_eq!(answer.status, 404, "{host} {path}");
            assert!(
                !answer.text().contains(a.name) && !answer.text().contains(house.fixtures.b.name),
                "{host} {path}"
            );
        }
        client.under(host).get("/api/v1/events").send().await.refused(404, "unknown_host");
        assert_eq!(client.under(host).get("/healthz").send().await.status, 200);
        assert_eq!(client.under(host).get("/readyz").send().await.status, 200);
    }
    for host in ["A.TEST", "a.test:8080", "a.test.", "A.Test.:99"] {
        assert_eq!(client.under(host).get("/api/v1/events").send().await.status, 200, "{host}");
    }
    // A forwarded host is not believed.
    let forwarded = client.under("nobody.test").get("/api/v1/events");
    let forwarded =
        forwarded.header("x-forwarded-host", a.host).header("forwarded", &format!("host={}", a.host));
    forwarded.send().await.refused(404, "unknown_host");
    let own = client
        .get("/api/v1/events")
        .header("x-forwarded-host", house.fixtures.b.host)
        .send()
        .await
        .expect(200);
    assert_eq!(own, client.get("/api/v1/events").send().await.expect(200));

    for head in ["Host: a.test\r\nHost: a.test", "Host: a.test\r\nHost: b.test", "Host: a.test/x", "Host: "] {
        let answer =
            raw(&house, &format!("GET /api/v1/events HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
        assert!(!answer.contains(&a.seated.id), "{head}");
    }
    let answer =
        raw(&house, "GET http://b.test/api/v1/events HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
            .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

/// A broken plan file: every fault with its place, nothing imported.
#[tokio::test]
async fn a_broken_plan_is_not_imported() {
    let house = plan().without_worker().open().await;
    let mut broken = marquee_e2e::fixtures::plan("Broken House");
    broken["zones"][0]["rows"][0]["seats"][1]["seat_guid"] = json!(seat('A', 1));
    broken["zones"][0]["rows"][1]["seats"][0]["category"] = json!("Royal box");
    let file = house.folder("plans").join("broken.json");
    std::fs::write(&file, broken.to_string()).unwrap();
    let before = house.database.number("select count(*) from seating_plans").await;
    let output =
        house.marquee(&["plan", "import", file.to_str().unwrap(), "--tenant", "riverside", "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = report["faults"].as_array().unwrap();
    assert!(faults.len() >= 3, "two seats share an id, one has no category: {report}");
    assert!(faults.iter().any(|fault| fault["guid"] == seat('A', 1) && fault["row"] == "A"), "{report}");
    assert_eq!(house.database.number("select count(*) from seating_plans").await, before);
    std::fs::write(&file, "{").unwrap();
    let output = house.marquee(&["plan", "import", file.to_str().unwrap(), "--tenant", "riverside"]).await;
    assert_eq!(output.status.code(), Some(1));

    std::fs::write(&file, marquee_e2e::fixtures::plan("Other House").to_string()).unwrap();
    let output = house.marquee(&["plan", "import", file.to_str().unwrap(), "--tenant", "riverside"]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(house.database.number("select count(*) from seating_plans").await, before + 1);
}
