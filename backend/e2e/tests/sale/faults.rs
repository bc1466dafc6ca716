//! Every fault during a sale: each acknowledged hold survives, no unit is held twice, each hold ends once.

use marquee_e2e::campaign::{self, alone};
use marquee_e2e::house::plan;
use marquee_e2e::wait::seed;

use crate::round::Round;
use crate::strategies;
use crate::strike::{Fault, prepare_failures};

/// Tries one fault for as many rounds as were asked for, each under the next strategy. Where Redis breaks the strategy that
/// lives in it has every round.
async fn rounds(fault: Fault) {
    let _alone = alone().await;
    let seed = seed(&format!("{fault:?}"));
    let strategies = match strategies() {
        all if fault.is_of_redis() && all.contains(&"redis") => vec!["redis"],
        all => all,
    };
    let mut house = plan().servers(2).with_skew().open().await;
    if fault == Fault::Serialization {
        prepare_failures(&house).await;
    }
    for number in 0..campaign::rounds() {
        let turn = (seed.wrapping_add(number) % strategies.len() as u64) as usize;
        Round { fault, strategy: strategies[turn], number, seed }.run(&mut house).await;
        for process in house.servers.iter_mut().chain(&mut house.worker) {
            assert!(process.is_running(), "{} has ended", process.name());
        }
    }
}

macro_rules! during_a_sale {
    ($($name:ident: $fault:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            rounds(Fault::$fault).await;
        }
    )*};
}

during_a_sale! {
    postgres_is_restarted: PostgresRestarted,
    postgres_crashes: PostgresCrashed,
    redis_is_killed: RedisKilled,
    redis_is_flushed: RedisFlushed,
    redis_forgets_everything: RedisForgot,
    redis_pauses_past_a_hold: RedisPaused,
    redis_forgets_and_the_servers_are_killed: RedisForgotAndServersKilled,
    a_server_is_killed: ServerKilled,
    every_server_is_killed: ServersKilled,
    a_clock_is_ahead: ClockAhead,
    a_clock_is_behind: ClockBehind,
    deadlocks_abound: Deadlocks,
    transactions_fail_by_chance: Serialization,
    answers_are_lost: LostAnswers,
}
