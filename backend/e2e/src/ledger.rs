//! What must be true of a performance's units, holds and claims after any storm: asked of the rows by their owner, and
//! compared with what buyers were told.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::database::Database;

/// A hold as its buyer was told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Its id.
    pub hold: Uuid,
    /// Its token.
    pub token: String,
    /// Its units.
    pub units: Vec<Uuid>,
    /// Their seats; none where they stand.
    pub seats: Vec<String>,
}

impl Ack {
    /// Reads the body of a 201.
    ///
    /// # Panics
    /// When it is not what the contract says.
    pub fn read(body: &[u8]) -> Self {
        Self::of(&serde_json::from_slice(body).unwrap_or(Value::Null))
    }

    /// Reads the answer to a hold.
    ///
    /// # Panics
    /// When it is not what the contract says.
    pub fn of(body: &Value) -> Self {
        let units = body["units"].as_array().unwrap_or_else(|| panic!("no hold: {body}"));
        let id = |value: &Value| value.as_str().unwrap().parse().unwrap();
        Self {
            hold: id(&body["hold_id"]),
            token: body["token"].as_str().unwrap().to_owned(),
            units: units.iter().map(|unit| id(&unit["unit_id"])).collect(),
            seats: units.iter().filter_map(|unit| unit["seat"].as_str().map(str::to_owned)).collect(),
        }
    }
}

/// A rule: what is wrong, and the ids it is wrong of. `$1` is the performance, `$2` and `$3` are the holds and units that
/// were acknowledged, `$4` the holds of which nobody was told that they are over.
const RULES: [(&str, &str); 8] = [
    (
        "in two live claims",
        "select unit_id from claims where performance_id = $1 and closed_at is null group by unit_id having count(*) > 1",
    ),
    (
        "acknowledged without a row that names hold and unit",
        "select a.hold from unnest($2, $3) a (hold, unit)
         where not exists (select from claims c where c.hold_id = a.hold and c.unit_id = a.unit)",
    ),
    (
        "acknowledged, over, and nobody was told",
        "select a.hold from unnest($4) a (hold) left join holds h on h.id = a.hold
         where h.state is null or h.state not in ('active', 'confirming', 'completed') or h.expires_at <= marquee_now()
            or exists (select from claims c where c.hold_id = a.hold and c.closed_at is not null)",
    ),
    (
        "a hold whose claims are not closed with it",
        "select h.id from holds h join claims c on c.tenant_id = h.tenant_id and c.hold_id = h.id
         where h.performance_id = $1
           and case when h.state in ('active', 'confirming') then c.closed_at is not null
                    when h.state in ('released', 'expired') then c.closed_at is null
                    else false end",
    ),
    (
        "a hold without claims",
        "select h.id from holds h where h.performance_id = $1 and not exists (select from claims c where c.hold_id = h.id)",
    ),
    (
        "a unit that says it is of a hold which does not claim it",
        "select u.id from units u
         where u.performance_id = $1 and u.hold_id is not null and (u.state <> 'held' or u.expires_at > marquee_now())
           and not exists (select from claims c where c.unit_id = u.id and c.hold_id = u.hold_id and c.closed_at is null)",
    ),
    (
        // With `redis` the rows of units say nothing before they are paid for.
        "a claimed unit that does not say whose it is",
        "select u.id from units u
         join claims c on c.tenant_id = u.tenant_id and c.unit_id = u.id and c.closed_at is null
         join holds h on h.tenant_id = c.tenant_id and h.id = c.hold_id
         where u.performance_id = $1 and h.expires_at > marquee_now() and u.hold_id is distinct from h.id
           and not (h.strategy = 'redis' and h.state in ('active', 'confirming') and u.state = 'free')",
    ),
    (
        "claimed while another hold still had it",
        "select cy.unit_id from holds x
         join claims cx on cx.tenant_id = x.tenant_id and cx.hold_id = x.id
         join claims cy on cy.tenant_id = cx.tenant_id and cy.unit_id = cx.unit_id and cy.hold_id <> cx.hold_id
         join holds y on y.tenant_id = cy.tenant_id and y.id = cy.hold_id
         where x.performance_id = $1 and x.created_at < y.created_at
           and y.created_at < least(x.expires_at, x.closed_at) - interval '1 second'",
    ),
];

/// Everything that is wrong. `acks` were all acknowledged; those in `over` their buyers gave back, or know to be over.
///
/// # Panics
/// When the database cannot be asked.
pub async fn faults(
    database: &Database,
    performance: &str,
    acks: &[Ack],
    over: &HashSet<Uuid>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let lines: Vec<(Uuid, Uuid)> =
        acks.iter().flat_map(|ack| ack.units.iter().map(|unit| (ack.hold, *unit))).collect();
    let live: HashSet<Uuid> = acks.iter().map(|ack| ack.hold).filter(|hold| !over.contains(hold)).collect();
    let mut owners: HashMap<Uuid, Uuid> = HashMap::new();
    for (hold, unit) in lines.iter().filter(|(hold, _)| live.contains(hold)) {
        if let Some(other) = owners.insert(*unit, *hold).filter(|other| other != hold) {
            faults.push(format!("{unit}: acknowledged to {other} and to {hold}"));
        }
    }
    let texts = |ids: Vec<Uuid>| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (holds, units): (Vec<Uuid>, Vec<Uuid>) = lines.into_iter().unzip();
    let (holds, units, live) = (texts(holds), texts(units), texts(live.into_iter().collect()));
    let mut owner = database.owner().await;
    for (what, sql) in RULES {
        let sql = format!(
            "with given as (select $1::text::uuid as performance, $2::text[]::uuid[] as holds,
                                   $3::text[]::uuid[] as units, $4::text[]::uuid[] as live)
             select r.id::text from given g cross join lateral ({}) r (id)",
            sql.replace("$1", "g.performance")
                .replace("$2", "g.holds")
                .replace("$3", "g.units")
                .replace("$4", "g.live")
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(performance)
            .bind(&holds)
            .bind(&units)
            .bind(&live)
            .fetch_all(&mut owner)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        faults.extend(rows.iter().map(|row| format!("{}: {what}", row.get::<String, _>(0))));
    }
    faults
}

/// The keys of holds that are not over and of which none of `acks` tells, with how many units each has.
///
/// # Panics
/// When the database cannot be asked.
pub async fn unknown(database: &Database, performance: &str, acks: &[Ack]) -> Vec<(String, usize)> {
    let known: HashSet<String> = acks.iter().map(|ack| ack.hold.to_string()).collect();
    let sql = format!(
        "select concat_ws(' ', h.id, count(*), h.idempotency_key) from holds h
         join claims c on c.tenant_id = h.tenant_id and c.hold_id = h.id
         where h.performance_id = '{performance}' and c.closed_at is null
           and (h.state <> 'active' or h.expires_at > marquee_now()) group by h.id, h.idempotency_key"
    );
    let rows = database.texts(&sql).await;
    let parts = rows.iter().map(|row| {
        let mut parts = row.splitn(3, ' ');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    });
    parts
        .filter(|(hold, _, _)| !known.contains(*hold))
        .map(|(_, units, key)| (key.to_owned(), units.parse().unwrap()))
        .collect()
}

/// How many units of a performance are in holds that are not over.
///
/// # Panics
/// When the database cannot be asked.
pub async fn held(database: &Database, performance: &str) -> usize {
    let sql = format!(
        "select count(*) from claims c join holds h on h.tenant_id = c.tenant_id and h.id = c.hold_id
         where c.performance_id = '{performance}' and c.closed_at is null
           and (h.state <> 'active' or h.expires_at > marquee_now())"
    );
    database.number(&sql).await as usize
}
