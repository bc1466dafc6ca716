use marquee_core::db::TenantTx;
use marquee_core::ids::{PlanId, VenueId};
use marquee_core::secret::sha256;

use crate::plan::{Drawing, PlanDocument, SeatCount, bowl, check, check_file, export, parse};
use crate::{WriteError, store};

/// Generated plans up to so many seats are stored whole. Larger ones would exceed what a `jsonb` value may hold: of
/// those their number of seats is stored, from which the same plan is made again.
const MOST_WRITTEN_OUT: u32 = 150_000;
/// The field that says of how many seats a plan is to be made.
const GENERATED: &str = "generated";

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

    /// The plan of an arena with so many seats.
    ///
    /// # Errors
    /// `BrokenPlan`, if one of that size had a fault.
    pub fn generated(seats: SeatCount) -> Result<Self, WriteError> {
        let document = bowl(seats);
        if seats.get() <= MOST_WRITTEN_OUT {
            let report = check(&document);
            if !report.is_clean() {
                return Err(WriteError::BrokenPlan(Box::new(report)));
            }
            return Ok(Self::of(document));
        }
        let head = PlanDocument { zones: Vec::new(), ..document.clone() };
        let mut recipe: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&export(&head)).unwrap_or_default();
        recipe.insert(GENERATED.to_owned(), seats.get().into());
        Ok(Self::written(document, serde_json::Value::Object(recipe).to_string().into_bytes()))
    }

    /// Names and draws a plan that has no faults.
    fn of(document: PlanDocument) -> Self {
        let exported = export(&document);
        Self::written(document, exported)
    }

    fn written(document: PlanDocument, exported: Vec<u8>) -> Self {
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
    if let Some(seats) = recipe(bytes) {
        return Ok(bowl(seats));
    }
    parse(bytes).map_err(|_| WriteError::BrokenPlan(Box::new(check_file(bytes))))
}

/// Of how many seats a stored plan is to be made, where it was not written out.
fn recipe(stored: &[u8]) -> Option<SeatCount> {
    #[derive(serde::Deserialize)]
    struct Recipe {
        generated: u32,
    }
    serde_json::from_slice(stored).ok().and_then(|recipe: Recipe| SeatCount::new(recipe.generated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_too_large_to_be_written_out_is_made_again() {
        let seats = SeatCount::new(MOST_WRITTEN_OUT + 1).unwrap();
        let plan = CheckedPlan::generated(seats).unwrap();
        assert_eq!(plan.document.seat_count(), 150_001);
        assert!(plan.exported.len() < 2_000, "{}", plan.exported);
        assert_eq!(recipe(plan.exported.as_bytes()), Some(seats));
        let small = CheckedPlan::generated(SeatCount::new(40).unwrap()).unwrap();
        assert_eq!(recipe(small.exported.as_bytes()), None);
        assert_eq!(CheckedPlan::read(small.exported.as_bytes()).unwrap().hash, small.hash);
    }

    #[test]
    fn a_broken_plan_is_refused_with_every_fault() {
        for bytes in [&b"not json"[..], b"{}", b"[]", b"", b"\xff\xfe"] {
            let Err(WriteError::BrokenPlan(report)) = CheckedPlan::read(bytes) else { panic!("{bytes:?}") };
            assert!(!report.is_clean());
        }
    }
}
