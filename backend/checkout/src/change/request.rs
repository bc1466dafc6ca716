//! Changes a performance: one transaction, nothing called. What follows for its orders is the worker's.

use chrono::{DateTime, Utc};
use marquee_catalog::{NewDate, cancel_performance, move_performance};
use marquee_core::db::Tag;
use marquee_core::ids::{PerformanceChangeId, PerformanceId, TenantId};
use marquee_entity::money::ChangeKind;

use super::error::ChangeError;
use super::store::{self, NewChange};
use super::types::{Change, ChangeView};
use crate::Checkout;

const CHANGE: Tag = Tag::new("performance.change");
const LIST: Tag = Tag::new("performance.changes");
/// Longest note, in characters: it stands in a mail.
const NOTE_MAX: usize = 500;

/// Calls a performance off.
#[derive(Debug, Clone)]
pub struct Cancellation {
    /// What buyers are told about it, beside that it is cancelled.
    pub note: Option<String>,
    /// Who does so.
    pub requested_by: String,
}

/// Moves a performance to another date.
#[derive(Debug, Clone)]
pub struct Postponement {
    /// When it starts then.
    pub starts_at: DateTime<Utc>,
    /// When the doors open then; as long before the start as they did, when left out.
    pub doors_at: Option<DateTime<Utc>>,
    /// Until when buyers may return their tickets: from now on, and not after the new start.
    pub return_until: DateTime<Utc>,
    /// What buyers are told about it, beside the dates.
    pub note: Option<String>,
    /// Who does so.
    pub requested_by: String,
}

impl Checkout {
    /// Calls a performance off; every paid order is refunded by the worker. Cancelling it again answers how far that got.
    ///
    /// # Errors
    /// `NoPerformance`, `Invalid` for a note that cannot be mailed.
    pub async fn cancel_performance(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
        what: &Cancellation,
    ) -> Result<ChangeView, ChangeError> {
        let note = read_note(what.note.as_deref())?;
        let tx = self.parts.db.begin(tenant, CHANGE).await?;
        let times = cancel_performance(&tx, performance).await?;
        let change = match store::cancellation(&tx, performance).await? {
            Some(known) => known,
            None => {
                let new = NewChange {
                    id: PerformanceChangeId::generate(),
                    performance,
                    kind: ChangeKind::Cancelled,
                    before: times.starts_at,
                    after: None,
                    return_until: None,
                    note: note.as_deref(),
                    requested_by: &what.requested_by,
                };
                tracing::info!(tenant.id = %tenant, performance.id = %performance, "performance cancelled");
                store::insert(&tx, &new).await?
            }
        };
        let progress = store::progress(&tx, &change).await?;
        tx.commit().await?;
        Ok(ChangeView::new(change, progress))
    }

    /// Moves a performance to another date; every buyer is told by the worker, and keeps or returns. The same again answers how far that
    /// got.
    ///
    /// # Errors
    /// `NoPerformance`, `Cancelled`, `Invalid` for dates that cannot be and notes that cannot be mailed.
    pub async fn postpone_performance(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
        what: &Postponement,
    ) -> Result<ChangeView, ChangeError> {
        let note = read_note(what.note.as_deref())?;
        let tx = self.parts.db.begin(tenant, CHANGE).await?;
        if let Some(known) = store::latest(&tx, performance).await?.filter(|known| is_that(known, what)) {
            let progress = store::progress(&tx, &known).await?;
            tx.commit().await?;
            return Ok(ChangeView::new(known, progress));
        }
        let date = NewDate { starts_at: what.starts_at, doors_at: what.doors_at };
        let (before, after) = move_performance(&tx, performance, &date).await?;
        if what.return_until <= before.now || what.return_until > after.starts_at {
            return Err(ChangeError::field(
                "/return_until",
                "order",
                "must be in the future and not after the new start",
            ));
        }
        let new = NewChange {
            id: PerformanceChangeId::generate(),
            performance,
            kind: ChangeKind::Postponed,
            before: before.starts_at,
            after: Some(after.starts_at),
            return_until: Some(what.return_until),
            note: note.as_deref(),
            requested_by: &what.requested_by,
        };
        let change = store::insert(&tx, &new).await?;
        let progress = store::progress(&tx, &change).await?;
        tx.commit().await?;
        tracing::info!(tenant.id = %tenant, performance.id = %performance, "performance postponed");
        Ok(ChangeView::new(change, progress))
    }

    /// The changes of a performance, the oldest first.
    ///
    /// # Errors
    /// `NoPerformance`.
    pub async fn performance_changes(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
    ) -> Result<Vec<ChangeView>, ChangeError> {
        let tx = self.parts.db.begin(tenant, LIST).await?;
        if !store::has_performance(&tx, performance).await? {
            return Err(ChangeError::NoPerformance);
        }
        let mut views = Vec::new();
        for change in store::of_performance(&tx, performance).await? {
            let progress = store::progress(&tx, &change).await?;
            views.push(ChangeView::new(change, progress));
        }
        tx.commit().await?;
        Ok(views)
    }
}

/// Is this what was asked for, made before?
fn is_that(known: &Change, what: &Postponement) -> bool {
    known.starts_at_after == Some(what.starts_at) && known.return_until == Some(what.return_until)
}

/// A note that can stand in a mail.
fn read_note(text: Option<&str>) -> Result<Option<String>, ChangeError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().count() > NOTE_MAX || text.chars().any(steers) {
        return Err(ChangeError::field("/note", "invalid", "One paragraph of at most 500 characters."));
    }
    Ok(Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_paragraph() {
        assert_eq!(read_note(Some("  The lead is ill. ")).unwrap().as_deref(), Some("The lead is ill."));
        assert_eq!(read_note(Some(" ")).unwrap(), None);
        assert_eq!(read_note(None).unwrap(), None);
        assert!(read_note(Some(&"é".repeat(500))).is_ok());
        for bad in ["a\nb", "a\0b", "a\u{202e}b", "a\u{2028}b", &"x".repeat(501)] {
            assert!(matches!(read_note(Some(bad)), Err(ChangeError::Invalid(_))), "{bad:?}");
        }
    }
}
