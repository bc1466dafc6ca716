//! The door: a code from the command line makes a scanner, a ticket admits once, everything else is told apart.

use marquee_e2e::client::Client;
use marquee_e2e::fixtures::{TenantFixture, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::codes;
use serde_json::{Value, json};
use uuid::Uuid;

/// A scanner.
pub struct Scanner {
    client: Client,
    token: String,
    gates: Vec<String>,
}

/// Invites a scanner by the command line and provisions it.
pub async fn scanner(house: &House, tenant: &TenantFixture, performance: &str) -> Scanner {
    let invited =
        house.marquee(&["device", "invite", "--tenant", tenant.slug, "--performance", performance]).await;
    assert!(invited.status.success(), "{}", String::from_utf8_lossy(&invited.stderr));
    let printed = String::from_utf8(invited.stdout).unwrap();
    let code = printed.lines().last().unwrap().trim().to_owned();
    assert!(!code.is_empty() && !code.contains(' '), "the code stands alone on the last line: {printed}");
    let client = house.client(tenant.host);
    let body = json!({ "code": code, "name": "Door 1" });
    let device = client.post("/api/door/v1/devices", &body).send().await.expect(201);
    client.post("/api/door/v1/devices", &body).send().await.refused(401, "unauthorized");
    let gates =
        device["gates"].as_array().unwrap().iter().map(|gate| gate["id"].as_str().unwrap().to_owned());
    Scanner { client, token: device["token"].as_str().unwrap().to_owned(), gates: gates.collect() }
}

/// A scan of a code.
pub fn scan(id: Uuid, code: &str, gate: &str) -> Value {
    json!({ "scan_id": id, "code": code, "gate": gate, "direction": "in", "scanned_at": "2026-06-01T19:00:00Z",
            "seq": 0, "clock_offset_ms": 0, "offline": false })
}

impl Scanner {
    /// Sends scans.
    pub async fn send(&self, scans: &[Value]) -> marquee_e2e::client::Answer {
        let call = self.client.post("/api/door/v1/scans", &json!({ "scans": scans }));
        call.header("authorization", &format!("Bearer {}", self.token)).send().await
    }

    /// Scans one code at a gate.
    pub async fn reads(&self, code: &str, gate: usize) -> Value {
        let results = self.send(&[scan(Uuid::new_v4(), code, &self.gates[gate])]).await.expect(200);
        results["results"][0].clone()
    }

    /// The manifest of a performance, from its beginning.
    pub async fn manifest(&self, performance: &str) -> Value {
        let call = self.client.get(&format!("/api/door/v1/performances/{performance}/manifest"));
        call.header("authorization", &format!("Bearer {}", self.token)).send().await.expect(200)
    }

    async fn verdict(&self, code: &str) -> String {
        self.reads(code, 0).await["verdict"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_ticket_admits_once() {
    let house = plan().without_worker().open().await;
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let fan = house.fan();
    let (order, bought) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let codes = codes(&bought);
    let (ours, theirs) = (scanner(&house, a, &a.seated.id).await, scanner(&house, b, &b.seated.id).await);

    let first = ours.reads(&codes[0], 0).await;
    assert_eq!((&first["verdict"], &first["ticket"]["holder"]), (&json!("admit"), &json!("Ada Lovelace")));
    let second = ours.reads(&codes[0], 1).await;
    assert_eq!(
        (&second["verdict"], &second["first_scan"]["scan_id"]),
        (&json!("duplicate"), &first["scan_id"])
    );
    assert_eq!(fan.look(&order).await["tickets"][0]["status"], "used");

    // One changed letter, wherever it stands, is no ticket.
    let letters: Vec<char> = codes[1].chars().collect();
    for at in [0, letters.len() / 2, letters.len() - 1] {
        let mut changed = letters.clone();
        changed[at] = if changed[at] == 'A' { 'B' } else { 'A' };
        assert_eq!(ours.verdict(&changed.iter().collect::<String>()).await, "fake", "letter {at}");
    }
    for other in ["", "https://a.test/", &codes[1][..codes[1].len() - 1], "\u{0}", "🎭"] {
        assert_eq!(ours.verdict(other).await, "fake", "{other:?}");
    }
    // The other tenant's scanner does not know it, and theirs is no scanner here.
    assert_eq!(theirs.verdict(&codes[1]).await, "fake");
    let stray =
        Scanner { client: ours.client.under(b.host), token: ours.token.clone(), gates: ours.gates.clone() };
    stray.send(&[scan(Uuid::new_v4(), &codes[1], &ours.gates[0])]).await.refused(401, "unauthorized");
    assert_eq!(ours.verdict(&codes[1]).await, "admit", "nothing of that used the ticket");

    // A ticket of the tenant's other performance.
    let (_, other) = fan.buy(&fan.hold_places(1).await).await;
    assert_eq!(ours.verdict(&marquee_e2e::site::codes(&other)[0]).await, "wrong_performance");
    let refused =
        house.marquee(&["device", "invite", "--tenant", b.slug, "--performance", &a.seated.id]).await;
    assert_eq!(refused.status.code(), Some(1), "another tenant's performance");
    house.audited().await;
}

#[tokio::test]
async fn a_verdict_never_changes() {
    let house = plan().without_worker().open().await;
    let a = &house.fixtures.a;
    let fan = house.fan();
    let (_, bought) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let codes = codes(&bought);
    let door = scanner(&house, a, &a.seated.id).await;
    let id = Uuid::new_v4();
    let first = door.send(&[scan(id, &codes[0], &door.gates[0])]).await.expect(200);
    assert_eq!(first["results"][0]["verdict"], "admit");
    // The same scan again, alone, twice in a batch, and with another code under its id.
    let again = scan(id, &codes[0], &door.gates[0]);
    for batch in
        [vec![again.clone()], vec![again.clone(), again.clone()], vec![scan(id, &codes[1], &door.gates[0])]]
    {
        let answer = door.send(&batch).await.expect(200);
        for result in answer["results"].as_array().unwrap() {
            assert_eq!((&result["scan_id"], &result["verdict"]), (&json!(id), &json!("admit")), "{answer}");
        }
    }
    assert_eq!(house.database.number("select count(*) from scans").await, 1);
    assert_eq!(house.database.number("select count(*) from admissions").await, 1);
    assert_eq!(door.verdict(&codes[1]).await, "admit");
    // Out, and in again.
    let mut out = scan(Uuid::new_v4(), &codes[0], &door.gates[0]);
    out["direction"] = json!("out");
    assert_eq!(door.send(&[out]).await.expect(200)["results"][0]["verdict"], "admit");
    assert_eq!(door.verdict(&codes[0]).await, "admit");
    house.audited().await;
}

#[tokio::test]
async fn every_verdict_has_its_reason() {
    let house = plan().without_worker().open().await;
    let a = &house.fixtures.a;
    let fan = house.fan();
    let (_, bought) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let codes = codes(&bought);
    let door = scanner(&house, a, &a.seated.id).await;
    house
        .database
        .run(&format!(
            "update gates set opens_at = marquee_now() + interval '1 hour' where id = '{}';
             update gates set price_level_ids = array['{}'::uuid] where id = '{}'",
            door.gates[0], a.seated.levels[1].id, door.gates[1]
        ))
        .await;
    assert_eq!(door.reads(&codes[0], 0).await["verdict"], "too_early");
    assert_eq!(door.reads(&codes[0], 1).await["verdict"], "wrong_gate");
    house.database.run("update gates set opens_at = null, price_level_ids = null").await;
    let ticket = bought["tickets"][1]["ticket_id"].as_str().unwrap();
    let void = format!("update tickets set status = 'void', voided_at = marquee_now() where id = '{ticket}'");
    house.database.run(&void).await;
    let mut verdicts = [door.verdict(&codes[0]).await, door.verdict(&codes[1]).await];
    verdicts.sort();
    assert_eq!(verdicts, ["admit", "revoked"]);
    // A scanner that is withdrawn is refused at its next call.
    house.database.run("update devices set revoked_at = marquee_now()").await;
    door.send(&[scan(Uuid::new_v4(), &codes[0], &door.gates[0])]).await.refused(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gates_at_once_let_one_in() {
    let house = plan().servers(2).without_worker().open().await;
    let a = &house.fixtures.a;
    let fan = house.fan();
    let (_, bought) = fan.buy(&fan.hold_places(10).await).await;
    let one = scanner(&house, a, &a.standing.id).await;
    let other = scanner(&house, a, &a.standing.id).await;
    let two = Scanner { client: house.client_of(1, a.host), ..other };
    for code in codes(&bought) {
        let scans = (0..10).map(|at| if at % 2 == 0 { one.reads(&code, 0) } else { two.reads(&code, 1) });
        let verdicts: Vec<Value> =
            futures::future::join_all(scans).await.iter().map(|one| one["verdict"].clone()).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == "admit").count(), 1, "{verdicts:?}");
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == "duplicate").count(), 9, "{verdicts:?}");
    }
    house.audited().await;
}

#[tokio::test]
async fn a_batch_is_1_to_500_scans_that_can_be() {
    let house = plan().without_worker().open().await;
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let door = scanner(&house, a, &a.seated.id).await;
    let before = house.database.state().await;
    let one = || scan(Uuid::new_v4(), "X", &door.gates[0]);
    let with = |name: &str, value: Value| {
        let mut changed = one();
        changed[name] = value;
        changed
    };
    door.send(&[]).await.refused(422, "validation_failed");
    door.send(&(0..501).map(|_| one()).collect::<Vec<_>>()).await.refused(422, "validation_failed");
    for wrong in [
        with("gate", json!(b.seated.gates[0])),
        with("gate", json!(Uuid::new_v4())),
        with("seq", json!(-1)),
        with("direction", json!("up")),
        with("scan_id", json!("1")),
        with("scanned_at", json!("yesterday")),
        with("price", json!(1)),
    ] {
        // One that is well formed beside it is not kept either.
        door.send(&[one(), wrong]).await.refused(422, "validation_failed");
    }
    assert_eq!(house.database.state().await, before);
    assert_eq!(door.send(&(0..500).map(|_| one()).collect::<Vec<_>>()).await.status, 200);

    for token in ["", "Bearer", "Bearer wrong", "Basic abc"] {
        let call = door.client.post("/api/door/v1/scans", &json!({ "scans": [one()] }));
        call.header("authorization", token).send().await.refused(401, "unauthorized");
    }
    door.client
        .post("/api/door/v1/scans", &json!({ "scans": [one()] }))
        .send()
        .await
        .refused(401, "unauthorized");
    let manifest = format!("/api/door/v1/performances/{}/manifest", a.seated.id);
    door.client.get(&manifest).send().await.refused(401, "unauthorized");
    let theirs = format!("/api/door/v1/performances/{}/manifest", b.seated.id);
    let bearer = format!("Bearer {}", door.token);
    door.client.get(&theirs).header("authorization", &bearer).send().await.refused(404, "not_found");
    for query in ["since=x", "since=a&since=b"] {
        let call = door.client.get(&format!("{manifest}?{query}")).header("authorization", &bearer);
        call.send().await.refused(422, "validation_failed");
    }
    let manifest = door.client.get(&manifest).header("authorization", &bearer).send().await.expect(200);
    assert!(manifest["keys"].is_array() && manifest["tickets"].is_array(), "{manifest}");
}
