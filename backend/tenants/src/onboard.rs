//! Takes tenants on, as platform staff.

use chrono_tz::Tz;
use marquee_core::db::{PlatformTx, TenantTx};
use marquee_core::ids::{StaffId, TenantId};
use marquee_core::money::Currency;
use marquee_core::params;
use marquee_entity::tenancy::StaffRole;
use sea_orm::FromQueryResult;

use crate::{Host, TenancyError};

/// What is known of a new tenant.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Lower-case letters, digits and hyphens.
    pub slug: String,
    /// The brand.
    pub name: String,
    /// Who the buyer's contract is with.
    pub legal_name: String,
    /// Its first host.
    pub host: String,
    /// What it sells in.
    pub currency: Currency,
    /// Where its times are told.
    pub timezone: Tz,
    /// BCP 47 tag.
    pub locale: String,
    /// Theme.
    pub theme: String,
    /// The theme's settings.
    pub theme_settings: serde_json::Value,
    /// Where buyers write to.
    pub support_email: String,
    /// Address its mail comes from.
    pub mail_from: String,
    /// For the imprint.
    pub postal_address: String,
    /// The provider's id of its account.
    pub payment_account: Option<String>,
    /// The platform's share in basis points.
    pub platform_fee_bps: i32,
    /// The platform's share of each unit, minor units.
    pub platform_fee_fixed: i64,
}

#[derive(Debug, FromQueryResult)]
struct IdRow {
    id: TenantId,
}

/// Makes a tenant with its first host, which counts as proven.
///
/// # Errors
/// A host that is none; a slug, host or account that is taken.
pub async fn create_tenant(tx: &PlatformTx, new: &NewTenant) -> Result<TenantId, TenancyError> {
    let fault = |why: &str| TenancyError::Row { tenant: new.slug.clone(), why: why.to_owned() };
    let host = Host::parse(&new.host).ok_or_else(|| fault("its host is no host"))?;
    let id = TenantId::generate();
    tx.execute(
        "insert into tenants (id, slug, name, legal_name, currency, timezone, locale, theme, theme_settings, support_email,
                              mail_from, postal_address, payment_account, platform_fee_bps, platform_fee_fixed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            id,
            new.slug.as_str(),
            new.name.as_str(),
            new.legal_name.as_str(),
            new.currency.as_str(),
            new.timezone.name(),
            new.locale.as_str(),
            new.theme.as_str(),
            new.theme_settings.clone(),
            new.support_email.as_str(),
            new.mail_from.as_str(),
            new.postal_address.as_str(),
            new.payment_account.clone(),
            new.platform_fee_bps,
            new.platform_fee_fixed,
        ],
    )
    .await?;
    add_domain(tx, id, &host, true).await?;
    Ok(id)
}

/// Serves a tenant under one more host.
///
/// # Errors
/// A host that is taken.
pub async fn add_domain(
    tx: &PlatformTx,
    tenant: TenantId,
    host: &Host,
    primary: bool,
) -> Result<(), TenancyError> {
    tx.execute(
        "insert into domains (host, tenant_id, is_primary, verified_at) values ($1, $2, $3, marquee_now())",
        params![host.as_str(), tenant, primary],
    )
    .await?;
    Ok(())
}

/// A tenant as staff see it in a list.
#[derive(Debug, FromQueryResult, serde::Serialize)]
pub struct Listed {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: String,
    /// The brand.
    pub name: String,
    /// `active` or `suspended`.
    pub status: String,
    /// Its first host, once proven.
    pub host: Option<String>,
}

/// Every tenant, whether or not its sites are up.
///
/// # Errors
/// As the database says.
pub async fn list(tx: &PlatformTx) -> Result<Vec<Listed>, TenancyError> {
    let tenants = tx
        .all(
            "select t.id, t.slug, t.name, t.status,
                 (select d.host from domains d where d.tenant_id = t.id and d.verified_at is not null
                  order by d.is_primary desc, d.host limit 1) as host
             from tenants t order by t.slug",
            params![],
        )
        .await?;
    Ok(tenants)
}

/// Suspends a tenant, named by slug or id, or makes it active again. Answers its id.
///
/// # Errors
/// As the database says.
pub async fn set_status(tx: &PlatformTx, name: &str, status: &str) -> Result<Option<TenantId>, TenancyError> {
    let row: Option<IdRow> = tx
        .optional(
            "update tenants set status = $2, updated_at = marquee_now() where slug = $1 or id::text = $1 returning id",
            params![name, status],
        )
        .await?;
    Ok(row.map(|row| row.id))
}

/// Somebody who is to sign in.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// Their address, as [`crate::staff::normal_email`] spells it.
    pub email: String,
    /// Their name.
    pub name: String,
    /// As [`crate::staff::hash_password`] makes it.
    pub password_hash: String,
}

/// Lets somebody sign in at a tenant's console; who is there already stays as they are.
///
/// # Errors
/// As the database says.
pub async fn add_staff(tx: &TenantTx, new: &NewStaff, role: StaffRole) -> Result<(), TenancyError> {
    tx.execute(
        "insert into staff (tenant_id, id, email, name, role, password_hash) values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, email) do nothing",
        params![StaffId::generate(), new.email.as_str(), new.name.as_str(), role, new.password_hash.as_str()],
    )
    .await?;
    Ok(())
}

/// Lets somebody sign in as platform staff; who is there already stays as they are.
///
/// # Errors
/// As the database says.
pub async fn add_platform_staff(tx: &PlatformTx, new: &NewStaff) -> Result<(), TenancyError> {
    tx.execute(
        "insert into platform_staff (id, email, name, password_hash) values ($1, $2, $3, $4) on conflict (email) do nothing",
        params![StaffId::generate(), new.email.as_str(), new.name.as_str(), new.password_hash.as_str()],
    )
    .await?;
    Ok(())
}
