//! What seldom happens to a hold: rows that somebody keeps, claims and units that were left behind, keys that come again.

use std::time::{Duration, Instant};

use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{PerformanceId, UnitId};
use marquee_e2e::client::fresh_key;
use marquee_e2e::cluster::cluster;
use marquee_e2e::fixtures::hall_seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{places, seats};
use marquee_e2e::stage::{STRATEGIES, Stage, chosen, serves_seats, under};
use marquee_e2e::wait::until;
use marquee_inventory::strategy::{Guard, Outcome, Target};
use marquee_inventory::{HoldError, HoldRequest, Inventory, Made, SeatRequest};
use marquee_tenants::{Directory, Host, Tenant};
use sqlx::AssertSqlSafe;

use crate::controls::contest;
use crate::engine::inventory;

/// Rows and seats in each.
const HALL: (usize, usize) = (4, 20);

async fn tenant(house: &House) -> std::sync::Arc<Tenant> {
    let directory = Directory::new();
    directory.refresh(&house.database.db(1).await).await.unwrap();
    directory.by_host(&Host::parse(house.fixtures.a.host).unwrap()).unwrap()
}

/// A hall, whose seats are asked for without HTTP.
struct Hall<'a> {
    inventory: &'a Inventory,
    tenant: &'a Tenant,
    performance: PerformanceId,
}

impl Hall<'_> {
    async fn ask(
        &self,
        (row, number): (usize, usize),
        key: &str,
        fingerprint: u8,
    ) -> Result<Made, HoldError> {
        let seat = SeatRequest { seat: hall_seat(row, number), ticket_type: None };
        let request = HoldRequest { seats: vec![seat], places: Vec::new() };
        let key = IdempotencyKey::new(key).unwrap();
        self.inventory.hold(self.tenant, self.performance, &request, &key, [fingerprint; 32]).await
    }
}

/// Somebody keeps the row of one seat and says nothing: all others go to their buyers meanwhile, also those of another
/// performance, whose small batches go together with this one's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_somebody_keeps_fails_only_whoever_wants_it() {
    let house = plan().without_worker().open().await;
    let tenant = tenant(&house).await;
    for strategy in ["ttl", "row_lock"] {
        let (inventory, current) = inventory(&house, 500).await;
        let stage = Stage::seats(&house, &under(strategy), HALL.0, HALL.1).await;
        let other = Stage::seats(&house, &under(strategy), 1, HALL.1).await;
        let hall = |stage: &Stage<'_>| Hall {
            inventory: &inventory,
            tenant: &tenant,
            performance: stage.performance.id.parse().unwrap(),
        };
        let (halls, others) = (hall(&stage), hall(&other));
        let mut keeper = house.database.owner().await;
        let kept = format!(
            "begin; select id from units where performance_id = '{}' and seat = '{}' for update",
            stage.performance.id,
            hall_seat(1, 1)
        );
        sqlx::raw_sql(AssertSqlSafe(kept)).execute(&mut keeper).await.unwrap();
        let began = Instant::now();
        let (in_vain, key) = (fresh_key(), fresh_key());
        let wanted = (0..HALL.0 * HALL.1).map(|at| (at / HALL.1 + 1, at % HALL.1 + 1));
        let all = futures::future::join_all(wanted.map(async |seat| {
            let key = if seat == (1, 1) { in_vain.clone() } else { fresh_key() };
            (seat, halls.ask(seat, &key, 7).await, began.elapsed())
        }));
        let beside = futures::future::join_all(
            (1..=HALL.1)
                .map(async |number| (others.ask((1, number), &fresh_key(), 7).await, began.elapsed())),
        );
        let (all, beside) = tokio::join!(all, beside);
        for (seat, told, after) in &all {
            match seat {
                (1, 1) => assert!(
                    matches!(
                        told,
                        Err(HoldError::Overloaded | HoldError::Db(marquee_core::db::DbError::Contention))
                    ),
                    "{strategy}: {told:?}"
                ),
                _ => assert!(told.is_ok(), "{strategy}: {seat:?} {told:?}"),
            }
            assert!(*after < Duration::from_secs(7), "{strategy}: {seat:?} after {after:?}");
        }
        for (told, after) in &beside {
            assert!(told.is_ok() && *after < Duration::from_secs(4), "{strategy}: {told:?} after {after:?}");
        }
        sqlx::raw_sql("rollback").execute(&mut keeper).await.unwrap();
        assert!(halls.ask((1, 1), &key, 7).await.is_ok(), "{strategy}: it is let go");
        current.abort();
    }
    house.audited().await;
}

/// Of two who want a seat the first repeats a key that made another hold: it gets nothing, so the second gets the seat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_comes_again_takes_no_seat_from_others() {
    let house = plan().without_worker().open().await;
    let tenant = tenant(&house).await;
    for strategy in STRATEGIES.iter().copied().filter(|strategy| serves_seats(strategy)) {
        let (inventory, current) = inventory(&house, 500).await;
        let stage = Stage::seats(&house, &under(strategy), HALL.0, HALL.1).await;
        let performance = stage.performance.id.parse().unwrap();
        let hall = Hall { inventory: &inventory, tenant: &tenant, performance };
        let keys: Vec<String> = (0..HALL.1).map(|_| fresh_key()).collect();
        for (at, key) in keys.iter().enumerate() {
            hall.ask((2, at + 1), key, 7).await.unwrap();
        }
        let fresh: Vec<String> = (0..HALL.1).map(|_| fresh_key()).collect();
        let pairs = keys.iter().zip(&fresh).enumerate().flat_map(|(at, (used, fresh))| {
            [hall.ask((1, at + 1), used, 8), hall.ask((1, at + 1), fresh, 7)]
        });
        let told = futures::future::join_all(pairs).await;
        for pair in told.chunks(2) {
            assert!(matches!(pair[0], Err(HoldError::IdempotencyMismatch)), "{strategy}: {:?}", pair[0]);
            assert!(pair[1].is_ok(), "{strategy}: nobody has the seat: {:?}", pair[1]);
        }
        current.abort();
    }
    house.audited().await;
}

/// A live claim of a unit that looks free is somebody in the way, not a defect.
#[tokio::test]
async fn a_claim_that_nobody_closed_is_contention() {
    for name in ["ttl", "row_lock"] {
        let contest = contest(name, Guard::On).await;
        let (target, request) = &contest.buyers[0];
        let stray = format!(
            "insert into claims (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id, place, face,
                                 fees, tax)
             select tenant_id, gen_random_uuid(), id, performance_id, price_level_id, '{}', 0, 0, 0, 0
             from units where id = '{}'",
            request.chosen[0].offer.ticket_type, request.chosen[0].unit
        );
        contest.database.run(&stray).await;
        let claimed = contest.strategy.claim(&contest.db, target, std::slice::from_ref(request)).await;
        assert!(claimed.as_ref().is_err_and(|error| error.is_contention()), "{name}: {claimed:?}");
    }
}

/// Of a unit whose hold was closed while its row was locked the row still says `held`.
async fn leave_behind(database: &marquee_e2e::database::Database, unit: UnitId) {
    let sql = format!(
        "update units set state = 'held', hold_id = gen_random_uuid(), expires_at = marquee_now() - interval '1 second'
         where id = '{unit}'"
    );
    database.run(&sql).await;
}

#[tokio::test]
async fn a_unit_left_behind_can_be_blocked_and_held() {
    for name in STRATEGIES.iter().copied().filter(|strategy| serves_seats(strategy)) {
        let contest = contest(name, Guard::On).await;
        let (target, request) = &contest.buyers[0];
        let unit = request.chosen[0].unit;
        leave_behind(&contest.database, unit).await;
        assert_eq!(contest.strategy.block(&contest.db, target, &[unit]).await.unwrap(), [unit], "{name}");
        let sql = format!("select state from units where id = '{unit}'");
        assert_eq!(contest.database.text(&sql).await, "blocked", "{name}");
        leave_behind(&contest.database, unit).await;
        contest.strategy.learn(&contest.db, target, &[unit]).await.unwrap();
        let claimed =
            contest.strategy.claim(&contest.db, target, std::slice::from_ref(request)).await.unwrap();
        assert!(matches!(claimed[0], Outcome::Held { .. }), "{name}: {claimed:?}");
    }
}

/// A hold whose time is over keeps no unit on sale, also where nobody has written down that it ended.
#[tokio::test]
async fn a_unit_of_a_hold_that_ended_by_time_can_be_blocked() {
    for name in STRATEGIES.iter().copied() {
        let contest = contest(name, Guard::On).await;
        let (target, request) = &contest.buyers[0];
        let target = Target { hold_seconds: 1, ..target.clone() };
        let claimed = contest.strategy.claim(&contest.db, &target, std::slice::from_ref(request)).await;
        let Outcome::Held { units, .. } = &claimed.as_ref().unwrap()[0] else {
            panic!("{name}: {claimed:?}");
        };
        let unit = units[0].unit;
        let block = async || contest.strategy.block(&contest.db, &target, &[unit]).await.unwrap();
        assert_eq!(block().await, [], "{name}: it is held");
        let over = format!(
            "select state from holds where id = '{}' and expires_at < marquee_now() - interval '0.1 seconds'",
            request.hold_id
        );
        until("its end", 5, async || contest.database.texts(&over).await.pop()).await;
        assert_eq!(block().await, [unit], "{name}");
        let now = format!(
            "select u.state || ' ' || h.state || ' ' || (c.closed_at is not null) from claims c
             join units u on u.id = c.unit_id join holds h on h.id = c.hold_id where c.unit_id = '{unit}'"
        );
        assert_eq!(contest.database.texts(&now).await, ["blocked expired true"], "{name}");
        assert_eq!(block().await, [], "{name}: it is blocked already");
        let claimed =
            contest.strategy.claim(&contest.db, &target, std::slice::from_ref(&contest.buyers[1].1)).await;
        assert!(!matches!(claimed.unwrap()[0], Outcome::Held { .. }) || request.chosen.is_empty(), "{name}");
    }
}

/// Under `redis` rows are written on payment, also over what was left behind. And nothing in Redis is kept for ever.
#[tokio::test]
async fn a_unit_left_behind_is_sold_under_redis() {
    let house = plan().without_worker().open().await;
    let stage = Stage::seats(&house, &under("redis"), 1, 2).await;
    let sql = format!(
        "select id from units where performance_id = '{}' and seat = '{}'",
        stage.performance.id,
        hall_seat(1, 1)
    );
    leave_behind(&house.database, house.database.text(&sql).await.parse().map(UnitId).unwrap()).await;
    let fan = house.fan();
    let hold = fan.hold(&stage.performance, &chosen(1, 1)).await;
    fan.buy(&hold).await;
    house.audited().await;
    let url = house.variable("MARQUEE_REDIS_URL");
    let lines = [
        format!("SELECT {}", url.rsplit('/').next().unwrap()),
        "EVAL \"local keys = redis.call('KEYS', 'marquee:holds:*') \
         for _, key in ipairs(keys) do \
         if redis.call('TTL', key) < 0 then return redis.error_reply('kept for ever: ' .. key) end end \
         if #keys < 2 then return redis.error_reply('nothing is there') end \
         return redis.status_reply('OK')\" 0"
            .to_owned(),
    ];
    cluster().await.tell_redis(&lines).await.unwrap();
}

/// Whoever loads Redis says so for as long as that takes, and takes nothing away that another loader says of itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loader_of_redis_keeps_and_ends_only_its_own_key() {
    let house = plan().without_worker().open().await;
    let stage = Stage::seats(&house, &under("redis"), 1, 2).await;
    let fan = house.fan();
    fan.hold(&stage.performance, &chosen(1, 1)).await;
    let url = house.variable("MARQUEE_REDIS_URL");
    let redis = async |lines: &[String]| {
        let select = format!("SELECT {}", url.rsplit('/').next().unwrap());
        cluster().await.tell_redis(&[&[select], lines].concat()).await
    };
    let key = format!("marquee:holds:{{{}:{}}}:loading", house.fixtures.a.id, stage.performance.id);
    let holds = |condition: &str| {
        format!("EVAL \"if {condition} then return redis.status_reply('OK') end return 0\" 1 {key}")
    };
    redis(&["FLUSHDB".to_owned()]).await.unwrap();
    let mut keeper = house.database.owner().await;
    let kept = format!(
        "begin; select epoch from hold_epochs where performance_id = '{}' for update",
        stage.performance.id
    );
    sqlx::raw_sql(AssertSqlSafe(kept)).execute(&mut keeper).await.unwrap();
    let wanted = chosen(1, 2);
    let buyer = fan.hold(&stage.performance, &wanted);
    let meanwhile = async {
        // Longer than a loader is believed that says nothing.
        tokio::time::sleep(Duration::from_secs(3)).await;
        redis(&[holds("redis.call('PTTL', KEYS[1]) > 0")]).await.expect("it is loaded still");
        redis(&[format!("SET {key} another PX 60000")]).await.unwrap();
        sqlx::raw_sql("rollback").execute(&mut keeper).await.unwrap();
    };
    tokio::join!(buyer, meanwhile);
    redis(&[holds("redis.call('GET', KEYS[1]) == 'another'")]).await.expect("the key is another's");
}

/// Whether a sale is open is judged by the database's clock, not by that of the server which is asked.
#[tokio::test]
async fn a_server_whose_clock_is_wrong_sells_when_it_should() {
    let house = plan().without_worker().with_skew().open().await;
    let (fan, skew) = (house.fan(), house.skew.as_ref().unwrap());
    let performance = fan.tenant.standing.clone();
    let body = places(&performance, 1);
    let opens = async |opens: &str| {
        let sql = format!(
            "update performances set on_sale_from = marquee_now() + interval '{opens}',
                 on_sale_until = marquee_now() + interval '1 day', updated_at = marquee_now() where id = '{}'",
            performance.id
        );
        house.database.run(&sql).await;
    };
    let told = async |status: u16| {
        until("the sale to be as the database has it", 10, async || {
            let answer = fan.asks(&performance, &body).fresh().send().await;
            (answer.status == status).then_some(())
        })
        .await;
    };
    for (from, by_the_server, status) in [("1 hour", 7_200, 409), ("-1 hour", -7_200, 201)] {
        opens(from).await;
        told(status).await;
        skew.set(by_the_server);
        told(status).await;
        skew.set(0);
    }
    house.audited().await;
}

/// Whoever lost the answer finds the hold again by its key, also when the sale is over meanwhile.
#[tokio::test]
async fn a_hold_is_found_by_its_key_after_the_sale() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let performance = fan.tenant.standing.clone();
    let (key, body) = (fresh_key(), places(&performance, 1));
    let first = fan.asks(&performance, &body).key(&key).send().await.expect(201);
    let over = format!(
        "update performances set on_sale_from = now() - interval '2 hours', on_sale_until = now() - interval '1 hour',
             updated_at = marquee_now()
         where id = '{}'",
        performance.id
    );
    house.database.run(&over).await;
    until("the sale to be over", 10, async || {
        let answer = fan.asks(&performance, &body).fresh().send().await;
        (answer.problem() == (409, "not_on_sale".to_owned())).then_some(())
    })
    .await;
    let again = fan.asks(&performance, &body).key(&key).send().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
    let other = fan.asks(&performance, &places(&performance, 2)).key(&key).send().await;
    other.refused(422, "idempotency_mismatch");
    // A key is one performance's own.
    let elsewhere = fan.asks(&fan.tenant.seated, &seats(&[marquee_e2e::fixtures::seat('A', 1)])).key(&key);
    assert_eq!(elsewhere.send().await.status, 201);
}
