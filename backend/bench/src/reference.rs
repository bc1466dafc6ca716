//! References of the same run: pgbench on the same tables with the program's own transaction, or as bare as it can be, and
//! actix alone.

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

/// Clients of pgbench, unless told otherwise.
pub const CLIENTS: u32 = 16;

/// One free unit after another in random order, by its primary key, with the guard of a claim. `:now` is put in.
const SEAT: &str = r"update units set state = 'held', hold_id = :tenant::uuid, expires_at = :now + interval '10 minutes'
 where tenant_id = :tenant::uuid and id = (:prefix || lpad(to_hex(:n::bigint), 12, '0'))::uuid
   and (state = 'free' or state = 'held' and expires_at <= :now);
";
/// Draws the unit.
const NEXT: &str = r"\set i :i + 1
\set n permute((:i - 1) * :clients + :client_id, :units, 4711) + 1
";
/// How the program opens a transaction: one message that begins it and sets the tenant.
const OPEN: &str = r"\startpipeline
begin;
select app.set_tenant(:tenant::uuid);
\endpipeline
";

/// A purchase as one statement: a free unit sold, its hold, order, line and ticket, and the mail staged. On the program's
/// own tables with all their keys and checks, as the owner.
const PURCHASE: &str = r"\set i :i + 1
\set n permute((:i - 1) * :clients + :client_id, :units, 4711) + 1
with unit as (
  update units set state = 'sold', hold_id = gen_random_uuid(), expires_at = null
   where tenant_id = :tenant and id = (:prefix || lpad(to_hex(:n::bigint), 12, '0'))::uuid
     and (state = 'free' or state = 'held' and expires_at <= now())
  returning tenant_id, id, performance_id, price_level_id, label, hold_id
), hold as (
  insert into holds (tenant_id, id, performance_id, state, strategy, expires_at, total, currency, idempotency_key, fingerprint,
      closed_at)
  select tenant_id, hold_id, performance_id, 'completed', 'row_lock', now(), 4700, 'EUR', hold_id::text, '', now() from unit
  returning tenant_id, id
), sale as (
  insert into orders (tenant_id, id, number, hold_id, performance_id, status, buyer_email, buyer_key, buyer_name, locale,
      currency, face, fees, tax, total, provider, charge_model, account, application_fee, expires_at, paid_at)
  select tenant_id, hold_id, hold_id::text, hold_id, performance_id, 'paid', 'ada@bench.localhost', hold_id::text,
      'Ada Lovelace', 'en-IE', 'EUR', 4000, 250, 450, 4700, 'none', 'direct', null, 0, now(), now() from unit
), line as (
  insert into order_lines (tenant_id, id, order_id, unit_id, price_level_id, ticket_type_id, label, price_level, ticket_type,
      place, face, fees, tax)
  select tenant_id, hold_id, hold_id, id, price_level_id, id, label, 'Seats', 'Adult', 1, 4000, 250, 450 from unit
), ticket as (
  insert into tickets (tenant_id, id, order_id, order_line_id, unit_id, performance_id, price_level_id, label, code, holder)
  select tenant_id, hold_id, hold_id, hold_id, id, performance_id, price_level_id, label, hold_id::text, 'Ada Lovelace'
    from unit
)
insert into outbox (tenant_id, id, kind, payload)
select tenant_id, hold_id, 'tickets.mail', jsonb_build_object('order_id', hold_id) from unit;
";

/// What a counter of sold places costs: one row that everybody changes, and a row for each sale.
const COUNT: &str = r"update bench_counter set sold = sold + 1 where tenant_id = :tenant::uuid and id = 1;
insert into bench_sales (tenant_id, sale) values (:tenant::uuid, gen_random_uuid());
commit;
";

/// Under which role pgbench works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// As the program does: its own role, under row-level security, in a transaction that sets the tenant.
    Program,
    /// As the owner of the tables, whom row-level security does not slow down, in the fewest messages there can be.
    Owner,
}

impl As {
    fn seat(self) -> String {
        match self {
            Self::Program => format!("{NEXT}{OPEN}{}commit;\n", SEAT.replace(":now", "marquee_now()")),
            Self::Owner => format!("{NEXT}{}", SEAT.replace(":now", "now()")),
        }
    }

    fn counter(self) -> String {
        match self {
            Self::Program => format!("{OPEN}{COUNT}"),
            Self::Owner => format!("begin;\n{COUNT}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Owner => "owner",
        }
    }
}

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
    folder: PathBuf,
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
                "create table bench_counter (tenant_id uuid not null, id int not null, sold bigint not null,
                                             primary key (tenant_id, id));
                 insert into bench_counter select id, 1, 0 from tenants;
                 create table bench_sales (tenant_id uuid not null, sale uuid not null,
                                           at timestamptz not null default now(), primary key (tenant_id, sale));
                 call app.protect('bench_counter', 'select, update');
                 call app.protect('bench_sales', 'select, insert')",
            )
            .await?;
        // Cleaning up after it is no work of the program's, beside which it would go on.
        for table in
            ["units", "holds", "orders", "order_lines", "tickets", "outbox", "bench_counter", "bench_sales"]
        {
            database.run(&format!("alter table {table} set (autovacuum_enabled = false)")).await?;
        }
        let of = |what: &str| {
            format!("select {what}::text from units where performance_id = '{}' limit 1", show.id)
        };
        let tenant = database.texts(&of("tenant_id")).await?.pop().unwrap_or_default();
        let unit =
            database.texts(&of("left(replace(id::text, '-', ''), 20)")).await?.pop().unwrap_or_default();
        let folder = stage.path("");
        for who in [As::Program, As::Owner] {
            for (what, script) in
                [("seat", who.seat()), ("counter", who.counter()), ("purchase", PURCHASE.to_owned())]
            {
                std::fs::write(folder.join(format!("{what}_{}.sql", who.name())), script)
                    .map_err(BenchError::system("cannot write pgbench's script"))?;
            }
        }
        let port = stage.postgres_port();
        let variables = vec![
            ("i", "0".to_owned()),
            ("units", show.units.to_string()),
            ("tenant", tenant),
            ("prefix", unit),
        ];
        Ok(Self { program: installed()?, database, port, folder, variables })
    }

    /// Claims of one seat a transaction, a second: each unit once. They are free again first.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn single_seat(&self, who: As, seconds: u64) -> Result<f64, BenchError> {
        self.database
            .run("update units set state = 'free', hold_id = null, expires_at = null where state = 'held'")
            .await?;
        self.database.run("vacuum units").await?;
        self.run("seat", who, CLIENTS, seconds).await
    }

    /// Purchases, a statement each, a second. What earlier ones sold is taken back first.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn purchase(&self, seconds: f64) -> Result<f64, BenchError> {
        self.database
            .run(
                "truncate tickets, order_lines, orders, holds, outbox cascade;
                 update units set state = 'free', hold_id = null, expires_at = null where state <> 'free'",
            )
            .await?;
        self.database.run("vacuum units").await?;
        self.run("purchase", As::Owner, CLIENTS, seconds.ceil().max(1.0) as u64).await
    }

    /// Transactions on the hot counter, a second.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn hot_counter(&self, who: As, clients: u32, seconds: u64) -> Result<f64, BenchError> {
        self.run("counter", who, clients, seconds).await
    }

    async fn run(&self, what: &str, who: As, clients: u32, seconds: u64) -> Result<f64, BenchError> {
        let url = match who {
            As::Program => &self.database.app,
            As::Owner => &self.database.owner,
        };
        let (user, password) = login(url).ok_or_else(|| BenchError::failed("an address without a login"))?;
        let (count, port, seconds) = (clients.to_string(), self.port.to_string(), seconds.to_string());
        let script = format!("{what}_{}.sql", who.name());
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-j", "2", "-c", &count, "-T", &seconds, "-f", &script]);
        command.args(["-D", &format!("clients={count}")]);
        for (name, value) in &self.variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", user, &self.database.name]);
        command.env("PGPASSWORD", password).current_dir(&self.folder).kill_on_drop(true);
        let output = command.output().await.map_err(BenchError::system("cannot run pgbench"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().find_map(tps).filter(|_| output.status.success()).ok_or_else(|| {
            BenchError::failed(format!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr)))
        })
    }
}

/// User and password of `postgres://user:password@…`.
fn login(url: &str) -> Option<(&str, &str)> {
    url.split_once("://")?.1.split_once('@')?.0.split_once(':')
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
    fn a_login_is_read_from_an_address() {
        assert_eq!(login("postgres://marquee_app:s3cret@127.0.0.1:1/x"), Some(("marquee_app", "s3cret")));
        assert_eq!(login("nonsense"), None);
    }

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
