use chrono::{DateTime, Utc};
use marquee_core::db::TenantTx;
use marquee_core::ids::PerformanceId;

use crate::show_performance::Settings;
use crate::strategy::serves;
use crate::validate::Faults;
use crate::{HOLD_SECONDS, Strategy, WriteError, store};

/// What is to be set; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerformanceChanges {
    /// How long new holds live, 1 to 86,400 seconds. Those that exist keep their time.
    pub hold_seconds: Option<i32>,
    /// How units are claimed.
    pub strategy: Option<Strategy>,
    /// First moment of sale, before its end.
    pub on_sale_from: Option<DateTime<Utc>>,
}

/// Changes a performance's settings; answers what is in force then. Every instance follows within a second of
/// the commit.
///
/// # Errors
/// `NoPerformance`, `Invalid`, `Strategy`, and `LiveHolds` where the strategy would change under them.
pub async fn set_performance(
    tx: &TenantTx,
    id: PerformanceId,
    changes: &PerformanceChanges,
) -> Result<Settings, WriteError> {
    // Locked against other changes of the settings; claims do not lock it.
    let now = store::write::lock_settings(tx, id).await?.ok_or(WriteError::NoPerformance(id))?;
    let wanted = wanted(&now, changes)?;
    if wanted.strategy != now.strategy {
        make_room(tx, id, now.strategy).await?;
    }
    if wanted != now {
        store::write::settings(tx, &wanted).await?;
    }
    Ok(wanted)
}

/// Nobody's hold is left under the strategy that is in force.
///
/// No hold of Redis begins between the look at the live ones and the commit: only claims tell of it, and a claim that another
/// strategy does not see stands in its way. A hold of the other strategies may still be committed just after; it has the
/// unit's row, which all strategies judge by.
async fn make_room(tx: &TenantTx, id: PerformanceId, now: Strategy) -> Result<(), WriteError> {
    if now == Strategy::Redis {
        store::write::lock_journal(tx, id).await?;
    }
    if store::write::has_live_holds(tx, id).await? {
        return Err(WriteError::LiveHolds);
    }
    Ok(store::write::close_lapsed_holds(tx, id).await?)
}

fn wanted(now: &Settings, changes: &PerformanceChanges) -> Result<Settings, WriteError> {
    let mut wanted = now.clone();
    wanted.hold_seconds = changes.hold_seconds.unwrap_or(now.hold_seconds);
    wanted.strategy = changes.strategy.unwrap_or(now.strategy);
    wanted.on_sale.from = changes.on_sale_from.unwrap_or(now.on_sale.from);
    let mut faults = Faults::default();
    faults.range("hold_seconds", wanted.hold_seconds, HOLD_SECONDS);
    let in_order = wanted.on_sale.from < wanted.on_sale.until;
    faults.check(in_order, "on_sale_from", "order", "must be before the sale's end");
    faults.finish()?;
    if changes.strategy.is_some() {
        serves(wanted.strategy, wanted.reserved)?;
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show_performance::SaleWindow;

    fn settings() -> Settings {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Settings {
            id: PerformanceId::generate(),
            event: "The Cherry Orchard".to_owned(),
            starts_at: at,
            reserved: true,
            strategy: Strategy::Ttl,
            hold_seconds: 600,
            on_sale: SaleWindow { from: at, until: at + chrono::TimeDelta::hours(1) },
            limit_per_order: 10,
            limit_per_buyer: 20,
        }
    }

    #[test]
    fn what_is_left_out_stays() {
        let now = settings();
        assert_eq!(wanted(&now, &PerformanceChanges::default()).unwrap(), now);
        let changes = PerformanceChanges { hold_seconds: Some(1), ..PerformanceChanges::default() };
        assert_eq!(wanted(&now, &changes).unwrap(), Settings { hold_seconds: 1, ..now });
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let now = settings();
        for seconds in [0, -5, 86_401] {
            let changes = PerformanceChanges { hold_seconds: Some(seconds), ..PerformanceChanges::default() };
            assert!(matches!(wanted(&now, &changes), Err(WriteError::Invalid(_))), "{seconds}");
        }
        let changes =
            PerformanceChanges { on_sale_from: Some(now.on_sale.until), ..PerformanceChanges::default() };
        assert!(matches!(wanted(&now, &changes), Err(WriteError::Invalid(_))));
        let changes =
            PerformanceChanges { strategy: Some(Strategy::SkipLocked), ..PerformanceChanges::default() };
        assert!(matches!(wanted(&now, &changes), Err(WriteError::Strategy(_))));
    }
}
