//! `marquee demo-seed`: fills an empty database with the demo's tenants and sells part of what they offer, by the
//! same calls a fan makes. Idempotent: what is there stays, and is described.

mod build;
mod plan;
mod programme;
mod sell;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_core::params;
use marquee_entity::tenancy::StaffRole;
use marquee_tenants::staff::{hash_password, normal_email};
use marquee_tenants::{NewStaff, add_platform_staff, add_staff};
use sea_orm::FromQueryResult;
use serde_json::{Map, Value, json};

use crate::cli::{Failure, print_line};
use crate::compose::Foundation;
use crate::serve::Services;
use programme::{Programme, TENANTS};

const SEED: Tag = Tag::background("demo.seed");
const PLATFORM_EMAIL: &str = "staff@platform.localhost";

#[derive(Debug, Args)]
pub struct Options {
    /// Where the description goes, as JSON.
    #[arg(long)]
    manifest_out: PathBuf,
}

#[derive(Debug, FromQueryResult)]
struct CodeRow {
    code: String,
}

/// Seeds what is missing and describes what is there.
///
/// # Errors
/// When anything of it fails: the next run begins again where it stopped.
pub async fn run(options: Options, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    let services = Services::kept_current(foundation.clone())?;
    let mut tenants = Map::new();
    let mut pages = Vec::new();
    for demo in TENANTS {
        let programme: Programme = serde_json::from_str(demo.programme)?;
        let host = format!("{}.localhost", demo.slug);
        let tenant = build::tenant(&foundation, &demo, &programme, &host).await?;
        let built = build::programme(&foundation, &tenant, &programme).await?;
        sell::all(&services, &tenant, &built).await?;
        let owner = sign_in(&foundation, tenant.id, &host, &programme.site.name).await?;
        let named: Map<String, Value> =
            built.iter().filter_map(|one| Some((one.key.clone()?, json!(one.id)))).collect();
        let url = |path: &str| foundation.config.public_url(&host, path);
        pages.push(json!({ "title": programme.site.name, "url": url("/") }));
        if let Some(first) =
            built.iter().find(|one| matches!(one.key.as_deref(), Some("seated" | "standing")))
        {
            let title = if first.reserved { "Choose seats" } else { "Buy a standing ticket" };
            pages.push(json!({ "title": title, "url": url(&format!("/performances/{}", first.id)) }));
        }
        tenants.insert(
            demo.slug.to_owned(),
            json!({ "id": tenant.id, "host": host, "owner": owner, "performances": named }),
        );
        print_line(format!("{}: {} performances", programme.site.name, built.len()));
    }
    let first =
        tenants.get("riverside").and_then(|one| one.get("id")).and_then(|id| id.as_str()?.parse().ok());
    let code = match first {
        Some(tenant) => unused_code(&foundation, tenant).await?,
        None => None,
    };
    let description = json!({
        "platform": platform_sign_in(&foundation).await?,
        "tenants": tenants,
        "show": { "ticket_code": code, "pages": pages },
    });
    std::fs::write(&options.manifest_out, serde_json::to_vec_pretty(&description)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The demo's passwords are derived from its secret, so that they can be printed again.
fn password(foundation: &Foundation, email: &str) -> String {
    foundation.config.secret_key.token("demo-password", &[email.as_bytes()]).chars().take(16).collect()
}

fn staff(foundation: &Foundation, email: &str, name: &str) -> Result<(NewStaff, Value), Failure> {
    let email = normal_email(email);
    let password = password(foundation, &email);
    let new =
        NewStaff { email: email.clone(), name: name.to_owned(), password_hash: hash_password(&password)? };
    Ok((new, json!({ "email": email, "password": password })))
}

async fn sign_in(
    foundation: &Foundation,
    tenant: TenantId,
    host: &str,
    name: &str,
) -> Result<Value, Failure> {
    let (new, shown) = staff(foundation, &format!("owner@{host}"), &format!("{name}, owner"))?;
    let tx = foundation.db.begin(tenant, SEED).await?;
    add_staff(&tx, &new, StaffRole::Owner).await?;
    tx.commit().await?;
    Ok(shown)
}

async fn platform_sign_in(foundation: &Foundation) -> Result<Value, Failure> {
    let (new, shown) = staff(foundation, PLATFORM_EMAIL, "Platform staff")?;
    let tx = foundation.db.begin_platform(SEED).await?;
    add_platform_staff(&tx, &new).await?;
    tx.commit().await?;
    let mut shown = shown;
    if let Value::Object(map) = &mut shown {
        map.insert("host".to_owned(), json!(foundation.config.platform_host));
    }
    Ok(shown)
}

/// The code of a ticket that was not scanned yet.
async fn unused_code(foundation: &Foundation, tenant: TenantId) -> Result<Option<String>, Failure> {
    let tx = foundation.db.begin(tenant, SEED).await?;
    let row: Option<CodeRow> = tx
        .optional(
            "select code from tickets where tenant_id = $1 and status = 'valid' order by id limit 1",
            params![],
        )
        .await?;
    tx.commit().await?;
    Ok(row.map(|row| row.code))
}

/// A performance of the demo.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    id: PerformanceId,
    /// Its name in the description.
    key: Option<String>,
    /// Seats are chosen on a plan.
    reserved: bool,
    /// Share that is to be sold, 0 to 1.
    sold: f64,
}
