//! Ten thousand holds lapse within one second, and ten thousand buyers are waiting for them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use marquee_e2e::campaign::{alone, rounds, tell};
use marquee_e2e::crowd::{Buyer, End, Shop, quantile, rush};
use marquee_e2e::database::Database;
use marquee_e2e::fixtures::{self, PerformanceFixture};
use marquee_e2e::house::plan;
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{Stage, chosen, serves_seats, under};
use marquee_e2e::wait::seed;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt, SeedableRng};

use crate::strategies;

const ROWS: usize = 100;
const ROW: usize = 100;
const UNITS: usize = ROWS * ROW;
/// The holds lapse so long after they are put there: the servers start and everybody connects meanwhile.
const AHEAD: u32 = 12;
/// A buyer asks again about this often.
const AGAIN: Duration = Duration::from_secs(2);
/// The slowest of a hundred answers: the promise, and what programs that were built without optimisation may take.
const P99: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(6) } else { Duration::from_millis(1_500) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_lapsed_hold_goes_to_exactly_one() {
    let _alone = alone().await;
    let mut random = StdRng::seed_from_u64(seed("each_lapsed_hold_goes_to_exactly_one"));
    let mut strategies = strategies();
    strategies.shuffle(&mut random);
    for strategy in strategies.into_iter().take(rounds().try_into().unwrap()) {
        lapse(strategy, &mut random).await;
    }
}

async fn lapse(strategy: &'static str, random: &mut StdRng) {
    let cluster = marquee_e2e::cluster::cluster().await;
    let (tenant, terms) = (&cluster.fixtures.a, under(strategy));
    let mut made = None;
    let house = plan()
        .servers(2)
        .open_after(async |database| {
            let performance = match serves_seats(strategy) {
                true => fixtures::hall(database, tenant, (ROWS, ROW), &terms).await,
                false => fixtures::floor(database, tenant, UNITS, &terms).await,
            };
            hold_everything(database, &performance, strategy).await;
            made = Some(performance);
        })
        .await;
    let stage = Stage::open(&house, &terms, made.unwrap()).await;
    let mut buyers: Vec<Buyer> = (0..UNITS)
        .map(|at| {
            let body = match serves_seats(strategy) {
                true => chosen(at / ROW + 1, at % ROW + 1),
                false => stage.any(1),
            };
            Buyer { insists: Some(AGAIN.mul_f64(random.random_range(0.8..1.2))), ..Buyer::new(body) }
        })
        .collect();
    buyers.shuffle(random);
    let shop = Shop { arrivals: Duration::from_secs(2), ..stage.shop.clone() };
    assert_eq!(stage.held().await, UNITS, "{strategy}: the buyers come before the holds lapse");
    let started = Instant::now();
    let stories = rush(&shop, buyers, Default::default()).await;
    let took = started.elapsed();

    let strange: Vec<&String> = stories.iter().flat_map(|story| &story.strange).take(10).collect();
    assert!(strange.is_empty(), "{strategy}: {strange:#?}");
    let turned_away: usize = stories.iter().map(|story| story.turned_away).sum();
    let acks: Vec<Ack> = stories
        .iter()
        .filter_map(|story| match &story.end {
            End::Held(ack) => Some(ack.clone()),
            _ => None,
        })
        .collect();
    let units: HashSet<_> = acks.iter().flat_map(|ack| ack.units.iter().copied()).collect();
    let p99 = quantile(stories.iter().flat_map(|story| story.latencies.iter().copied()), 0.99);
    tell(&format!(
        "{UNITS} holds lapse, {strategy}: {} held, {} requests, 503 {turned_away}, p99 {p99:.0?}, {took:.1?}",
        acks.len(),
        stories.iter().map(|story| story.latencies.len()).sum::<usize>()
    ));
    assert_eq!((acks.len(), units.len(), stage.held().await), (UNITS, UNITS, UNITS), "{strategy}");
    let former = format!(
        "select count(*) from holds where performance_id = '{}' and idempotency_key like 'former-%'
         and state = 'expired' and closed_at is not null",
        stage.performance.id
    );
    assert_eq!(house.database.number(&former).await as usize, UNITS, "{strategy}: each ended once");
    stage.agrees(&acks, &HashSet::new()).await;
    assert_eq!(turned_away, 0, "{strategy}: nobody was turned away");
    assert!(p99 <= P99, "{strategy}: p99 {p99:?}");
}

/// A hold on each unit, as claims would have left it, all of which lapse within one second. Postgres knows of them, as it does
/// when so many were made one by one.
async fn hold_everything(database: &Database, performance: &PerformanceFixture, strategy: &str) {
    let PerformanceFixture { id, levels, .. } = performance;
    let kind = &levels[0].types[0];
    database
        .run(&format!(
            "create temporary table former as
                 select u.tenant_id, u.id as unit, u.price_level_id, gen_random_uuid() as hold, row_number() over () as n,
                        marquee_now() + make_interval(secs => {AHEAD} + random()) as until
                 from units u where u.performance_id = '{id}';
             insert into holds (tenant_id, id, performance_id, strategy, expires_at, total, currency, idempotency_key, fingerprint)
                 select tenant_id, hold, '{id}', '{strategy}', until, 4700, 'EUR', 'former-' || n, '\\x00' from former;
             insert into claims (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id, place, face, fees, tax)
                 select tenant_id, hold, unit, '{id}', price_level_id, '{kind}', 0, 4000, 250, 450 from former;
             update units u set state = 'held', hold_id = f.hold, expires_at = f.until
                 from former f where u.tenant_id = f.tenant_id and u.id = f.unit and '{strategy}' <> 'redis';
             analyze holds, claims, units"
        ))
        .await;
}
