//! References of the same run: pgbench on the same tables, and actix alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::bare;
use crate::database::Database;
use crate::error::BenchError;
use crate::http;
use crate::load::{self, Load, Repeat};
use crate::seed::Show;
use crate::stage::{HOST, Stage};
use crate::stats::{mean, spread};

/// Clients of pgbench.
pub const CLIENTS: u32 = 16;

/// One free unit after another in random order, by its primary key, with the guard of a claim. As the owner, whom
/// row-level security does not slow down.
const SINGLE_SEAT: &str = r"\set i :i + 1
\set n permute((:i - 1) * :clients + :client_id, :units, 4711) + 1
update units set state = 'held', hold_id = :tenant, expires_at = now() + interval '10 minutes'
 where tenant_id = :tenant and id = (:prefix || lpad(to_hex(:n::bigint), 12, '0'))::uuid
   and (state = 'free' or state = 'held' and expires_at <= now());
";

/// What a counter of sold places costs: one row that everybody changes, and a row for each sale.
const HOT_COUNTER: &str = "begin;
update bench_counter set sold = sold + 1 where id = 1;
insert into bench_sales (sale) values (gen_random_uuid());
commit;
";

/// The same thing measured several times over a run.
#[derive(Debug, Clone, Default)]
pub struct Readings(Vec<f64>);

impl Readings {
    /// Adds one.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The mean of the last two, between which something else was measured.
    pub fn around(&self) -> f64 {
        mean(self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default())
    }

    /// The mean of all.
    pub fn mean(&self) -> f64 {
        mean(&self.0)
    }

    /// How far they lie apart, as a share of their mean.
    pub fn spread(&self) -> f64 {
        spread(&self.0)
    }
}

/// pgbench over one database.
#[derive(Debug)]
pub struct PgBench {
    program: PathBuf,
    database: Database,
    port: u16,
    password: String,
    folder: PathBuf,
    units: usize,
    variables: Vec<(&'static str, String)>,
}

impl PgBench {
    /// Prepares it: `show` is a copy made by [`crate::seed::copies`], whose units' ids can be counted out.
    ///
    /// # Errors
    /// When pgbench is not installed or the tables of the counter cannot be made.
    pub async fn prepare(stage: &Stage, database: Database, show: &Show) -> Result<Self, BenchError> {
        database
            .run(
                "create table bench_counter (id int primary key, sold bigint not null);
                 insert into bench_counter values (1, 0);
                 create table bench_sales (sale uuid primary key, at timestamptz not null default now())",
            )
            .await?;
        let of = |what: &str| {
            format!("select {what}::text from units where performance_id = '{}' limit 1", show.id)
        };
        let tenant = database.texts(&of("tenant_id")).await?.pop().unwrap_or_default();
        let unit =
            database.texts(&of("left(replace(id::text, '-', ''), 20)")).await?.pop().unwrap_or_default();
        let folder = stage.path("");
        for (file, script) in [("single_seat.sql", SINGLE_SEAT), ("hot_counter.sql", HOT_COUNTER)] {
            std::fs::write(folder.join(file), script)
                .map_err(BenchError::system("cannot write pgbench's script"))?;
        }
        let (port, password) = stage.postgres_login();
        let variables = vec![
            ("i", "0".to_owned()),
            ("clients", CLIENTS.to_string()),
            ("units", show.units.to_string()),
            ("tenant", tenant),
            ("prefix", unit),
        ];
        Ok(Self {
            program: installed()?,
            database,
            port,
            password: password.to_owned(),
            folder,
            units: show.units,
            variables,
        })
    }

    /// Claims of one seat a statement, a second: each unit once. They are free again first.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn single_seat(&self) -> Result<f64, BenchError> {
        self.database
            .run("update units set state = 'free', hold_id = null, expires_at = null where state = 'held'")
            .await?;
        self.database.run("vacuum units").await?;
        self.run("single_seat.sql", ["-t", &(self.units / CLIENTS as usize).to_string()]).await
    }

    /// Transactions on the hot counter, a second.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn hot_counter(&self, seconds: u64) -> Result<f64, BenchError> {
        self.run("hot_counter.sql", ["-T", &seconds.to_string()]).await
    }

    async fn run(&self, script: &str, length: [&str; 2]) -> Result<f64, BenchError> {
        let clients = CLIENTS.to_string();
        let port = self.port.to_string();
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-f", script]).args(length);
        for (name, value) in &self.variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "marquee_owner", &self.database.name]);
        command.env("PGPASSWORD", &self.password).current_dir(&self.folder).kill_on_drop(true);
        let output = command.output().await.map_err(BenchError::system("cannot run pgbench"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().find_map(tps).filter(|_| output.status.success()).ok_or_else(|| {
            BenchError::failed(format!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr)))
        })
    }
}

/// Reads `tps = 9327.123 (without initial connection time)`.
fn tps(line: &str) -> Option<f64> {
    line.strip_prefix("tps = ")?.split_ascii_whitespace().next()?.parse().ok()
}

/// The newest pgbench beside a Postgres, or the one on the `PATH`.
fn installed() -> Result<PathBuf, BenchError> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let number = version.file_name().to_str().and_then(|name| name.parse().ok()).unwrap_or(0);
        found.push((number, version.path().join("bin/pgbench")));
    }
    found.retain(|(_, path)| path.is_file());
    match found.into_iter().max() {
        Some((_, path)) => Ok(path),
        None => Ok(marquee_demo::process::on_path("pgbench")?),
    }
}

/// Answers of actix alone, a second, with bodies of this size.
///
/// # Errors
/// When it does not answer.
pub async fn bare(
    address: SocketAddr,
    posted: bool,
    bytes: usize,
    load: &Load,
) -> Result<load::Tally, BenchError> {
    let mut request = http::get(HOST, &bare::path(bytes));
    if posted {
        let body = r#"{"seats":[{"seat":"s12-r12-12"}]}"#;
        let key = crate::requests::Keys::new().line();
        http::post(&mut request, HOST, &bare::path(bytes), &key, body);
    }
    load::run(&Load { address, hear: None, ..load.clone() }, Repeat::of(vec![request])).await
}

/// A closed loop of this many connections for so long, with a fifth of that to warm up.
pub fn closed(address: SocketAddr, connections: usize, seconds: f64) -> Load {
    let measured = Duration::from_secs_f64(seconds);
    Load { address, connections, warm_up: measured / 5, measured, pace: None, hear: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_prints_is_read() {
        assert_eq!(tps("tps = 9327.5 (without initial connection time)"), Some(9_327.5));
        assert_eq!(tps("latency average = 1.7 ms"), None);
    }

    #[test]
    fn readings_around_a_measurement() {
        let mut readings = Readings::default();
        for one in [90.0, 100.0, 110.0] {
            readings.add(one);
        }
        assert_eq!((readings.around(), readings.mean(), readings.spread()), (105.0, 100.0, 0.2));
    }
}
