//! `marquee tenant create|list|suspend`.

use std::process::ExitCode;

use chrono_tz::Tz;
use clap::{Args, Subcommand};
use marquee_core::config::Config;
use marquee_core::money::Currency;
use marquee_tenants::Host;
use serde_json::json;

use super::{Failure, print_json, print_line};
use crate::compose::Foundation;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take on a promoter; prints the tenant's id last.
    Create(Create),
    /// Every tenant with its host, and whether its sites are up.
    List {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a tenant's sites down, or bring them back with `--lift`.
    Suspend {
        /// Slug or id.
        tenant: String,
        /// Bring the sites back.
        #[arg(long)]
        lift: bool,
    },
}

#[derive(Debug, Args)]
pub struct Create {
    /// Short name: lower-case letters, digits and hyphens.
    #[arg(long)]
    slug: String,
    /// The brand.
    #[arg(long)]
    name: String,
    /// Who the buyer's contract is with; the brand unless told.
    #[arg(long)]
    legal_name: Option<String>,
    /// The site's host; it counts as proven.
    #[arg(long)]
    host: String,
    /// ISO 4217.
    #[arg(long)]
    currency: Currency,
    /// IANA time zone.
    #[arg(long)]
    timezone: Tz,
    /// BCP 47 tag.
    #[arg(long, default_value = "en")]
    locale: String,
    /// Theme.
    #[arg(long, default_value = "base")]
    theme: String,
    /// Where buyers write to.
    #[arg(long)]
    support_email: String,
    /// The payment provider's id of the tenant's account.
    #[arg(long)]
    account: Option<String>,
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match command {
        Command::Create(options) => create(&foundation, options).await,
        Command::List { json } => list(&foundation, json).await,
        Command::Suspend { tenant, lift } => suspend(&foundation, &tenant, lift).await,
    }
}

async fn create(foundation: &Foundation, options: Create) -> Result<ExitCode, Failure> {
    if !marquee_tickets::is_address(&options.support_email) {
        return Err(format!("`{}` is no mail address", options.support_email).into());
    }
    own_host(foundation, &options.host)?;
    let new = marquee_tenants::NewTenant {
        slug: options.slug,
        legal_name: options.legal_name.unwrap_or_else(|| options.name.clone()),
        name: options.name,
        host: options.host,
        currency: options.currency,
        timezone: options.timezone,
        locale: options.locale,
        theme: options.theme,
        theme_settings: json!({}),
        mail_from: options.support_email.clone(),
        support_email: options.support_email,
        postal_address: String::new(),
        payment_account: options.account,
        platform_fee_bps: 0,
        platform_fee_fixed: 0,
    };
    let tx = foundation.db.begin_platform(crate::compose::STAFF).await?;
    let id = marquee_tenants::create_tenant(&tx, &new).await?;
    tx.record("cli", "tenant.create", Some(id), json!({ "slug": new.slug, "host": new.host })).await?;
    tx.commit().await?;
    print_line(format!("{} is at {}", new.name, new.host));
    print_line(id);
    Ok(ExitCode::SUCCESS)
}

async fn list(foundation: &Foundation, as_json: bool) -> Result<ExitCode, Failure> {
    let tx = foundation.db.begin_platform(crate::compose::STAFF).await?;
    let tenants = marquee_tenants::list(&tx).await?;
    tx.commit().await?;
    if as_json {
        return print_json(&json!({ "data": tenants }));
    }
    for one in tenants {
        let host = one.host.as_deref().unwrap_or("no host");
        print_line(format!("{}  {}  {}  {host}  {}", one.id, one.slug, one.status, one.name));
    }
    Ok(ExitCode::SUCCESS)
}

/// A host that tenants may have: the platform's own is not to be had.
pub(super) fn own_host(foundation: &Foundation, host: &str) -> Result<Host, Failure> {
    let host = Host::parse(host).ok_or_else(|| format!("`{host}` is no host"))?;
    if Some(&host) == Host::parse(&foundation.config.platform_host).as_ref() {
        return Err(format!("`{}` is the platform's own", host.as_str()).into());
    }
    Ok(host)
}

async fn suspend(foundation: &Foundation, name: &str, lift: bool) -> Result<ExitCode, Failure> {
    let tx = foundation.db.begin_platform(crate::compose::STAFF).await?;
    let status = if lift { "active" } else { "suspended" };
    let id =
        marquee_tenants::set_status(&tx, name, status).await?.ok_or_else(|| format!("no tenant `{name}`"))?;
    tx.record("cli", "tenant.suspend", Some(id), json!({ "status": status })).await?;
    tx.commit().await?;
    print_line(format!("{name} is {status}"));
    Ok(ExitCode::SUCCESS)
}
