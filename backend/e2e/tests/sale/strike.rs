//! The faults, and how each is brought about.

use std::time::{Duration, Instant};

use marquee_e2e::cluster::cluster;
use marquee_e2e::house::House;
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::sleep;

/// How long Redis stands still, and how long holds last then.
const PAUSE: Duration = Duration::from_secs(6);
pub const SHORT_HOLD: i32 = 4;
/// How long a storm lasts.
const STORM: Duration = Duration::from_secs(3);
/// Sessions that get in the way, and how often a statement fails by itself.
const LOCKERS: u64 = 6;
const FAILS: f64 = 0.4;

/// What happens in the middle of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    PostgresRestarted,
    PostgresCrashed,
    RedisKilled,
    RedisFlushed,
    RedisForgot,
    RedisPaused,
    RedisForgotAndServersKilled,
    ServerKilled,
    ServersKilled,
    ClockAhead,
    ClockBehind,
    Deadlocks,
    Serialization,
    LostAnswers,
}

impl Fault {
    /// Is it Redis that breaks?
    pub fn is_of_redis(self) -> bool {
        matches!(
            self,
            Self::RedisKilled
                | Self::RedisFlushed
                | Self::RedisForgot
                | Self::RedisPaused
                | Self::RedisForgotAndServersKilled
        )
    }

    /// Brings it about, and mends it again.
    pub async fn strike(self, house: &mut House, performance: &str, random: &mut StdRng) {
        let cluster = cluster().await;
        let mut moment = async || sleep(Duration::from_millis(random.random_range(0..800))).await;
        match self {
            Self::PostgresRestarted | Self::PostgresCrashed => {
                let crashes = self == Self::PostgresCrashed;
                let mut postgres = cluster.postgres.lock().await;
                postgres.end(if crashes { Signal::SIGQUIT } else { Signal::SIGINT }).await;
                moment().await;
                postgres.start_again().await;
            }
            Self::RedisKilled | Self::RedisForgot => {
                let mut redis = cluster.redis.lock().await;
                redis.kill().await;
                if self == Self::RedisForgot {
                    cluster.delete_redis_file();
                }
                moment().await;
                redis.start_again().await;
            }
            Self::RedisFlushed => cluster.tell_redis(&["FLUSHALL".to_owned()]).await.unwrap(),
            Self::RedisPaused => {
                let redis = cluster.redis.lock().await;
                redis.signal(Signal::SIGSTOP);
                sleep(PAUSE).await;
                redis.signal(Signal::SIGCONT);
            }
            Self::RedisForgotAndServersKilled => {
                let mut redis = cluster.redis.lock().await;
                redis.kill().await;
                for server in &mut house.servers {
                    server.kill().await;
                }
                cluster.delete_redis_file();
                moment().await;
                redis.start_again().await;
                for at in 0..house.servers.len() {
                    house.restart(at).await;
                }
            }
            Self::ServerKilled => {
                house.servers[0].kill().await;
                moment().await;
                house.restart(0).await;
            }
            Self::ServersKilled => {
                for server in &mut house.servers {
                    server.kill().await;
                }
                moment().await;
                for at in 0..house.servers.len() {
                    house.restart(at).await;
                }
            }
            Self::ClockAhead => house.skew.as_ref().unwrap().set(600),
            Self::ClockBehind => house.skew.as_ref().unwrap().set(-600),
            Self::Deadlocks => get_in_the_way(house, performance, random).await,
            Self::Serialization => fail_by_chance(house, random).await,
            Self::LostAnswers => {}
        }
    }
}

/// Other sessions lock the same units, in an order of their own, until the database has to choose a victim.
async fn get_in_the_way(house: &House, performance: &str, random: &mut StdRng) {
    let until = Instant::now() + STORM;
    let url = &house.database.owner_url;
    let lockers = (0..LOCKERS).map(|_| {
        let mut random = StdRng::seed_from_u64(random.random());
        async move {
            let mut session = PgConnection::connect(url).await.unwrap();
            while Instant::now() < until {
                sqlx::raw_sql("begin").execute(&mut session).await.unwrap();
                for _ in 0..4 {
                    let sql = format!(
                        "select id from units where performance_id = '{performance}'
                         offset {} limit 1 for update",
                        random.random_range(0..500)
                    );
                    // The victim may be this one.
                    if sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut session).await.is_err() {
                        break;
                    }
                    sleep(Duration::from_millis(random.random_range(0..15))).await;
                }
                sqlx::raw_sql("rollback").execute(&mut session).await.unwrap();
            }
        }
    });
    futures::future::join_all(lockers).await;
}

/// Makes ready for [`fail_by_chance`]: every statement that records holds may fail, though none does yet.
pub async fn prepare_failures(house: &House) {
    let sql = "create table app.weather (fails double precision not null);
         insert into app.weather values (0);
         create function app.storm() returns trigger language plpgsql security definer as $$
         declare p double precision;
         begin
             select fails into p from app.weather;
             if random() < p then
                 if random() < 0.5 then
                     raise exception 'storm' using errcode = '40001';
                 end if;
                 raise exception 'storm' using errcode = '40P01';
             end if;
             return null;
         end $$;
         create trigger storm before insert on holds for each statement execute function app.storm();
         create trigger storm before update on units for each statement execute function app.storm()";
    house.database.run(sql).await;
}

async fn fail_by_chance(house: &House, random: &mut StdRng) {
    let share = random.random_range(FAILS / 2.0..FAILS);
    house.database.run(&format!("update app.weather set fails = {share}")).await;
    sleep(STORM).await;
    house.database.run("update app.weather set fails = 0").await;
}
