//! Every query of this crate.

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{
    HoldId, OrderId, OrderLineId, PerformanceId, PriceLevelId, TenantId, TicketTypeId, UnitId,
};
use marquee_core::money::{Currency, Price};
use marquee_core::params;
use marquee_entity::inventory::HoldState;
use marquee_entity::orders::OrderStatus;
use marquee_entity::tenancy::ChargeModel;
use marquee_inventory::HeldUnit;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::buyer::Buyer;
use crate::types::{HoldView, Line, Order};

const FIND: Tag = Tag::background("checkout.find");

const ORDER: &str =
    "o.id, o.number, o.hold_id, o.performance_id, o.status, o.buyer_email, o.buyer_name, o.locale,
    o.currency, o.total, o.provider, o.charge_model, o.account, o.application_fee, o.expires_at, o.created_at, o.paid_at";

/// An order about to be written.
pub(crate) struct NewOrder<'a> {
    pub(crate) id: OrderId,
    pub(crate) number: &'a str,
    pub(crate) hold: HoldId,
    pub(crate) performance: PerformanceId,
    pub(crate) buyer: &'a Buyer,
    pub(crate) currency: &'a Currency,
    /// Face, fees, tax, in minor units.
    pub(crate) parts: [i64; 3],
    pub(crate) total: i64,
    pub(crate) provider: &'a str,
    pub(crate) charge_model: ChargeModel,
    pub(crate) account: Option<&'a str>,
    pub(crate) application_fee: i64,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct LineRow {
    id: OrderLineId,
    unit_id: UnitId,
    label: String,
    price_level_id: PriceLevelId,
    price_level: String,
    ticket_type_id: TicketTypeId,
    ticket_type: String,
    face: i64,
    fees: i64,
    tax: i64,
}

#[derive(FromQueryResult)]
struct HoldRow {
    state: HoldState,
    expired: bool,
    expires_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Count {
    n: i64,
}

/// What placing an order needs to know, once its hold is locked.
#[derive(FromQueryResult)]
pub(crate) struct Terms {
    pub(crate) limit_per_buyer: i32,
    /// Is the performance cancelled?
    pub(crate) cancelled: bool,
    /// The live order of the hold.
    pub(crate) live: Option<OrderId>,
}

/// What paying an order needs to know beside it.
pub(crate) struct Setting {
    pub(crate) hold: HoldView,
    /// Is the performance cancelled?
    pub(crate) cancelled: bool,
    pub(crate) brand: String,
    /// Of the tenant's site.
    pub(crate) host: String,
}

#[derive(FromQueryResult)]
struct SettingRow {
    state: HoldState,
    expired: bool,
    expires_at: DateTime<Utc>,
    cancelled: bool,
    brand: String,
    host: Option<String>,
}

/// Something to do for a tenant's hold or order, found across tenants.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(crate) struct HoldToClose {
    pub(crate) tenant_id: TenantId,
    pub(crate) hold_id: HoldId,
}

/// The order, locked until the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: OrderId) -> Result<Option<Order>, DbError> {
    let sql = format!("select {ORDER} from orders o where o.tenant_id = $1 and o.id = $2 for update");
    tx.optional(&sql, params![id]).await
}

/// The order as it stands.
pub(crate) async fn read(tx: &TenantTx, id: OrderId) -> Result<Option<Order>, DbError> {
    let sql = format!("select {ORDER} from orders o where o.tenant_id = $1 and o.id = $2");
    tx.optional(&sql, params![id]).await
}

/// The live order of a hold, locked.
pub(crate) async fn lock_live_of_hold(tx: &TenantTx, hold: HoldId) -> Result<Option<Order>, DbError> {
    let sql = format!(
        "select {ORDER} from orders o
         where o.tenant_id = $1 and o.hold_id = $2 and o.status not in ('cancelled', 'expired', 'refunded') for update"
    );
    tx.optional(&sql, params![hold]).await
}

/// The terms of a performance now in force, and which order is live on a hold.
pub(crate) async fn terms(tx: &TenantTx, performance: PerformanceId, hold: HoldId) -> Result<Terms, DbError> {
    tx.one(
        "select p.limit_per_buyer, p.cancelled_at is not null as cancelled,
             (select o.id from orders o
               where o.tenant_id = $1 and o.hold_id = $3 and o.status not in ('cancelled', 'expired', 'refunded')) as live
         from performances p where p.tenant_id = $1 and p.id = $2",
        params![performance, hold],
    )
    .await
}

/// What paying an order needs to know beside it.
pub(crate) async fn setting(tx: &TenantTx, order: &Order) -> Result<Option<Setting>, DbError> {
    let row: Option<SettingRow> = tx
        .optional(
            "select h.state, h.expires_at, h.expires_at <= marquee_now() as expired, p.cancelled_at is not null as cancelled,
                 t.name as brand, (select d.host from domains d where d.tenant_id = $1 and d.verified_at is not null
                     order by d.is_primary desc, d.host limit 1) as host
             from holds h
             join performances p on p.tenant_id = $1 and p.id = $3
             join tenants t on t.id = $1
             where h.tenant_id = $1 and h.id = $2",
            params![order.hold_id, order.performance_id],
        )
        .await?;
    Ok(row.map(|row| Setting {
        hold: HoldView { state: row.state, expired: row.expired, expires_at: row.expires_at },
        cancelled: row.cancelled,
        brand: row.brand,
        host: row.host.unwrap_or_default(),
    }))
}

/// The hold of an order, without its units.
pub(crate) async fn hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldView>, DbError> {
    let row: Option<HoldRow> = tx
        .optional(
            "select state, expires_at, expires_at <= marquee_now() as expired from holds
             where tenant_id = $1 and id = $2",
            params![id],
        )
        .await?;
    Ok(row.map(|row| HoldView { state: row.state, expired: row.expired, expires_at: row.expires_at }))
}

/// Writes an order and its lines, and answers these. `None`: its number is another order's.
pub(crate) async fn insert(
    tx: &TenantTx,
    order: &NewOrder<'_>,
    units: &[HeldUnit],
) -> Result<Option<Vec<Line>>, DbError> {
    let [face, fees, tax] = order.parts;
    let lines: Vec<Line> = units.iter().map(Line::new).collect();
    let ids = |pick: fn(&Line) -> Uuid| lines.iter().map(pick).collect::<Vec<_>>();
    let texts = |pick: fn(&Line) -> &str| lines.iter().map(|line| pick(line).to_owned()).collect::<Vec<_>>();
    let amounts = |pick: fn(&Price) -> i64| lines.iter().map(|line| pick(&line.price)).collect::<Vec<_>>();
    let values = params![
        order.id,
        order.number,
        order.hold,
        order.performance,
        order.buyer.email.as_str(),
        order.buyer.key.as_str(),
        order.buyer.name.as_str(),
        order.buyer.locale.as_str(),
        order.currency.as_str(),
        face,
        fees,
        tax,
        order.total,
        order.provider,
        order.charge_model,
        order.account,
        order.application_fee,
        order.expires_at,
        ids(|line| line.line_id.0),
        ids(|line| line.unit_id.0),
        ids(|line| line.price_level.0),
        ids(|line| line.ticket_type.0),
        texts(|line| &line.label),
        texts(|line| &line.price_level_name),
        texts(|line| &line.ticket_type_name),
        amounts(|price| price.face),
        amounts(|price| price.fees),
        amounts(|price| price.tax),
    ];
    let written = tx
        .execute(
            "with written as (
                 insert into orders as o (tenant_id, id, number, hold_id, performance_id, buyer_email, buyer_key, buyer_name,
                     locale, currency, face, fees, tax, total, provider, charge_model, account, application_fee, expires_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
                 on conflict (tenant_id, number) do nothing
                 returning o.id
             )
             insert into order_lines as l (tenant_id, id, order_id, unit_id, price_level_id, ticket_type_id, label,
                 price_level, ticket_type, place, face, fees, tax)
             select $1, r.id, w.id, r.unit, r.level, r.kind, r.label, r.level_name, r.kind_name, r.place, r.face, r.fees, r.tax
             from written w
             cross join unnest($20::uuid[], $21::uuid[], $22::uuid[], $23::uuid[], $24::text[], $25::text[], $26::text[],
                 $27::bigint[], $28::bigint[], $29::bigint[])
                 with ordinality as r (id, unit, level, kind, label, level_name, kind_name, face, fees, tax, place)",
            values,
        )
        .await?;
    Ok((written > 0).then_some(lines))
}

/// The lines of an order, in the order they were asked for.
pub(crate) async fn lines(tx: &TenantTx, order: OrderId, currency: &Currency) -> Result<Vec<Line>, DbError> {
    let rows: Vec<LineRow> = tx
        .all(
            "select id, unit_id, label, price_level_id, price_level, ticket_type_id, ticket_type, face, fees, tax
             from order_lines where tenant_id = $1 and order_id = $2 order by place",
            params![order],
        )
        .await?;
    let line = |row: LineRow| Line {
        line_id: row.id,
        unit_id: row.unit_id,
        label: row.label,
        price_level: row.price_level_id,
        price_level_name: row.price_level,
        ticket_type: row.ticket_type_id,
        ticket_type_name: row.ticket_type,
        price: Price {
            total: row.face + row.fees + row.tax,
            face: row.face,
            fees: row.fees,
            tax: row.tax,
            currency: currency.clone(),
        },
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Makes the orders of one buyer of a performance queue up here until the transaction ends.
pub(crate) async fn lock_buyer(
    tx: &TenantTx,
    performance: PerformanceId,
    buyer: &Buyer,
) -> Result<(), DbError> {
    tx.execute(
        "insert into buyers as b (tenant_id, performance_id, key) values ($1, $2, $3)
         on conflict (tenant_id, performance_id, key) do update set last_order_at = marquee_now()",
        params![performance, buyer.key.as_str()],
    )
    .await
    .map(drop)
}

/// Units of a performance in a buyer's orders that are paid or can still be paid.
pub(crate) async fn units_of_buyer(
    tx: &TenantTx,
    performance: PerformanceId,
    buyer: &Buyer,
) -> Result<i64, DbError> {
    let count: Count = tx
        .one(
            "select count(*) as n
             from orders o
             join order_lines l on l.tenant_id = $1 and l.order_id = o.id
             join holds h on h.tenant_id = $1 and h.id = o.hold_id
             where o.tenant_id = $1 and o.performance_id = $2 and o.buyer_key = $3
               and o.status not in ('cancelled', 'expired', 'refunded')
               and (o.status <> 'pending' or (h.state = 'active' and h.expires_at > marquee_now()))",
            params![performance, buyer.key.as_str()],
        )
        .await?;
    Ok(count.n)
}

/// Moves an order on. `false`: its status does not allow it. When it was first paid, or closed, stays when a refund that
/// fails leads back there.
pub(crate) async fn move_to(tx: &TenantTx, id: OrderId, next: OrderStatus) -> Result<bool, DbError> {
    let sources: Vec<String> = OrderStatus::ALL
        .iter()
        .filter(|status| status.transition(next).is_some())
        .map(|status| status.as_str().to_owned())
        .collect();
    let rows = tx
        .execute(
            "update orders set status = $3,
                 paid_at = case when $3 = 'paid' then coalesce(paid_at, marquee_now()) else paid_at end,
                 closed_at = case when $3 in ('cancelled', 'expired') then coalesce(closed_at, marquee_now())
                                  else closed_at end
             where tenant_id = $1 and id = $2 and status = any($4)",
            params![id, next, sources],
        )
        .await?;
    Ok(rows == 1)
}

/// Holds that nobody pays for and whose time is over.
pub(crate) async fn expired_holds(db: &Db, limit: i64) -> Result<Vec<HoldToClose>, DbError> {
    let tx = db.begin_platform(FIND).await?;
    let found = tx
        .all(
            "select tenant_id, id as hold_id from holds where state = 'active' and expires_at <= marquee_now()
             order by expires_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(found)
}

/// Unpaid orders whose hold was given back, or taken over after its time.
pub(crate) async fn stranded_orders(db: &Db, limit: i64) -> Result<Vec<HoldToClose>, DbError> {
    let tx = db.begin_platform(FIND).await?;
    let found = tx
        .all(
            "select o.tenant_id, o.hold_id from orders o join holds h on h.tenant_id = o.tenant_id and h.id = o.hold_id
             where o.status = 'pending' and h.state in ('released', 'expired') order by o.created_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(found)
}
