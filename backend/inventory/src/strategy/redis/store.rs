//! What Redis is asked and told, one performance at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use marquee_core::ids::{HoldId, PerformanceId, TenantId, UnitId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};
use uuid::Uuid;

use super::scripts::{ASIDE_KEPT, GRANT, INSTALL, KEPT, MARK, NO_EPOCH, SYNC};

/// Redis may take this long to answer; after that it counts as away.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// A grant that is not journalled lapses after this.
const PROVISIONAL: chrono::TimeDelta = chrono::TimeDelta::seconds(2);
/// Units written aside in one command of a rebuild.
const CHUNK: usize = 1_000;

/// Why Redis did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisFault {
    /// It does not hold this epoch: it was flushed, restarted without its data, or another process began a new one.
    #[error("redis does not hold this epoch")]
    Epoch,
    /// It is away, or too slow.
    #[error("redis is out of reach: {0}")]
    Away(String),
}

impl From<RedisError> for RedisFault {
    fn from(error: RedisError) -> Self {
        if error.code() == Some(NO_EPOCH) { Self::Epoch } else { Self::Away(error.to_string()) }
    }
}

/// What Redis says of one hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grant {
    /// All its units.
    Whole { fence: i64, taken_from: Vec<HoldId> },
    /// These are not to be had; `under_way`: for those of them another grant is not journalled yet.
    Lost { units: Vec<UnitId>, under_way: Vec<UnitId> },
}

/// A unit as Redis keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Not kept at all.
    Free,
    /// Being paid for, sold or blocked.
    Gone,
    /// In a hold.
    Held { hold: HoldId, until: DateTime<Utc>, journalled: bool },
}

/// Redis, as far as holds are concerned.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) connection: ConnectionManager,
}

/// The keys of a performance; the tag in braces keeps them in one slot of a cluster.
pub(super) struct Keys {
    epoch: String,
    units: String,
    fence: String,
    pub(super) loading: String,
}

impl Keys {
    pub(super) fn of(tenant: TenantId, performance: PerformanceId) -> Self {
        let key = |name| format!("marquee:holds:{{{tenant}:{performance}}}:{name}");
        Self { epoch: key("epoch"), units: key("units"), fence: key("fence"), loading: key("loading") }
    }
}

impl Store {
    /// Connects when first needed, and again after each loss.
    pub(super) fn new(url: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        Ok(Self { connection: ConnectionManager::new_lazy_with_config(Client::open(url)?, config)? })
    }

    /// Grants holds under `epoch`, each whole or not at all.
    pub(super) async fn grant(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
        epoch: i64,
        now: DateTime<Utc>,
        judge: bool,
        holds: &[(HoldId, Vec<UnitId>)],
    ) -> Result<Vec<Grant>, RedisFault> {
        let keys = Keys::of(tenant, performance);
        let mut call = GRANT.key(&keys.epoch);
        call.key(&keys.units).key(&keys.fence);
        call.arg(epoch).arg(now.timestamp_millis()).arg((now + PROVISIONAL).timestamp_millis());
        call.arg(i32::from(judge)).arg(KEPT);
        for (hold, units) in holds {
            call.arg(hold.0.as_simple().to_string()).arg(units.len());
            for unit in units {
                call.arg(unit.0.as_simple().to_string());
            }
        }
        let (first, notes): (i64, Vec<Vec<String>>) = call.invoke_async(&mut self.connection.clone()).await?;
        read_grants(first, &notes, holds)
            .ok_or_else(|| RedisFault::Away("its answer cannot be read".to_owned()))
    }

    /// Marks holds as journalled, with the end that each has and its units.
    pub(super) async fn mark(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
        epoch: i64,
        holds: &[(HoldId, DateTime<Utc>, Vec<UnitId>)],
    ) -> Result<(), RedisFault> {
        let keys = Keys::of(tenant, performance);
        let mut call = MARK.key(&keys.epoch);
        call.key(&keys.units).arg(epoch).arg(KEPT);
        for (hold, until, units) in holds {
            call.arg(hold.0.as_simple().to_string()).arg(until.timestamp_millis()).arg(units.len());
            for unit in units {
                call.arg(unit.0.as_simple().to_string());
            }
        }
        let _: i64 = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }

    /// What Redis keeps of these units.
    pub(super) async fn look(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
        units: &[UnitId],
    ) -> Result<Vec<String>, RedisFault> {
        let mut call = redis::cmd("HMGET");
        call.arg(Keys::of(tenant, performance).units);
        for unit in units {
            call.arg(unit.0.as_simple().to_string());
        }
        let values: Vec<Option<String>> = call.query_async(&mut self.connection.clone()).await?;
        Ok(values.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Sets units to what they are, where Redis still keeps what was seen.
    pub(super) async fn sync(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
        epoch: i64,
        units: impl IntoIterator<Item = (UnitId, String, Entry)>,
    ) -> Result<(), RedisFault> {
        let keys = Keys::of(tenant, performance);
        let mut call = SYNC.key(&keys.epoch);
        call.key(&keys.units).arg(epoch).arg(KEPT);
        for (unit, seen, now) in units {
            call.arg(unit.0.as_simple().to_string()).arg(seen).arg(now.to_value());
        }
        let _: i64 = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }

    /// The epoch that Redis holds.
    pub(super) async fn epoch(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
    ) -> Result<Option<i64>, RedisFault> {
        let mut call = redis::cmd("GET");
        call.arg(Keys::of(tenant, performance).epoch);
        Ok(call.query_async(&mut self.connection.clone()).await?)
    }

    /// Replaces everything by `units`, unless Redis has a later epoch.
    pub(super) async fn install(
        &self,
        (tenant, performance): (TenantId, PerformanceId),
        epoch: i64,
        fence: i64,
        units: &[(UnitId, Entry)],
    ) -> Result<(), RedisFault> {
        let keys = Keys::of(tenant, performance);
        let aside = format!("{}:{epoch}:{}", keys.units, Uuid::new_v4().as_simple());
        let mut connection = self.connection.clone();
        for chunk in units.chunks(CHUNK) {
            let mut both = redis::pipe();
            both.cmd("HSET").arg(&aside);
            for (unit, entry) in chunk {
                both.arg(unit.0.as_simple().to_string()).arg(entry.to_value());
            }
            both.ignore().cmd("EXPIRE").arg(&aside).arg(ASIDE_KEPT).ignore();
            let () = both.query_async(&mut connection).await?;
        }
        let mut call = INSTALL.key(&keys.epoch);
        call.key(&keys.units).key(&keys.fence).key(&aside).arg(epoch).arg(fence).arg(KEPT);
        let _: i64 = call.invoke_async(&mut connection).await?;
        Ok(())
    }
}

/// The grants of a batch: the fences of those that were granted follow one another from `first` on; `notes` are in the
/// batch's order.
fn read_grants(first: i64, notes: &[Vec<String>], holds: &[(HoldId, Vec<UnitId>)]) -> Option<Vec<Grant>> {
    let (mut fences, mut notes) = (first.., notes.iter().peekable());
    let mut grants = Vec::with_capacity(holds.len());
    for (place, (_, units)) in (1..).zip(holds) {
        let of_this = |note: &&Vec<String>| note.first().and_then(|at| at.parse().ok()) == Some(place);
        let note = notes.next_if(of_this).map_or(&[][..], Vec::as_slice);
        grants.push(match note {
            [_, what, lost @ ..] if what == "lost" => lost_units(lost, units)?,
            [_, what, over @ ..] if what == "over" => {
                let over: Option<Vec<HoldId>> =
                    over.iter().map(|hold| hold.parse().ok().map(HoldId)).collect();
                Grant::Whole { fence: fences.next()?, taken_from: over? }
            }
            [] => Grant::Whole { fence: fences.next()?, taken_from: Vec::new() },
            _ => return None,
        });
    }
    notes.next().is_none().then_some(grants)
}

fn lost_units(places: &[String], of: &[UnitId]) -> Option<Grant> {
    let (mut units, mut under_way) = (Vec::with_capacity(places.len()), Vec::new());
    for place in places {
        let place: i64 = place.parse().ok()?;
        let unit = of.get(usize::try_from(place.abs()).ok()?.checked_sub(1)?)?;
        units.push(*unit);
        if place < 0 {
            under_way.push(*unit);
        }
    }
    Some(Grant::Lost { units, under_way })
}

impl Entry {
    /// As Redis keeps it.
    pub(super) fn to_value(&self) -> String {
        match self {
            Self::Free => String::new(),
            Self::Gone => "x".to_owned(),
            Self::Held { hold, until, journalled } => {
                let mark = if *journalled { "" } else { "|p" };
                format!("{}|{}{mark}", hold.0.as_simple(), until.timestamp_millis())
            }
        }
    }

    /// Reads what Redis keeps; what cannot be read counts as gone.
    pub(super) fn of_value(value: &str) -> Self {
        if value.is_empty() {
            return Self::Free;
        }
        let mut parts = value.split('|');
        let hold = parts.next().and_then(|hold| hold.parse().ok()).map(HoldId);
        let until = parts.next().and_then(|until| DateTime::from_timestamp_millis(until.parse().ok()?));
        match (hold, until) {
            (Some(hold), Some(until)) => Self::Held { hold, until, journalled: parts.next().is_none() },
            _ => Self::Gone,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_as_written() {
        let until = DateTime::from_timestamp_millis(1_764_000_000_123).unwrap();
        let held = |journalled| Entry::Held { hold: HoldId::generate(), until, journalled };
        for entry in [Entry::Free, Entry::Gone, held(true), held(false)] {
            assert_eq!(Entry::of_value(&entry.to_value()), entry);
        }
        assert_eq!(Entry::of_value("nonsense|"), Entry::Gone);
    }

    #[test]
    fn grants_are_read() {
        let units = [UnitId::generate(), UnitId::generate()];
        let (holds, before) = ([(); 4].map(|()| (HoldId::generate(), units.to_vec())), HoldId::generate());
        let note = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let lost = note(&["2", "lost", "1", "-2"]);
        let notes = [lost.clone(), note(&["4", "over", &before.0.as_simple().to_string()])];
        let whole = |fence, taken_from| Grant::Whole { fence, taken_from };
        let expected = vec![
            whole(17, Vec::new()),
            Grant::Lost { units: units.to_vec(), under_way: vec![units[1]] },
            whole(18, Vec::new()),
            whole(19, vec![before]),
        ];
        assert_eq!(read_grants(17, &notes, &holds), Some(expected));
        assert_eq!(
            read_grants(0, std::slice::from_ref(&lost), &holds[..1]),
            None,
            "a note of a hold that is not there"
        );
        for odd in [&["1"][..], &["1", "lost", "3"], &["1", "lost", "0"], &["1", "over", "x"], &["1", "odd"]]
        {
            assert_eq!(read_grants(1, &[note(odd)], &holds), None, "{odd:?}");
        }
    }
}
