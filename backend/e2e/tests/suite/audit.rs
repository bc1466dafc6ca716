//! The audit passes over what was sold well, and names each breach that is planted.

use marquee_e2e::database::Database;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, codes};
use serde_json::Value;
use uuid::Uuid;

use crate::door::scanner;

async fn sold(fan: &Fan, row: char, number: usize) -> String {
    fan.buy(&fan.hold_seats(&[seat(row, number)]).await).await.0.id
}

/// The audit's breaches of one kind.
async fn named(house: &House, kind: &str) -> Vec<Value> {
    let (passed, breaches) = house.audit().await;
    let found: Vec<Value> = breaches.iter().filter(|breach| breach["kind"] == kind).cloned().collect();
    assert!(!passed && !found.is_empty(), "`{kind}` is not named: {breaches:#?}");
    found
}

/// Runs as the owner what no code of the program would: the database's own checks and keys are out of the way.
async fn plant(database: &Database, sql: &str) {
    database.run(sql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_planted_breach_is_named() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let mut orders = Vec::new();
    for number in 1..=8 {
        orders.push(sold(&fan, 'A', number).await);
    }
    let held = fan.hold_seats(&[seat('B', 1)]).await;
    let (_, bought) = fan.buy(&fan.hold_seats(&[seat('C', 1)]).await).await;
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&bought)[0], 0).await["verdict"], "admit");
    house.audited().await;
    let database = &house.database;

    // 1. A seat sold twice: an order's line points at a seat that another order has.
    plant(
        database,
        &format!(
            "alter table order_lines drop constraint order_lines_unit_key;
             update order_lines set unit_id = (select unit_id from order_lines where order_id = '{}') where order_id = '{}'",
            orders[0], orders[1]
        ),
    )
    .await;
    let found = named(&house, "seat_sold_twice").await;
    assert!(found[0]["order_ids"].to_string().contains(&orders[0]), "{found:?}");

    // 2. A seat in two live holds, the constraint dropped.
    plant(
        database,
        &format!(
            "drop index claims_live_unit_key;
             update claims set unit_id = (select unit_id from order_lines where order_id = '{}') where hold_id = '{}'",
            orders[2], held.id
        ),
    )
    .await;
    named(&house, "seat_held_twice").await;

    // 3. A hold that owns nothing.
    plant(database, &format!("delete from claims where hold_id = '{}'", held.id)).await;
    let found = named(&house, "hold_owns_nothing").await;
    assert!(found.iter().any(|breach| breach["hold_id"] == held.id), "{found:?}");

    // And a letter of a tenant that there is not.
    let nobody = Uuid::now_v7();
    plant(
        database,
        &format!("insert into outbox (tenant_id, id, kind, payload) values ('{nobody}', '{nobody}', 'planted', '{{}}')"),
    )
    .await;
    let found = named(&house, "row_of_no_tenant").await;
    assert!(found.iter().any(|breach| breach["tenant_id"] == nobody.to_string()), "{found:?}");
    plant(database, &format!("delete from outbox where tenant_id = '{nobody}'")).await;

    // 4. A ticket without payment.
    let unpaid = &orders[3];
    plant(database, &format!("update orders set status = 'pending', paid_at = null where id = '{unpaid}'"))
        .await;
    let found = named(&house, "ticket_without_payment").await;
    assert!(found.iter().any(|breach| breach["order_id"] == *unpaid), "{found:?}");

    // 5. A paid order without a ticket.
    plant(database, &format!("delete from tickets where order_id = '{}'", orders[4])).await;
    let found = named(&house, "paid_without_ticket").await;
    assert!(found.iter().any(|breach| breach["order_id"] == orders[4]), "{found:?}");

    // 6. A capture that only the provider knows.
    let money = house.money();
    let token = money.token("pm_card_visa", fan.tenant.account).await;
    let form = format!(
        "amount=4200&currency=eur&confirm=true&payment_method_types[]=card&confirmation_token={token}"
    );
    let intent = money.api("/v1/payment_intents", fan.tenant.account, &form).await;
    assert_eq!(intent["status"], "succeeded");
    let found = named(&house, "capture_unknown_to_us").await;
    assert!(found.iter().any(|breach| breach["payment_intent"] == intent["id"]), "{found:?}");

    // 7. A capture that only we know.
    plant(
        database,
        &format!("update payments set intent_id = intent_id || 'x' where order_id = '{}'", orders[5]),
    )
    .await;
    let found = named(&house, "capture_unknown_to_provider").await;
    assert!(found.iter().any(|breach| breach["order_id"] == orders[5]), "{found:?}");
    plant(
        database,
        &format!("update payments set intent_id = left(intent_id, -1) where order_id = '{}'", orders[5]),
    )
    .await;

    // 8. An order whose total is not its lines'.
    plant(
        database,
        &format!("update orders set face = face + 1, total = total + 1 where id = '{}'", orders[6]),
    )
    .await;
    let found = named(&house, "order_total_mismatch").await;
    assert!(found.iter().any(|breach| breach["order_id"] == orders[6]), "{found:?}");

    // 9. A paid order that was never captured, and money that is reserved still.
    let token = money.token("pm_card_visa", fan.tenant.account).await;
    let form = format!(
        "amount=4200&currency=eur&capture_method=manual&confirm=true&payment_method_types[]=card&confirmation_token={token}"
    );
    let reserved = money.api("/v1/payment_intents", fan.tenant.account, &form).await;
    assert_eq!(reserved["status"], "requires_capture");
    plant(
        database,
        &format!(
            "update payments set state = 'cancelled', intent_id = '{}' where order_id = '{}'",
            reserved["id"].as_str().unwrap(),
            orders[7]
        ),
    )
    .await;
    named(&house, "paid_without_capture").await;
    let found = named(&house, "authorisation_left_over").await;
    assert!(found.iter().any(|breach| breach["order_id"] == orders[7]), "{found:?}");

    // 10. Somebody let in twice on one ticket.
    plant(
        database,
        "drop index admissions_inside_key;
         insert into scans select tenant_id, gen_random_uuid(), device_id, performance_id, gate_id, ticket_id, code, direction,
             verdict, first_scan_id, scanned_at, seq, clock_offset_ms, offline, received_at from scans where verdict = 'admit';
         insert into admissions (tenant_id, scan_id, ticket_id, performance_id)
             select s.tenant_id, s.id, s.ticket_id, s.performance_id from scans s
             where s.verdict = 'admit' and not exists (select 1 from admissions a where a.scan_id = s.id)",
    )
    .await;
    named(&house, "admitted_twice").await;

    // For a person: a line each, and exit code 1.
    let printed = house.marquee(&["audit"]).await;
    assert_eq!(printed.status.code(), Some(1));
    assert!(String::from_utf8(printed.stdout).unwrap().contains("seat_sold_twice"));
}

/// A row of `refunds` as nobody would write it.
fn refund_row(order: &str, provider: &str, state: &str, amount: &str) -> String {
    format!(
        "insert into refunds (tenant_id, id, order_id, request_key, reason, state, amount, currency, provider_id, requested_by, succeeded_at)
         select o.tenant_id, gen_random_uuid(), o.id, 'planted', 'requested', '{state}', {amount}, o.currency, {provider}, 'nobody',
             case '{state}' when 'succeeded' then marquee_now() end
         from orders o where o.id = '{order}'"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_planted_breach_of_the_ledger_is_named() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let mut orders = Vec::new();
    for number in 1..=10 {
        orders.push(sold(&fan, 'A', number).await);
    }
    assert!(house.marquee(&["reconcile"]).await.status.success());
    house.audited().await;
    let database = &house.database;
    let posting = |order: &str| {
        format!("(select id from ledger_transactions where order_id = '{order}' and kind = 'capture')")
    };
    let about = async |kind: &str, field: &str, value: &str| {
        let found = named(&house, kind).await;
        assert!(found.iter().any(|breach| breach[field] == value), "{value}: {found:?}");
    };

    // 1. A missing posting, of a sale and of what the provider kept.
    plant(
        database,
        &format!(
            "delete from ledger_entries where transaction_id = {0}; delete from ledger_transactions where id = {0}",
            posting(&orders[0])
        ),
    )
    .await;
    about("posting_missing", "order_id", &orders[0]).await;
    let movement = database.text("select movement_id from provider_movements where fee > 0 limit 1").await;
    plant(
        database,
        &format!(
            "delete from ledger_entries where transaction_id = (select id from ledger_transactions where source_ref = 'fee:{movement}');
             delete from ledger_transactions where source_ref = 'fee:{movement}'"
        ),
    )
    .await;
    about("posting_missing", "movement", &movement).await;
    let account = fan.tenant.account;

    // 2. A posting that does not balance, and one with nothing in it.
    plant(
        database,
        &format!(
            "update ledger_entries set amount = amount + 1 where line = 1 and transaction_id = {}",
            posting(&orders[1])
        ),
    )
    .await;
    about("posting_unbalanced", "order_id", &orders[1]).await;
    plant(database, &format!("delete from ledger_entries where transaction_id = {}", posting(&orders[2])))
        .await;
    about("posting_unbalanced", "order_id", &orders[2]).await;

    // 3. One that was never sealed.
    plant(
        database,
        &format!("update ledger_transactions set sealed_at = null where id = {}", posting(&orders[3])),
    )
    .await;
    about("posting_unsealed", "order_id", &orders[3]).await;

    // 4. One that balances and says another amount: the totals no longer are the provider's.
    plant(
        database,
        &format!(
            "update ledger_entries set amount = amount + 100 where line in (1, 2) and transaction_id = {}",
            posting(&orders[4])
        ),
    )
    .await;
    about("posting_amount_mismatch", "order_id", &orders[4]).await;
    about("ledger_provider_mismatch", "account", account).await;

    // 5. One about nothing.
    plant(
        database,
        &format!(
            "update ledger_transactions set source_ref = 'capture:pi_nothing' where id = {}",
            posting(&orders[5])
        ),
    )
    .await;
    about("posting_of_nothing", "order_id", &orders[5]).await;

    // 6. A refund that only the provider knows.
    let money = house.money();
    money.webhooks(serde_json::json!({ "paused": true })).await;
    let intent =
        database.text(&format!("select intent_id from payments where order_id = '{}'", orders[6])).await;
    let refund = money.api("/v1/refunds", account, &format!("payment_intent={intent}&amount=100")).await;
    about("refund_unknown_to_us", "refund", refund["id"].as_str().unwrap()).await;
    about("refund_unknown_to_us", "order_id", &orders[6]).await;

    // 7. A refund that only we know, and more refunds than money.
    plant(database, &refund_row(&orders[7], "'re_nothing'", "succeeded", "100")).await;
    about("refund_unknown_to_provider", "order_id", &orders[7]).await;
    about("posting_missing", "order_id", &orders[7]).await;
    about("order_status_without_refund", "order_id", &orders[7]).await;
    plant(database, &refund_row(&orders[8], "null", "requested", "o.total + 1")).await;
    about("refunded_above_capture", "order_id", &orders[8]).await;
    plant(
        database,
        "update refunds set created_at = created_at - interval '1 hour' where state = 'requested'",
    )
    .await;
    about("refund_stuck", "order_id", &orders[8]).await;

    // 8. Tickets that do not fit: one good although its money goes back, one void for no reason.
    plant(
        database,
        &format!(
            "insert into refund_tickets (tenant_id, refund_id, ticket_id)
             select t.tenant_id, r.id, t.id from tickets t join refunds r on r.order_id = t.order_id where t.order_id = '{}'",
            orders[8]
        ),
    )
    .await;
    about("refunded_ticket_still_good", "order_id", &orders[8]).await;
    plant(
        database,
        &format!(
            "update tickets set status = 'void', voided_at = marquee_now() where order_id = '{}'",
            orders[9]
        ),
    )
    .await;
    about("void_without_refund", "order_id", &orders[9]).await;
}
