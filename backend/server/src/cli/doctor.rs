//! `marquee doctor`: is the set-up sound?

mod pool;

use std::process::ExitCode;

use clap::Args;
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde::Serialize;

use self::pool::Pool;
use super::{Failure, print_json, print_line};
use crate::compose::Foundation;

const DOCTOR: Tag = Tag::report("doctor");

#[derive(Debug, Args)]
pub struct Options {
    /// Answer as JSON: `{checks:[{name,ok,detail}],pool:{holders,transactions}}`.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Report {
    checks: Vec<Check>,
    pool: Pool,
}

#[derive(Debug, FromQueryResult)]
struct RoleRow {
    superuser: bool,
    bypass: bool,
    owns: i64,
}

fn check(name: &'static str, outcome: Result<String, String>) -> Check {
    match outcome {
        Ok(detail) => Check { name, ok: true, detail },
        Err(detail) => Check { name, ok: false, detail },
    }
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let (mut checks, mut pool) = (Vec::new(), Pool::default());
    match Config::from_env() {
        Err(error) => checks.push(check("configuration", Err(error.to_string()))),
        Ok(config) => {
            checks.push(check("configuration", Ok("every setting can be read".to_owned())));
            match Foundation::open(config).await {
                Err(error) => checks.push(check("database", Err(error.to_string()))),
                Ok(foundation) => {
                    examine(&foundation, &mut checks).await;
                    let found = pool::look(&foundation.db, foundation.config.doctor_server, DOCTOR).await;
                    let found = found.map(|found| pool = found).map_err(|error| error.to_string());
                    checks.push(check("connections", found.map(|()| pool.summary())));
                }
            }
        }
    }
    let sound = checks.iter().all(|one| one.ok);
    let report = Report { checks, pool };
    if options.json {
        print_json(&report)?;
    } else {
        for one in &report.checks {
            print_line(format!("{}  {:<16} {}", if one.ok { "ok  " } else { "FAIL" }, one.name, one.detail));
        }
        for line in report.pool.lines() {
            print_line(format!("      {line}"));
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(foundation: &Foundation, checks: &mut Vec<Check>) {
    let tenants = foundation.directory.all().len();
    checks.push(check("database", Ok(format!("reached; {tenants} tenants"))));
    checks.push(check("role", role(foundation).await));
    checks.push(check("isolation", isolation(foundation).await));
    checks.push(check("payments", payments(foundation).await.map_err(|error| error.to_string())));
    checks.push(check("mail", mail(&foundation.config.smtp_url).await));
}

/// The provider must answer for an account.
async fn payments(foundation: &Foundation) -> Result<String, Failure> {
    let account = foundation.directory.all().into_iter().find_map(|tenant| tenant.terms.account.clone());
    foundation.provider()?.list_intents(account.as_deref(), None).await?;
    Ok("the provider answers".to_owned())
}

/// The application's role must own nothing and bypass nothing.
async fn role(foundation: &Foundation) -> Result<String, String> {
    let tx = foundation.db.begin_without_tenant(DOCTOR).await.map_err(|error| error.to_string())?;
    let row: Option<RoleRow> = tx
        .optional(
            "select r.rolsuper as superuser, r.rolbypassrls as bypass,
                    (select count(*) from pg_class c where c.relowner = r.oid) as owns
             from pg_roles r where r.rolname = current_user",
            params![],
        )
        .await
        .map_err(|error| error.to_string())?;
    match row {
        Some(RoleRow { superuser: false, bypass: false, owns: 0 }) => {
            Ok("owns nothing, bypasses nothing".to_owned())
        }
        Some(row) => {
            Err(format!("superuser: {}, bypasses: {}, owns: {}", row.superuser, row.bypass, row.owns))
        }
        None => Err("the role cannot be read".to_owned()),
    }
}

/// Without a tenant, a tenant's table must fail.
async fn isolation(foundation: &Foundation) -> Result<String, String> {
    let tx = foundation.db.begin_without_tenant(DOCTOR).await.map_err(|error| error.to_string())?;
    match tx.execute("select 1 from units limit 1", params![]).await {
        Err(_) => Ok("no tenant, no rows".to_owned()),
        Ok(_) => Err("a query without a tenant was answered".to_owned()),
    }
}

async fn mail(smtp_url: &str) -> Result<String, String> {
    let address = smtp_url.split("://").nth(1).unwrap_or_default();
    let address = address.rsplit('@').next().unwrap_or_default().trim_end_matches('/');
    let address = if address.contains(':') { address.to_owned() } else { format!("{address}:25") };
    let connect = tokio::net::TcpStream::connect(&address);
    match tokio::time::timeout(std::time::Duration::from_secs(3), connect).await {
        Ok(Ok(_)) => Ok(format!("{address} answers")),
        Ok(Err(error)) => Err(format!("{address}: {error}")),
        Err(_) => Err(format!("{address}: no answer")),
    }
}
