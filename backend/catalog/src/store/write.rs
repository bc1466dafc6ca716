//! Writing the catalog.

use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{EventId, GateId, PerformanceId, PlanId, PriceLevelId, TicketTypeId, VenueId};
use marquee_core::money::Currency;
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde_json::json;
use uuid::Uuid;

use crate::change_date::Times;
use crate::create_performance::PlanCategory;
use crate::show_performance::{SaleWindow, Settings};
use crate::{
    CheckedPlan, NewEvent, NewGate, NewPerformance, NewPriceLevel, NewTicketType, NewVenue, Strategy,
};

#[derive(Debug, FromQueryResult)]
struct YesRow {
    yes: bool,
}

#[derive(Debug, FromQueryResult)]
struct PlanRow {
    id: PlanId,
}

#[derive(Debug, FromQueryResult)]
struct DocumentRow {
    document: String,
}

#[derive(Debug, FromQueryResult)]
struct CategoryRow {
    name: String,
    used: bool,
}

#[derive(Debug, FromQueryResult)]
struct SettingsRow {
    id: PerformanceId,
    event: String,
    starts_at: DateTime<Utc>,
    reserved: bool,
    strategy: Strategy,
    hold_seconds: i32,
    on_sale_from: DateTime<Utc>,
    on_sale_until: DateTime<Utc>,
    limit_per_order: i32,
    limit_per_buyer: i32,
}

async fn asks(tx: &TenantTx, sql: &str, id: impl Into<sea_orm::Value>) -> Result<bool, DbError> {
    Ok(tx.one::<YesRow>(sql, vec![id.into()]).await?.yes)
}

pub(crate) async fn venue_exists(tx: &TenantTx, id: VenueId) -> Result<bool, DbError> {
    asks(tx, "select exists (select 1 from venues where tenant_id = $1 and id = $2) as yes", id).await
}

pub(crate) async fn event_exists(tx: &TenantTx, id: EventId) -> Result<bool, DbError> {
    asks(tx, "select exists (select 1 from events where tenant_id = $1 and id = $2) as yes", id).await
}

/// Does anybody hold units of the performance right now, or pay for them?
pub(crate) async fn has_live_holds(tx: &TenantTx, id: PerformanceId) -> Result<bool, DbError> {
    let sql = "select exists (select 1 from holds where tenant_id = $1 and performance_id = $2
                 and (state = 'confirming' or state = 'active' and expires_at > marquee_now())) as yes";
    asks(tx, sql, id).await
}

/// Waits for the holds of Redis that are being journalled, and lets no more be until this transaction ends: they are
/// journalled under a shared lock on this row. Claims of the other strategies lock the units' rows themselves, so that no row
/// which all buyers share need be locked by them.
pub(crate) async fn lock_journal(tx: &TenantTx, id: PerformanceId) -> Result<(), DbError> {
    tx.execute(
        "insert into hold_epochs as e (tenant_id, performance_id, epoch) values ($1, $2, 0)
         on conflict (tenant_id, performance_id) do update set epoch = e.epoch",
        params![id],
    )
    .await
    .map(drop)
}

/// Closes the holds of a performance whose time has run out. Those of Redis have free units: another strategy would take one
/// without closing the hold, whose live claim then forbids it. Units that a claim has locked are left to it.
pub(crate) async fn close_lapsed_holds(tx: &TenantTx, id: PerformanceId) -> Result<(), DbError> {
    tx.execute(
        "with due as materialized (
             select h.id from holds h
             where h.tenant_id = $1 and h.performance_id = $2 and h.state = 'active' and h.expires_at <= marquee_now()
             order by h.id for update of h
         ), closed as (
             update holds h set state = 'expired', closed_at = marquee_now()
             from due where h.tenant_id = $1 and h.id = due.id returning h.id
         ), closed_claims as (
             update claims c set closed_at = marquee_now()
             from closed where c.tenant_id = $1 and c.hold_id = closed.id and c.closed_at is null
             returning c.unit_id, c.hold_id
         ), left_over as materialized (
             select u.id from closed_claims c join units u on u.tenant_id = $1 and u.id = c.unit_id
             where u.hold_id = c.hold_id and u.state = 'held'
             for update of u skip locked
         )
         update units u set state = 'free', hold_id = null, expires_at = null
         from left_over l where u.tenant_id = $1 and u.id = l.id",
        params![id],
    )
    .await
    .map(drop)
}

pub(crate) async fn venue(tx: &TenantTx, id: VenueId, venue: &NewVenue) -> Result<(), DbError> {
    let NewVenue { name, address, city } = venue;
    tx.execute(
        "insert into venues (tenant_id, id, name, address, city) values ($1, $2, $3, $4, $5)",
        params![id, name, address, city],
    )
    .await
    .map(drop)
}

/// False: the slug is taken.
pub(crate) async fn event(tx: &TenantTx, id: EventId, event: &NewEvent) -> Result<bool, DbError> {
    let NewEvent { slug, title, subtitle, summary, description, category, .. } = event;
    let facts = event.facts.clone();
    let (credits, poster) = (json!(event.credits), json!(event.poster));
    let written = tx
        .execute(
            "insert into events (tenant_id, id, slug, title, subtitle, summary, description, category, facts,
                                 credits, poster)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict (tenant_id, slug) do nothing",
            params![id, slug, title, subtitle, summary, description, category, facts, credits, poster],
        )
        .await?;
    Ok(written == 1)
}

/// False: there is no such event.
pub(crate) async fn publish(tx: &TenantTx, id: EventId) -> Result<bool, DbError> {
    let found = tx
        .execute(
            "update events set published_at = coalesce(published_at, marquee_now()), updated_at = marquee_now()
             where tenant_id = $1 and id = $2",
            params![id],
        )
        .await?;
    Ok(found == 1)
}

/// The plan's id, and whether it is new.
pub(crate) async fn plan(
    tx: &TenantTx,
    venue: VenueId,
    plan: &CheckedPlan,
    seats: i32,
) -> Result<(PlanId, bool), DbError> {
    let CheckedPlan { document, hash, exported, drawing } = plan;
    let written = tx
        .execute(
            "insert into seating_plans (tenant_id, id, venue_id, name, hash, document, drawing, seats)
             values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8)
             on conflict (tenant_id, hash) do nothing",
            params![PlanId::generate(), venue, &document.name, hash, exported, drawing, seats],
        )
        .await?;
    let row: PlanRow =
        tx.one("select id from seating_plans where tenant_id = $1 and hash = $2", params![hash]).await?;
    Ok((row.id, written == 1))
}

pub(crate) async fn document(tx: &TenantTx, id: PlanId) -> Result<Option<String>, DbError> {
    let sql = "select document::text as document from seating_plans where tenant_id = $1 and id = $2";
    let row: Option<DocumentRow> = tx.optional(sql, params![id]).await?;
    Ok(row.map(|row| row.document))
}

/// The categories of a plan; none where there is no such plan, for a plan without seats is not imported.
pub(crate) async fn plan_categories(tx: &TenantTx, id: PlanId) -> Result<Vec<PlanCategory>, DbError> {
    let rows: Vec<CategoryRow> = tx
        .all(
            "select c.name, bool_or(c.used) as used from (
                 select jsonb_path_query(document, '$.categories[*].name') #>> '{}' as name, false as used
                 from seating_plans where tenant_id = $1 and id = $2
                 union all
                 select jsonb_path_query(document, '$.zones[*].rows[*].seats[*].category') #>> '{}', true
                 from seating_plans where tenant_id = $1 and id = $2) c
             group by c.name order by c.name",
            params![id],
        )
        .await?;
    Ok(rows.into_iter().map(|row| PlanCategory { name: row.name, used: row.used }).collect())
}

pub(crate) async fn performance(
    tx: &TenantTx,
    id: PerformanceId,
    new: &NewPerformance,
    strategy: Strategy,
) -> Result<(), DbError> {
    tx.execute(
        "insert into performances (tenant_id, id, event_id, venue_id, plan_id, starts_at, doors_at, ends_at,
             on_sale_from, on_sale_until, currency, strategy, hold_seconds, limit_per_order, limit_per_buyer)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            id,
            new.event,
            new.venue,
            new.plan.map(|plan| plan.0),
            new.starts_at,
            new.doors_at,
            new.ends_at,
            new.on_sale_from,
            new.on_sale_until,
            new.currency.clone(),
            strategy,
            new.hold_seconds,
            new.limit_per_order,
            new.limit_per_buyer,
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn price_level(
    tx: &TenantTx,
    (performance, id): (PerformanceId, PriceLevelId),
    position: i32,
    level: &NewPriceLevel,
) -> Result<(), DbError> {
    tx.execute(
        "insert into price_levels (tenant_id, id, performance_id, name, color, categories, position)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![id, performance, &level.name, &level.color, level.categories.clone(), position],
    )
    .await
    .map(drop)
}

pub(crate) async fn ticket_type(
    tx: &TenantTx,
    (performance, level, id): (PerformanceId, PriceLevelId, TicketTypeId),
    position: i32,
    new: &NewTicketType,
    currency: &Currency,
) -> Result<(), DbError> {
    let NewTicketType { name, face, fees, tax } = new;
    tx.execute(
        "insert into ticket_types (tenant_id, id, performance_id, price_level_id, name, face, fees, tax,
                                   currency, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![id, performance, level, name, *face, *fees, *tax, currency.clone(), position],
    )
    .await
    .map(drop)
}

pub(crate) async fn gate(
    tx: &TenantTx,
    (performance, id): (PerformanceId, GateId),
    position: i32,
    new: &NewGate,
    levels: Option<Vec<PriceLevelId>>,
) -> Result<(), DbError> {
    let levels: Option<Vec<Uuid>> = levels.map(|levels| levels.into_iter().map(|level| level.0).collect());
    tx.execute(
        "insert into gates (tenant_id, id, performance_id, name, opens_at, price_level_ids, position)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![id, performance, &new.name, new.opens_at, levels, position],
    )
    .await
    .map(drop)
}

/// The settings, with the performance's row locked until the transaction ends.
pub(crate) async fn lock_settings(tx: &TenantTx, id: PerformanceId) -> Result<Option<Settings>, DbError> {
    // Locked by a statement of its own: one that waited must read what it waited for.
    tx.execute("select 1 from performances where tenant_id = $1 and id = $2 for update", params![id]).await?;
    show_settings(tx, id).await
}

pub(crate) async fn show_settings(tx: &TenantTx, id: PerformanceId) -> Result<Option<Settings>, DbError> {
    let row: Option<SettingsRow> = tx
        .optional(
            "select p.id, e.title as event, p.starts_at, p.plan_id is not null as reserved, p.strategy,
                    p.hold_seconds, p.on_sale_from, p.on_sale_until, p.limit_per_order, p.limit_per_buyer
             from performances p join events e on e.tenant_id = $1 and e.id = p.event_id
             where p.tenant_id = $1 and p.id = $2",
            params![id],
        )
        .await?;
    Ok(row.map(|row| Settings {
        id: row.id,
        event: row.event,
        starts_at: row.starts_at,
        reserved: row.reserved,
        strategy: row.strategy,
        hold_seconds: row.hold_seconds,
        on_sale: SaleWindow { from: row.on_sale_from, until: row.on_sale_until },
        limit_per_order: row.limit_per_order,
        limit_per_buyer: row.limit_per_buyer,
    }))
}

pub(crate) async fn settings(tx: &TenantTx, settings: &Settings) -> Result<(), DbError> {
    tx.execute(
        "update performances set strategy = $3, hold_seconds = $4, on_sale_from = $5, updated_at = marquee_now()
         where tenant_id = $1 and id = $2",
        params![settings.id, settings.strategy, settings.hold_seconds, settings.on_sale.from],
    )
    .await
    .map(drop)
}

/// The times, with the performance's row locked until the transaction ends.
pub(crate) async fn lock_times(tx: &TenantTx, id: PerformanceId) -> Result<Option<Times>, DbError> {
    tx.execute("select 1 from performances where tenant_id = $1 and id = $2 for update", params![id]).await?;
    tx.optional(
        "select starts_at, doors_at, ends_at, on_sale_from, on_sale_until, cancelled_at is not null as cancelled,
             marquee_now() as now
         from performances where tenant_id = $1 and id = $2",
        params![id],
    )
    .await
}

pub(crate) async fn cancel(tx: &TenantTx, id: PerformanceId) -> Result<(), DbError> {
    tx.execute(
        "update performances set cancelled_at = marquee_now(), updated_at = marquee_now()
         where tenant_id = $1 and id = $2 and cancelled_at is null",
        params![id],
    )
    .await
    .map(drop)
}

/// Writes new times; gates with an opening time of their own open so much later or earlier.
pub(crate) async fn move_times(
    tx: &TenantTx,
    id: PerformanceId,
    to: &Times,
    by: TimeDelta,
) -> Result<(), DbError> {
    tx.execute(
        "update performances set starts_at = $3, doors_at = $4, ends_at = $5, on_sale_until = $6, updated_at = marquee_now()
         where tenant_id = $1 and id = $2",
        params![id, to.starts_at, to.doors_at, to.ends_at, to.on_sale_until],
    )
    .await?;
    tx.execute(
        "update gates set opens_at = opens_at + make_interval(secs => $3) where tenant_id = $1 and performance_id = $2",
        params![id, by.as_seconds_f64()],
    )
    .await
    .map(drop)
}
