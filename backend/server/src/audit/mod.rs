//! `marquee audit`: do money, ledger, seats and tickets agree? Each breach has a stable kind and the ids that HTTP shows.

mod changes;
mod inventory;
mod ledger;
mod money;
mod movements;
mod provider;
mod refunds;
mod tickets;

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use marquee_core::config::Config;
use marquee_core::db::{DbError, PlatformTx, Tag};
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;

const AUDIT: Tag = Tag::report("audit");

#[derive(Debug, Args)]
pub struct Options {
    /// Answer as JSON: `{breaches:[{kind, …}]}`.
    #[arg(long)]
    json: bool,
}

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breach {
    /// Stable name of the rule.
    pub kind: &'static str,
    /// What it is about.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Report {
    breaches: Vec<Breach>,
}

/// A rule: its stable kind, and a query that answers a row for each breach.
pub(crate) struct Rule {
    pub(crate) kind: &'static str,
    pub(crate) sql: &'static str,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    about: Value,
}

/// Audits everything, prints what it finds, and fails on any breach.
///
/// # Errors
/// When the database or the provider cannot be read: that is no clean audit.
pub async fn run(options: Options, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    let report = Report { breaches: examine(&foundation).await? };
    if options.json {
        print_json(&report)?;
    } else if report.breaches.is_empty() {
        print_line("money, seats and tickets agree");
    } else {
        for breach in &report.breaches {
            print_line(format!("{}  {}", breach.kind, Value::Object(breach.about.clone())));
        }
        print_line(format!("{} breaches", report.breaches.len()));
    }
    Ok(if report.breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every breach of every rule. The provider is read first: what it captured later than that, our record may know,
/// but never the other way round, so a sale in progress is no breach.
async fn examine(foundation: &Foundation) -> Result<Vec<Breach>, Failure> {
    let started = Instant::now();
    let accounts = provider::read(foundation).await?;
    let tx = foundation.db.begin_platform(AUDIT).await?;
    tx.execute("set transaction isolation level repeatable read, read only", params![]).await?;
    let mut breaches = Vec::new();
    for rule in inventory::RULES
        .iter()
        .chain(money::RULES)
        .chain(ledger::RULES)
        .chain(refunds::RULES)
        .chain(tickets::RULES)
        .chain(changes::RULES)
    {
        breaches.extend(rule.breaches(&tx).await?);
    }
    let known = provider::payments(&tx).await?;
    let ours = movements::ours(&tx).await?;
    let read = started.elapsed().as_secs_f64();
    tx.commit().await?;
    breaches.extend(provider::compare(foundation, &accounts, known).await?);
    // What we did while the provider was read it could not tell yet.
    let patience = provider::PATIENCE_SECONDS + read;
    breaches.extend(movements::compare(&*foundation.provider()?, &accounts, &ours, patience).await?);
    Ok(breaches)
}

impl Rule {
    async fn breaches(&self, tx: &PlatformTx) -> Result<Vec<Breach>, DbError> {
        let sql = format!("select to_jsonb(b) as about from ({}) b", self.sql);
        let rows: Vec<Row> = tx.all(&sql, params![]).await?;
        let breach = |row: Row| match row.about {
            Value::Object(about) => Breach { kind: self.kind, about },
            other => Breach { kind: self.kind, about: Map::from_iter([("about".to_owned(), other)]) },
        };
        Ok(rows.into_iter().map(breach).collect())
    }
}
