//! One tenant never sees another: neither the application's role in the database, nor any call of the API.

use std::collections::BTreeSet;

use marquee_e2e::client::{Answer, Client};
use marquee_e2e::database::texts;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::schema::tenants_tables;
use marquee_e2e::site::{Hold, Order, codes, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::door::{scan, scanner};

/// Tables in which the ordinary life of a tenant, as [`lived_in`] leads it, leaves no row.
const EMPTY: [&str; 0] = [];

/// A house in which both tenants sold, scanned and signed in, so that every table has rows of both.
async fn lived_in() -> House {
    let house = plan().without_worker().open().await;
    for tenant in [&house.fixtures.a, &house.fixtures.b] {
        let fan = house.fan_on(0, tenant);
        let (_, bought) = fan.buy(&fan.hold_seats(&[seat('E', 1)]).await).await;
        let door = scanner(&house, tenant, &tenant.seated.id).await;
        assert_eq!(door.reads(&codes(&bought)[0], 0).await["verdict"], "admit");
        house
            .database
            .run(&format!(
                "insert into staff (tenant_id, id, email, name, role, password_hash)
                     values ('{0}', gen_random_uuid(), 'owner@{1}', 'Owner', 'owner', 'none');
                 insert into staff_sessions (tenant_id, id, staff_id, token_hash, expires_at)
                     select tenant_id, gen_random_uuid(), id, decode('{2}', 'hex'), now() + interval '1 hour'
                     from staff where tenant_id = '{0}'",
                tenant.id,
                tenant.host,
                Uuid::new_v4().simple()
            ))
            .await;
    }
    let compared = house.marquee(&["reconcile"]).await;
    assert!(compared.status.success(), "{}", String::from_utf8_lossy(&compared.stderr));
    house
        .database
        .run(
            "insert into reconciliation_breaks (tenant_id, id, kind, reference, about)
             select tenant_id, gen_random_uuid(), 'posting_missing', movement_id, '{}' from provider_movements",
        )
        .await;
    house
        .database
        .run(
            "insert into performance_changes (tenant_id, id, performance_id, kind, starts_at_before, requested_by)
                 select tenant_id, gen_random_uuid(), performance_id, 'cancelled', now(), 'test' from orders;
             insert into change_notices (tenant_id, change_id, order_id)
                 select o.tenant_id, c.id, o.id from orders o join performance_changes c on c.tenant_id = o.tenant_id;
             insert into postponement_choices (tenant_id, change_id, order_id, choice)
                 select tenant_id, change_id, order_id, 'keep' from change_notices;
             insert into refunds (tenant_id, id, order_id, request_key, reason, amount, currency, requested_by)
                 select tenant_id, gen_random_uuid(), id, 'test', 'requested', 1, currency, 'test' from orders;
             insert into refund_tickets (tenant_id, refund_id, ticket_id)
                 select r.tenant_id, r.id, t.id from refunds r join tickets t on t.tenant_id = r.tenant_id;
             insert into disputes (tenant_id, id, order_id, provider_id, status, reason, amount, currency, opened_at)
                 select tenant_id, gen_random_uuid(), id, id::text, 'needs_response', 'general', 1, currency, now() from orders",
        )
        .await;
    house
        .database
        .run("insert into hold_epochs (tenant_id, performance_id, epoch) select tenant_id, id, 1 from performances")
        .await;
    until("the provider's events of both", 20, async || {
        (house.database.number("select count(distinct tenant_id) from provider_events").await == 2)
            .then_some(())
    })
    .await;
    house
}

#[tokio::test]
async fn the_applications_role_sees_one_tenant_or_nothing() {
    let house = lived_in().await;
    let (a, b) = (&house.fixtures.a.id, &house.fixtures.b.id);
    let tables = tenants_tables(&mut house.database.owner().await).await;
    let mut app = house.database.app().await;
    for table in &tables {
        if EMPTY.contains(&table.as_str()) {
            continue;
        }
        let of = |tenant: &str| format!("select count(*) from {table} where tenant_id = '{tenant}'");
        let (ours, theirs) = (house.database.number(&of(a)).await, house.database.number(&of(b)).await);
        assert!(ours > 0 && theirs > 0, "{table} proves nothing: it has {ours} and {theirs} rows");

        let mut tx = app.begin().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("set local app.tenant_id = '{a}'")))
            .execute(&mut *tx)
            .await
            .unwrap();
        let seen = texts(&mut tx, &format!("select count(*) from {table}")).await.unwrap();
        assert_eq!(seen, [ours.to_string()], "{table}: all of ours and nothing else");
        assert_eq!(texts(&mut tx, &of(b)).await.unwrap(), ["0"], "{table}");
        tx.rollback().await.unwrap();

        // None set, or an empty one: the query fails, it does not find nothing.
        for setting in ["", "set local app.tenant_id = ''", "set local app.tenant_id = 'x'"] {
            let mut tx = app.begin().await.unwrap();
            sqlx::raw_sql(setting).execute(&mut *tx).await.unwrap();
            let refused = texts(&mut tx, &format!("select count(*) from {table}")).await;
            assert!(refused.is_err(), "{table} answers without a tenant ({setting:?}): {refused:?}");
            tx.rollback().await.unwrap();
        }

        // Nor can it write for another: what it may do at all, it may do to its own rows.
        for attempt in [
            format!("update {table} set tenant_id = tenant_id where tenant_id = '{b}'"),
            format!("delete from {table} where tenant_id = '{b}'"),
            format!(
                "insert into {table} select (jsonb_populate_record(null::{table}, to_jsonb(t) || '{{\"tenant_id\": \"{b}\"}}')).* from {table} t"
            ),
        ] {
            let mut tx = app.begin().await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(format!("set local app.tenant_id = '{a}'")))
                .execute(&mut *tx)
                .await
                .unwrap();
            match sqlx::raw_sql(AssertSqlSafe(attempt.clone())).execute(&mut *tx).await {
                Ok(done) => assert_eq!(done.rows_affected(), 0, "{attempt}"),
                Err(sqlx::Error::Database(error)) => {
                    assert_eq!(error.code().as_deref(), Some("42501"), "{attempt}: {error}");
                }
                Err(error) => panic!("{attempt}: {error}"),
            }
            tx.rollback().await.unwrap();
        }
    }
    for table in ["platform_staff", "platform_sessions", "audit_log", "unmatched_provider_events"] {
        let refused = texts(&mut app, &format!("select count(*) from {table}")).await;
        assert!(refused.is_err(), "the application reads {table}");
    }
}

/// What the walk knows of both tenants.
struct Walk {
    house: House,
    client: Client,
    /// The other tenant's, under their own host.
    hold: Hold,
    order: Order,
    ticket: String,
    device_code: String,
    device_token: String,
    /// Ours.
    own_hold: Hold,
    own_order: Order,
    own_device: String,
}

async fn walk() -> Walk {
    let house = plan()
        .without_worker()
        .open_after(async |database| {
            // Names that only the other tenant has.
            let b = "(select id from tenants where slug = 'basement')";
            database
                .run(&format!("update events set slug = 'theirs-' || slug, title = 'Secret', updated_at = marquee_now() where tenant_id = {b}"))
                .await;
        })
        .await;
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let (ours, theirs) = (house.fan_on(0, a), house.fan_on(0, b));
    let hold = theirs.hold_seats(&[seat('A', 1)]).await;
    let (order, bought) = theirs.buy(&theirs.hold_seats(&[seat('A', 2)]).await).await;
    let own_hold = ours.hold_seats(&[seat('A', 1)]).await;
    let (own_order, _) = ours.buy(&ours.hold_seats(&[seat('A', 2)]).await).await;
    let invite = async |slug: &str, performance: &str| {
        let output = house
            .marquee(&["device", "invite", "--tenant", slug, "--performance", performance, "--json"])
            .await;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["code"].as_str().unwrap().to_owned()
    };
    let device = async |host: &str, code: &str| {
        let body = json!({ "code": code, "name": "Door" });
        let answer = house.client(host).post("/api/door/v1/devices", &body).send().await.expect(201);
        answer["token"].as_str().unwrap().to_owned()
    };
    let device_token = device(b.host, &invite(b.slug, &b.seated.id).await).await;
    let own_device = device(a.host, &invite(a.slug, &a.seated.id).await).await;
    let device_code = invite(b.slug, &b.seated.id).await;
    let ticket = bought["tickets"][0]["ticket_id"].as_str().unwrap().to_owned();
    let client = house.client(a.host);
    Walk { house, client, hold, order, ticket, device_code, device_token, own_hold, own_order, own_device }
}

impl Walk {
    /// Asks one call of the API with the other tenant's ids under our host, with our token and with theirs.
    async fn asks(&self, method: &str, path: &str) -> Option<Vec<(Answer, u16, &'static str)>> {
        let b = &self.house.fixtures.b;
        let concrete = path
            .replace("/orders/{id}", &format!("/orders/{}", self.order.id))
            .replace("/holds/{id}", &format!("/holds/{}", self.hold.id))
            .replace("/performances/{id}", &format!("/performances/{}", b.seated.id))
            .replace("{ticket_id}", &self.ticket)
            .replace("{slug}", &format!("theirs-{}", b.seated.event))
            .replace("{hash}", b.seated.plan.as_ref().unwrap());
        let call = |body: Option<&Value>| match body {
            Some(body) => self.client.post(&concrete, body).fresh(),
            None => self.client.call(method, &concrete),
        };
        let with = async |header: &str, values: &[&str], body: Option<Value>, status, code| {
            let mut answers = Vec::new();
            for value in values {
                answers.push((call(body.as_ref()).header(header, value).send().await, status, code));
            }
            Some(answers)
        };
        let buyer = json!({ "email": "a@example.com", "name": "A" });
        let bearer = [&self.own_device, &self.device_token].map(|token| format!("Bearer {token}"));
        match (method, path) {
            (
                "GET",
                "/api/v1/events/{slug}"
                | "/api/v1/plans/{hash}"
                | "/api/v1/performances/{id}/availability"
                | "/api/v1/performances/{id}/availability/live",
            ) => with("accept", &["*/*"], None, 404, "not_found").await,
            ("POST", "/api/v1/performances/{id}/holds") => {
                with("accept", &["*/*"], Some(seats(&[seat('B', 1)])), 404, "not_found").await
            }
            ("GET" | "DELETE", "/api/v1/holds/{id}") => {
                with("hold-token", &[&self.own_hold.token, &self.hold.token], None, 404, "not_found").await
            }
            ("POST", "/api/v1/orders") => {
                let body = json!({ "hold_id": self.hold.id, "buyer": buyer });
                with("hold-token", &[&self.own_hold.token, &self.hold.token], Some(body), 404, "not_found")
                    .await
            }
            ("POST", "/api/v1/orders/{id}/pay") => {
                let body = json!({ "confirmation_token": "ctoken_x" });
                with("order-token", &[&self.own_order.token, &self.order.token], Some(body), 404, "not_found")
                    .await
            }
            ("POST", "/api/v1/orders/{id}/postponement") => {
                let body = json!({ "choice": "keep" });
                with("order-token", &[&self.own_order.token, &self.order.token], Some(body), 404, "not_found")
                    .await
            }
            (
                "GET",
                "/api/v1/orders/{id}"
                | "/api/v1/orders/{id}/tickets.pdf"
                | "/api/v1/orders/{id}/tickets/{ticket_id}/qr.svg",
            ) => {
                with("order-token", &[&self.own_order.token, &self.order.token], None, 404, "not_found").await
            }
            ("GET", "/api/door/v1/performances/{id}/manifest") => {
                let mut answers = with("authorization", &[&bearer[0]], None, 404, "not_found").await?;
                answers.extend(with("authorization", &[&bearer[1]], None, 401, "unauthorized").await?);
                Some(answers)
            }
            ("POST", "/api/door/v1/scans") => {
                let body = json!({ "scans": [scan(Uuid::new_v4(), "X", &b.seated.gates[0])] });
                let mut answers =
                    with("authorization", &[&bearer[0]], Some(body.clone()), 422, "validation_failed")
                        .await?;
                answers.extend(with("authorization", &[&bearer[1]], Some(body), 401, "unauthorized").await?);
                Some(answers)
            }
            ("POST", "/api/door/v1/devices") => {
                let body = json!({ "code": self.device_code, "name": "Stray" });
                with("accept", &["*/*"], Some(body), 401, "unauthorized").await
            }
            // No id of a tenant goes in; a session is the tenant's that signed it, which staff's own tests show.
            ("POST" | "DELETE", "/api/admin/v1/sessions") | ("POST", "/api/admin/v1/sessions/refresh") => {
                Some(Vec::new())
            }
            ("GET", "/api/admin/v1/me") => {
                with("authorization", &[&bearer[1]], None, 401, "unauthorized").await
            }
            // The platform's own, which no tenant's host serves.
            ("GET" | "DELETE", _) if path.starts_with("/api/platform/") => {
                with("accept", &["*/*"], None, 404, "unknown_host").await
            }
            ("POST", _) if path.starts_with("/api/platform/") || path.starts_with("/webhooks/") => {
                with("accept", &["*/*"], Some(json!({})), 404, "unknown_host").await
            }
            ("GET", "/api/v1/events") => {
                let list = call(None).send().await.expect(200).to_string();
                for secret in [&b.id, &b.seated.id, &b.standing.id, &b.seated.levels[0].id, "Secret"] {
                    assert!(!list.contains(secret), "our list of events has their {secret}");
                }
                Some(Vec::new())
            }
            _ => None,
        }
    }
}

#[tokio::test]
async fn no_call_takes_another_tenants_ids() {
    let walk = walk().await;
    let before = walk.house.database.state().await;
    let document = walk.client.get("/api/openapi.json").send().await.expect(200);
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let mut walked = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let asked = walk.asks(&method, path).await;
            let answers = asked.unwrap_or_else(|| {
                panic!("the walk does not know {method} {path}: say there what it must refuse")
            });
            for (answer, status, code) in answers {
                let wanted = (status, code.to_owned());
                assert_eq!(answer.problem(), wanted, "{method} {path}: {}", answer.text());
                assert!(
                    !answer.text().contains(&walk.house.fixtures.b.id) && !answer.text().contains("Secret"),
                    "{method} {path}"
                );
            }
            walked.insert(format!("{method} {path}"));
        }
    }
    assert!(walked.len() >= 20, "{walked:?}");
    assert_eq!(walk.house.database.state().await, before, "nothing of all that changed anything");
    // The pages a fan sees.
    let b = &walk.house.fixtures.b;
    for page in [
        format!("/performances/{}", b.seated.id),
        format!("/checkout/{}", walk.hold.id),
        format!("/events/theirs-{}", b.seated.event),
    ] {
        let answer = walk.client.get(&page).send().await;
        let text = answer.text();
        assert!(!text.contains(b.name) && !text.contains("Secret"), "{page}");
        if !page.starts_with("/checkout") {
            assert_eq!(answer.status, 404, "{page}");
        }
    }
    walk.house.audited().await;
}

/// A tenant or domain changed by hand is served, or no longer served, within a second.
#[tokio::test]
async fn a_change_of_a_tenant_is_seen_within_a_second() {
    let house = plan().servers(2).without_worker().open().await;
    let a = &house.fixtures.a;
    let seen = async |host: &str, status: u16| {
        for server in 0..2 {
            let client = house.client_of(server, host);
            until(&format!("{host} to answer {status}"), 1, async || {
                (client.get("/api/v1/events").send().await.status == status).then_some(())
            })
            .await;
        }
    };
    let sql = format!(
        "insert into domains (host, tenant_id, verified_at) values ('new.test', '{}', marquee_now())",
        a.id
    );
    house.database.run(&sql).await;
    seen("new.test", 200).await;
    house
        .database
        .run("update domains set verified_at = null, updated_at = marquee_now() where host = 'new.test'")
        .await;
    seen("new.test", 404).await;
    let done = house.marquee(&["tenant", "suspend", a.slug]).await;
    assert!(done.status.success(), "{done:?}");
    seen(a.host, 404).await;
    assert_eq!(house.client(house.fixtures.b.host).get("/api/v1/events").send().await.status, 200);
}
