use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::db::TenantTx;
use marquee_core::ids::PerformanceId;
use sea_orm::FromQueryResult;

use crate::validate::Faults;
use crate::{WriteError, store};

/// No performance is planned further ahead.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(3_650);

/// When a performance takes place, with its row locked by whoever read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Times {
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When the doors open.
    pub doors_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// First moment of sale.
    pub on_sale_from: DateTime<Utc>,
    /// First moment after it.
    pub on_sale_until: DateTime<Utc>,
    /// Does it not take place?
    pub cancelled: bool,
    /// The database's clock.
    pub now: DateTime<Utc>,
}

/// Another date for a performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewDate {
    /// When it starts then.
    pub starts_at: DateTime<Utc>,
    /// When the doors open then; as long before the start as they did, when left out.
    pub doors_at: Option<DateTime<Utc>>,
}

/// Calls a performance off: from the commit on no order is placed or paid for it, and within a second nothing of it is held on
/// any instance. Answers its times; one that was called off before stays as it is.
///
/// # Errors
/// `NoPerformance`.
pub async fn cancel_performance(tx: &TenantTx, id: PerformanceId) -> Result<Times, WriteError> {
    // The lock waits for orders being placed: who places one later sees that it is called off.
    let times = store::write::lock_times(tx, id).await?.ok_or(WriteError::NoPerformance(id))?;
    if !times.cancelled {
        store::write::cancel(tx, id).await?;
    }
    Ok(times)
}

/// Moves a performance to another date; its end, the end of its sale and the opening times of its gates move with it. Answers its
/// times before and after. Every instance follows within a second of the commit.
///
/// # Errors
/// `NoPerformance`, `Cancelled`, `Invalid`.
pub async fn move_performance(
    tx: &TenantTx,
    id: PerformanceId,
    date: &NewDate,
) -> Result<(Times, Times), WriteError> {
    let before = store::write::lock_times(tx, id).await?.ok_or(WriteError::NoPerformance(id))?;
    let after = moved(&before, date)?;
    if before.cancelled {
        return Err(WriteError::Cancelled);
    }
    store::write::move_times(tx, id, &after, after.starts_at - before.starts_at).await?;
    Ok((before, after))
}

fn moved(before: &Times, date: &NewDate) -> Result<Times, WriteError> {
    let mut faults = Faults::default();
    let near = date.starts_at < before.now + LONGEST_WAIT && date.starts_at > before.now - LONGEST_WAIT;
    faults.check(near, "starts_at", "out_of_range", "is further off than any performance is planned");
    faults.finish()?;
    let by = date.starts_at - before.starts_at;
    let doors_at = date.doors_at.unwrap_or(before.doors_at + by);
    let on_sale_until = before.on_sale_until + by;
    let mut faults = Faults::default();
    faults.check(date.starts_at > before.now, "starts_at", "order", "must be in the future");
    faults.check(by != TimeDelta::zero(), "starts_at", "unchanged", "is the date it has already");
    faults.check(doors_at <= date.starts_at, "doors_at", "order", "must not be after the start");
    let sells = before.on_sale_from < on_sale_until;
    faults.check(sells, "starts_at", "order", "the sale would end before it begins");
    faults.finish()?;
    Ok(Times { starts_at: date.starts_at, doors_at, ends_at: before.ends_at + by, on_sale_until, ..*before })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn times() -> Times {
        Times {
            starts_at: at(100),
            doors_at: at(99),
            ends_at: at(103),
            on_sale_from: at(0),
            on_sale_until: at(100),
            cancelled: false,
            now: at(50),
        }
    }

    #[test]
    fn all_that_hangs_on_the_date_moves_with_it() {
        let after = moved(&times(), &NewDate { starts_at: at(200), doors_at: None }).unwrap();
        assert_eq!((after.doors_at, after.ends_at, after.on_sale_until), (at(199), at(203), at(200)));
        assert_eq!(after.on_sale_from, at(0));
        let after = moved(&times(), &NewDate { starts_at: at(200), doors_at: Some(at(198)) }).unwrap();
        assert_eq!(after.doors_at, at(198));
    }

    #[test]
    fn a_date_that_cannot_be_is_refused() {
        for (starts_at, doors_at) in
            [(at(100), None), (at(49), None), (at(200), Some(at(201))), (DateTime::UNIX_EPOCH, None)]
        {
            let refused = moved(&times(), &NewDate { starts_at, doors_at });
            assert!(matches!(refused, Err(WriteError::Invalid(_))), "{starts_at}: {refused:?}");
        }
    }

    #[test]
    fn a_date_far_off_overflows_nothing() {
        let far = DateTime::<Utc>::MAX_UTC;
        let refused = moved(&times(), &NewDate { starts_at: far, doors_at: None });
        assert!(matches!(refused, Err(WriteError::Invalid(_))), "{refused:?}");
    }
}
