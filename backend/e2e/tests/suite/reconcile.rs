//! What moved at the provider is read once, tells of what no event told, and is compared with the ledger.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::Fan;
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use crate::holders::platform;

const BREAKS: &str = "/api/platform/v1/reconciliation/breaks";

async fn sold(fan: &Fan, number: usize) -> (String, i64) {
    let (order, body) = fan.buy(&fan.hold_seats(&[seat('A', number)]).await).await;
    (order.id, body["total"].as_i64().unwrap())
}

/// Runs `marquee reconcile`: whether it found everything in order, and what it says.
async fn reconciled(house: &House) -> (bool, Value) {
    let output = house.marquee(&["reconcile", "--json"]).await;
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.success(), report)
}

fn breaks(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = report["breaks"].as_array().unwrap();
    all.iter().map(|one| (text(&one["kind"]), text(&one["reference"]))).collect()
}

/// The account's days in one sum: what the provider moved, and what the ledger has of it.
fn totals(report: &Value, account: &str) -> (i64, i64) {
    let accounts = report["accounts"].as_array().unwrap();
    let ours = accounts.iter().find(|one| one["account"] == account).unwrap();
    let sum = |side: &str| {
        ours["days"].as_array().unwrap().iter().map(|day| day[side].as_i64().unwrap()).sum::<i64>()
    };
    (sum("provider"), sum("ledger"))
}

/// What is young may be under way: makes everything older than that.
async fn aged(house: &House) {
    house
        .database
        .run(
            "update provider_movements set seen_at = seen_at - interval '5 minutes', moved_at = moved_at - interval '5 minutes';
             update ledger_transactions set effective_at = effective_at - interval '5 minutes'",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn movements_are_read_once_and_agree_with_the_ledger() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let account = fan.tenant.account;
    let mut sum = 0;
    for number in 1..=3 {
        sum += sold(&fan, number).await.1;
    }
    let (clean, report) = reconciled(&house).await;
    assert!(clean, "{report:#}");
    let (provider, ledger) = totals(&report, account);
    let fees = house.database.number("select sum(fee) from provider_movements where kind = 'charge'").await;
    assert!(fees > 0);
    assert_eq!((provider, ledger), (sum - fees, sum - fees), "{report:#}");

    // Again, and from the very beginning: nothing twice.
    let rows = "select (select count(*) from provider_movements) || ' ' || (select count(*) from ledger_transactions)";
    let before = house.database.text(rows).await;
    assert!(before.starts_with("3 "), "{before}");
    for _ in 0..2 {
        assert!(reconciled(&house).await.0);
        house.database.run("update provider_cursors set last_movement = null").await;
        aged(&house).await;
    }
    assert_eq!(house.database.text(rows).await, before);
    house.audited().await;

    // More than a page, nobody's orders: all are read, and each is a break of its own.
    let money = house.money();
    for _ in 0..105 {
        let token = money.token("pm_card_visa", account).await;
        let form = format!(
            "amount=4200&currency=eur&confirm=true&payment_method_types[]=card&confirmation_token={token}"
        );
        money.api("/v1/payment_intents", account, &form).await;
    }
    assert!(reconciled(&house).await.0, "what is young may be under way");
    let stored = "select count(*) from provider_movements";
    assert_eq!(house.database.number(stored).await, 108);
    // One that shows up late, behind more than a page of others, is read as well.
    let oldest = "delete from provider_movements where movement_id =
                      (select movement_id from provider_movements order by moved_at limit 1)";
    house.database.run(oldest).await;
    assert!(reconciled(&house).await.0);
    assert_eq!(house.database.number(stored).await, 108);
    aged(&house).await;
    let (clean, report) = reconciled(&house).await;
    let found = breaks(&report);
    assert!(!clean && found.len() == 105, "{found:?}");
    assert!(found.iter().all(|(kind, _)| kind == "posting_missing"), "{found:?}");
    let (provider, ledger) = totals(&report, account);
    assert_eq!(provider - ledger, 105 * 4200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaks_stay_until_they_are_gone_or_somebody_resolves_them() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (first, _) = sold(&fan, 1).await;
    let (second, _) = sold(&fan, 2).await;
    assert!(reconciled(&house).await.0);
    aged(&house).await;

    // The owner does what no code of the program would.
    let database = &house.database;
    let of = |order: &str| {
        format!("(select id from ledger_transactions where order_id = '{order}' and kind = 'capture')")
    };
    database
        .run(&format!(
            "update ledger_entries set amount = amount + 100 where transaction_id = {0} and line in (1, 2);
             create table kept as select e.* from ledger_entries e where e.transaction_id = {1};
             create table kept_too as select t.* from ledger_transactions t where t.id = {1};
             delete from ledger_entries where transaction_id = {1};
             delete from ledger_transactions where order_id = '{second}' and kind = 'capture'",
            of(&first),
            of(&second)
        ))
        .await;
    for _ in 0..2 {
        let (clean, report) = reconciled(&house).await;
        let kinds: Vec<String> = breaks(&report).into_iter().map(|(kind, _)| kind).collect();
        assert!(
            !clean && kinds == ["amount_mismatch", "posting_missing"]
                || kinds == ["posting_missing", "amount_mismatch"],
            "{report:#}"
        );
    }

    // Staff see them, page by page, and say what they were.
    let (staff, bearer) = platform(&house).await;
    let list = async |query: &str| {
        staff.get(&format!("{BREAKS}?{query}")).header("authorization", &bearer).send().await
    };
    staff.get(BREAKS).send().await.refused(401, "unauthorized");
    list("limit=0").await.refused(422, "validation_failed");
    list("cursor=x").await.refused(422, "validation_failed");
    let page = list("limit=1").await.expect(200);
    let next = page["next"].as_str().unwrap();
    let rest = list(&format!("limit=1&cursor={next}")).await.expect(200);
    assert_eq!(rest["next"], Value::Null);
    let all = [&page["data"][0], &rest["data"][0]];
    assert!(all.iter().all(|one| one["tenant_id"] == fan.tenant.id), "{all:?}");
    let mismatch = all.iter().find(|one| one["kind"] == "amount_mismatch").unwrap();
    let (provider, ledger) =
        (&mismatch["about"]["provider"]["amount"], &mismatch["about"]["ledger"]["amount"]);
    assert_eq!(ledger.as_i64().unwrap() - provider.as_i64().unwrap(), 100, "{mismatch:#}");

    let resolve = async |id: &str, body: &Value| {
        let call = staff.post(&format!("{BREAKS}/{id}/resolve"), body).header("authorization", &bearer);
        call.send().await
    };
    let id = mismatch["break_id"].as_str().unwrap();
    let note = json!({ "note": "booked by hand, see the minutes" });
    staff.post(&format!("{BREAKS}/{id}/resolve"), &note).send().await.refused(401, "unauthorized");
    resolve(id, &json!({ "note": " " })).await.refused(422, "validation_failed");
    resolve(id, &json!({})).await.refused(422, "validation_failed");
    resolve(&uuid::Uuid::now_v7().to_string(), &note).await.refused(404, "not_found");
    let resolved = resolve(id, &note).await.expect(200);
    assert_eq!(resolved["resolution"], note["note"]);
    // A second word changes nothing.
    let again = resolve(id, &json!({ "note": "no" })).await.expect(200);
    assert_eq!(again, resolved);
    let recorded = "select count(*) from audit_log where action = 'reconciliation.resolve'";
    assert_eq!(database.number(recorded).await, 2);

    // What somebody resolved is not listed again; what is gone closes itself.
    assert_eq!(breaks(&reconciled(&house).await.1).len(), 1);
    database
        .run("insert into ledger_transactions select * from kept_too; insert into ledger_entries select * from kept")
        .await;
    let (clean, report) = reconciled(&house).await;
    assert!(clean, "{report:#}");
    let closed = "select resolution from reconciliation_breaks where resolved_by = 'reconciliation'";
    assert_eq!(database.texts(closed).await, ["the difference is gone"]);

    // The same from the command line: a posting of something that never moved.
    database
        .run(&format!(
            "update provider_movements set source_id = 'ch_other' where movement_id =
                 (select m.movement_id from provider_movements m join payments p on p.charge_id = m.source_id
                  where p.order_id = '{second}')"
        ))
        .await;
    let (_, report) = reconciled(&house).await;
    let missing = report["breaks"].as_array().unwrap().iter().find(|one| one["kind"] == "movement_missing");
    let id = missing.unwrap_or_else(|| panic!("{report:#}"))["break_id"].as_str().unwrap();
    let nobody =
        house.marquee(&["reconcile", "resolve", &uuid::Uuid::now_v7().to_string(), "--note", "x"]).await;
    assert_eq!(nobody.status.code(), Some(1));
    let done = house.marquee(&["reconcile", "resolve", id, "--note", "known at the bank"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let left = breaks(&reconciled(&house).await.1);
    assert!(left.iter().all(|(kind, _)| kind == "posting_missing"), "{left:?}");
}

/// No event ever comes: what happened at the provider is read off its balance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_by_hand_is_heard_of_without_its_event() {
    let house = House::open().await;
    let money = house.money();
    money.webhooks(json!({ "duplicates": 0 })).await;
    let fan = house.fan();
    let (order, total) = sold(&fan, 1).await;
    let (kept, _) = sold(&fan, 2).await;
    let intent =
        house.database.text(&format!("select intent_id from payments where order_id = '{order}'")).await;
    money.api("/v1/refunds", fan.tenant.account, &format!("payment_intent={intent}")).await;
    let status = async |order: &str| {
        house.database.text(&format!("select status from orders where id = '{order}'")).await
    };
    until("the order to be refunded", 40, async || (status(&order).await == "refunded").then_some(())).await;
    assert_eq!(status(&kept).await, "paid");
    let refund =
        format!("select reason || ' ' || state || ' ' || amount from refunds where order_id = '{order}'");
    assert_eq!(house.database.text(&refund).await, format!("provider succeeded {total}"));
    house.audited().await;

    // Made by hand, it left the platform's fee alone, and the ledger says so.
    let (clean, report) = until("the worker to let go of the account", 30, async || {
        let (clean, report) = reconciled(&house).await;
        clean.then_some((clean, report))
    })
    .await;
    assert!(clean, "{report:#}");
    let fee =
        house.database.number(&format!("select application_fee from orders where id = '{order}'")).await;
    let kept_of_it = format!(
        "select sum(case e.direction when 'credit' then e.amount else -e.amount end)
         from ledger_entries e join ledger_accounts a on a.id = e.account_id
         join ledger_transactions t on t.id = e.transaction_id
         where a.kind = 'platform_fee_revenue' and t.order_id = '{order}'"
    );
    assert_eq!(house.database.number(&kept_of_it).await, fee);
    house.audited().await;
}
