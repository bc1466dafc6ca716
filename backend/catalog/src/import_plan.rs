use marquee_core::db::TenantTx;
use marquee_core::ids::{PlanId, VenueId};
use marquee_core::secret::sha256;

use crate::plan::{Drawing, PlanDocument, check_file, export, parse};
use crate::{WriteError, store};

/// A plan without faults, drawn and named: everything that takes time is done before a transaction is open.
#[derive(Debug, Clone)]
pub struct CheckedPlan {
    /// The plan.
    pub document: PlanDocument,
    /// SHA-256 of document and drawing, in hex: the plan's name in addresses.
    pub hash: String,
    pub(crate) exported: String,
    pub(crate) drawing: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPlan {
    /// The plan's id.
    pub id: PlanId,
    /// Its hash.
    pub hash: String,
    /// How many seats it has.
    pub seats: usize,
    /// False: the same plan was there already, and stays.
    pub is_new: bool,
}

impl CheckedPlan {
    /// Reads a file in pretix's format and checks it.
    ///
    /// # Errors
    /// `BrokenPlan` with every fault.
    pub fn read(bytes: &[u8]) -> Result<Self, WriteError> {
        let report = check_file(bytes);
        if !report.is_clean() {
            return Err(WriteError::BrokenPlan(Box::new(report)));
        }
        match parse(bytes) {
            Ok(document) => Ok(Self::of(document)),
            Err(_) => Err(WriteError::BrokenPlan(Box::new(report))),
        }
    }

    /// Names and draws a plan that has no faults.
    fn of(document: PlanDocument) -> Self {
        let exported = export(&document);
        let drawing = Drawing::of(&document).to_bytes();
        // Both count: the drawing leaves out how rows and seats are called.
        let both = [sha256(&exported), sha256(&drawing)].concat();
        let hash = data_encoding::HEXLOWER.encode(&sha256(&both));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { document, hash, exported: text(exported), drawing: text(drawing) }
    }
}

/// Imports a plan to a venue. The same plan again changes nothing and answers with what is there.
///
/// # Errors
/// `NoVenue`.
pub async fn import_plan(
    tx: &TenantTx,
    venue: VenueId,
    plan: &CheckedPlan,
) -> Result<ImportedPlan, WriteError> {
    if !store::write::venue_exists(tx, venue).await? {
        return Err(WriteError::NoVenue(venue));
    }
    let seats = plan.document.seat_count();
    let (id, is_new) = store::write::plan(tx, venue, plan, seats as i32).await?;
    Ok(ImportedPlan { id, hash: plan.hash.clone(), seats, is_new })
}

/// The document of an imported plan, from which units are made.
///
/// # Errors
/// `NoPlan`.
pub async fn plan_document(tx: &TenantTx, id: PlanId) -> Result<PlanDocument, WriteError> {
    let document = store::write::document(tx, id).await?.ok_or(WriteError::NoPlan(id))?;
    let bytes = document.as_bytes();
    parse(bytes).map_err(|_| WriteError::BrokenPlan(Box::new(check_file(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_plan_is_refused_with_every_fault() {
        for bytes in [&b"not json"[..], b"{}", b"[]", b"", b"\xff\xfe"] {
            let Err(WriteError::BrokenPlan(report)) = CheckedPlan::read(bytes) else { panic!("{bytes:?}") };
            assert!(!report.is_clean());
        }
    }
}
