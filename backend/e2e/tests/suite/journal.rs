//! A batch of Redis waits for whoever keeps its performance's epoch. Postgres has the last word, by what is committed when the
//! batch goes on and not by what was there when it began to wait.

use marquee_e2e::client::Answer;
use marquee_e2e::fixtures::hall_seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{Stage, chosen, short, under};
use marquee_e2e::wait::until;
use sqlx::AssertSqlSafe;

/// The answer to a buyer of the first seat whose batch waits for its epoch while `change` is committed.
async fn held_meanwhile(house: &House, stage: &Stage<'_>, change: &str) -> Answer {
    let mut keeper = house.database.owner().await;
    let keeps = format!(
        "begin; select epoch from hold_epochs where performance_id = '{}' for update",
        stage.performance.id
    );
    sqlx::raw_sql(AssertSqlSafe(keeps)).execute(&mut keeper).await.unwrap();
    let fan = house.fan();
    let wanted = chosen(1, 1);
    let buyer = fan.asks(&stage.performance, &wanted).fresh().send();
    let meanwhile = async {
        let waits = "select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid
                     where a.datname = current_database() and not l.granted and l.locktype = 'transactionid'";
        until("the batch to wait", 10, async || (house.database.number(waits).await > 0).then_some(())).await;
        sqlx::raw_sql(AssertSqlSafe(format!("{change}; commit"))).execute(&mut keeper).await.unwrap();
    };
    tokio::join!(buyer, meanwhile).0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_blocked_while_its_batch_waits_is_not_held() {
    let house = plan().without_worker().open().await;
    let stage = Stage::seats(&house, &under("redis"), 1, 2).await;
    // The first hold begins the epoch.
    let other = house.fan().hold(&stage.performance, &chosen(1, 2)).await;
    let blocks = format!(
        "update units set state = 'blocked' where performance_id = '{}' and seat = '{}'",
        stage.performance.id,
        hall_seat(1, 1)
    );
    held_meanwhile(&house, &stage, &blocks).await.refused(409, "seat_taken");
    stage.agrees(&[Ack::of(&other.body)], &Default::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_whose_lapsed_hold_is_closed_while_its_batch_waits_is_held() {
    let house = plan().without_worker().open().await;
    let stage = Stage::seats(&house, &short("redis", 1), 1, 2).await;
    let lapsed = Ack::of(&house.fan().hold(&stage.performance, &chosen(1, 1)).await.body);
    stage.lapsed().await;
    let closes = format!(
        "update holds set state = 'expired', closed_at = marquee_now() where id = '{0}';
         update claims set closed_at = marquee_now() where hold_id = '{0}'",
        lapsed.hold
    );
    let held = Ack::of(&held_meanwhile(&house, &stage, &closes).await.expect(201));
    assert_eq!(held.units, lapsed.units);
    stage.agrees(&[lapsed.clone(), held], &[lapsed.hold].into()).await;
}
