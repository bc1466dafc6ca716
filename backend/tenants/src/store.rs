use chrono_tz::Tz;
use marquee_core::db::{Db, Tag};
use marquee_core::ids::TenantId;
use marquee_core::money::Currency;
use marquee_core::params;
use marquee_entity::tenancy::ChargeModel;
use sea_orm::FromQueryResult;
use serde::Deserialize;

use crate::{ChargeTerms, TenancyError, Tenant};

const DIRECTORY: Tag = Tag::background("tenants.directory");

#[derive(Debug, FromQueryResult)]
struct HostRow {
    host: String,
    is_primary: bool,
    tenant: serde_json::Value,
}

#[derive(Debug, FromQueryResult)]
struct VersionRow {
    version: String,
}

/// The columns of `tenants` as `to_jsonb` spells them.
#[derive(Debug, Deserialize)]
struct TenantRow {
    id: TenantId,
    slug: String,
    name: String,
    legal_name: String,
    currency: Currency,
    timezone: String,
    locale: String,
    theme: String,
    theme_settings: serde_json::Value,
    support_email: String,
    mail_from: String,
    postal_address: String,
    payment_account: Option<String>,
    charge_model: ChargeModel,
    platform_fee_bps: i32,
    platform_fee_fixed: i64,
}

/// A text that changes whenever a tenant or a domain does.
pub(crate) async fn version(db: &Db) -> Result<String, TenancyError> {
    let tx = db.begin_without_tenant(DIRECTORY).await?;
    let row: Option<VersionRow> = tx.optional("select app.tenancy_version() as version", params![]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.version).unwrap_or_default())
}

/// Every verified host with its tenant.
pub(crate) async fn hosts(db: &Db) -> Result<Vec<(String, Tenant)>, TenancyError> {
    let tx = db.begin_without_tenant(DIRECTORY).await?;
    let rows: Vec<HostRow> =
        tx.all("select host, is_primary, tenant from app.tenancy() order by host", params![]).await?;
    tx.commit().await?;
    let primary = |tenant: &serde_json::Value| {
        let own = rows.iter().filter(|row| row.tenant.get("id") == tenant.get("id"));
        own.clone().find(|row| row.is_primary).or_else(|| own.clone().next()).map(|row| row.host.clone())
    };
    rows.iter()
        .map(|row| {
            let own_host = primary(&row.tenant).unwrap_or_else(|| row.host.clone());
            Ok((row.host.clone(), read(&row.host, row.tenant.clone(), own_host)?))
        })
        .collect()
}

fn read(host: &str, row: serde_json::Value, own_host: String) -> Result<Tenant, TenancyError> {
    let fault = |why: String| TenancyError::Row { tenant: host.to_owned(), why };
    let row: TenantRow = serde_json::from_value(row).map_err(|error| fault(error.to_string()))?;
    let timezone: Tz =
        row.timezone.parse().map_err(|_| fault(format!("`{}` is no time zone", row.timezone)))?;
    Ok(Tenant {
        id: row.id,
        slug: row.slug,
        name: row.name,
        legal_name: row.legal_name,
        host: own_host,
        currency: row.currency,
        timezone,
        locale: row.locale,
        theme: row.theme,
        theme_settings: row.theme_settings,
        support_email: row.support_email,
        mail_from: row.mail_from,
        postal_address: row.postal_address,
        terms: ChargeTerms {
            model: row.charge_model,
            account: row.payment_account,
            fee_bps: row.platform_fee_bps,
            fee_fixed: row.platform_fee_fixed,
        },
    })
}
