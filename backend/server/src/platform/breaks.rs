//! Differences between ledger and provider, until somebody has resolved each.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError};
use marquee_core::http::{Body, PathId};
use marquee_core::ids::{BreakId, TenantId};
use marquee_core::problem::{Code, FieldError, Problem};
use marquee_payments::reconcile::{self, Break};
use marquee_tenants::staff::PlatformSession;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::compose::record;

/// Breaks of a page unless told otherwise, and at most.
const LIMITS: (i64, i64) = (50, 100);
/// Longest note, in characters.
const NOTE_MAX: usize = 1_000;

/// Open breaks, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Breaks {
    /// This page's.
    data: Vec<BreakBody>,
    /// The next page's `cursor`.
    next: Option<String>,
}

/// A difference between ledger and provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakBody {
    break_id: BreakId,
    tenant_id: TenantId,
    /// `posting_missing`, `movement_missing`, `amount_mismatch`, `platform_fee_mismatch`, `processing_fee_mismatch` or
    /// `movement_unexplained`.
    #[schema(example = "posting_missing")]
    kind: String,
    /// The provider's movement, or the posting where there is no movement.
    reference: String,
    /// Account, day, order, and what stands on both sides, in minor units.
    #[schema(value_type = Object)]
    about: Value,
    found_at: DateTime<Utc>,
    /// Null while it is open.
    resolved_at: Option<DateTime<Utc>>,
    /// Who resolved it; `reconciliation` where the difference went away by itself.
    resolved_by: Option<String>,
    /// What it was.
    resolution: Option<String>,
}

/// What a break was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolution {
    /// For whoever reads it later.
    #[schema(min_length = 1, max_length = 1000)]
    note: String,
}

#[derive(Debug, Default, Deserialize)]
struct Query {
    cursor: Option<String>,
    limit: Option<String>,
}

/// The open differences between ledger and provider.
#[utoipa::path(get, path = "/api/platform/v1/reconciliation/breaks", tag = "platform",
    params(("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u8>, Query, description = "1 to 100, 50 unless told otherwise")),
    responses((status = 200, body = Breaks), (status = 401, description = "`unauthorized`"),
        (status = 422, description = "`validation_failed`")))]
pub(super) async fn list(
    _: PlatformSession,
    request: HttpRequest,
    db: web::Data<Db>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page(request.query_string())?;
    let mut found = reconcile::breaks(&db, None, after, limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    if more {
        found.pop();
    }
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let data = found.into_iter().map(BreakBody::from).collect();
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(Breaks { data, next }))
}

/// Says what a break was: it is listed no more. One that is resolved stays as it is.
#[utoipa::path(post, path = "/api/platform/v1/reconciliation/breaks/{id}/resolve", tag = "platform",
    params(("id" = BreakId, Path)), request_body = Resolution,
    responses((status = 200, body = BreakBody), (status = 401, description = "`unauthorized`"), (status = 404),
        (status = 422, description = "`validation_failed`")))]
pub(super) async fn resolve(
    session: PlatformSession,
    id: PathId<BreakId>,
    body: Body<Resolution>,
    db: web::Data<Db>,
) -> Result<HttpResponse, Problem> {
    let note = note(&body.value.note)?;
    let tenant = reconcile::tenant_of(&db, id.0).await?.ok_or(Code::NotFound)?;
    let who = session.member.id.to_string();
    let details = json!({ "break": id.0, "note": note });
    record(&db, &who, "reconciliation.resolve", Some(tenant), details).await?;
    let resolved = reconcile::resolve(&db, tenant, id.0, &who, note).await;
    let resolved = resolved.map_err(|error| match error {
        DbError::NoRow => Problem::new(Code::NotFound),
        other => other.into(),
    })?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(BreakBody::from(resolved)))
}

impl From<Break> for BreakBody {
    fn from(one: Break) -> Self {
        Self {
            break_id: one.id,
            tenant_id: one.tenant_id,
            kind: one.kind,
            reference: one.reference,
            about: one.about,
            found_at: one.found_at,
            resolved_at: one.resolved_at,
            resolved_by: one.resolved_by,
            resolution: one.resolution,
        }
    }
}

fn page(query: &str) -> Result<(Option<BreakId>, i64), Problem> {
    let query = web::Query::<Query>::from_query(query)
        .map_err(|error| Problem::field("", "invalid", error.to_string()))?;
    let mut errors = Vec::new();
    let mut fault = |pointer: &str, code, detail: String| {
        errors.push(FieldError { pointer: pointer.to_owned(), code, detail });
    };
    let after = query.cursor.as_ref().and_then(|text| text.parse().ok());
    if query.cursor.is_some() && after.is_none() {
        fault("/cursor", "invalid", "Send the `next` of an earlier page.".to_owned());
    }
    let digits = |text: &&String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let asked = query.limit.as_ref().filter(digits).and_then(|text| text.parse().ok());
    let limit = asked.filter(|limit| (1..=LIMITS.1).contains(limit));
    if query.limit.is_some() && limit.is_none() {
        fault("/limit", "out_of_range", format!("Send a number from 1 to {}.", LIMITS.1));
    }
    if errors.is_empty() { Ok((after, limit.unwrap_or(LIMITS.0))) } else { Err(Problem::fields(errors)) }
}

fn note(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let breaks = |c: char| c.is_control() && c != '\n';
    if text.is_empty() || text.chars().count() > NOTE_MAX || text.chars().any(breaks) {
        let detail = format!("Plain text of 1 to {NOTE_MAX} characters.");
        return Err(Problem::field("/note", "invalid", detail));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_small_and_cursors_are_ids() {
        let id = BreakId::generate();
        assert_eq!(page("").unwrap(), (None, 50));
        assert_eq!(page(&format!("cursor={id}&limit=100")).unwrap(), (Some(id), 100));
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=%2B5",
            "limit=",
            "cursor=",
            "cursor=x",
            "limit=1&limit=2",
        ] {
            assert_eq!(page(query).unwrap_err().code(), Code::ValidationFailed, "{query}");
        }
    }

    #[test]
    fn a_note_is_plain_text() {
        assert_eq!(note("  paid out by hand ").unwrap(), "paid out by hand");
        for text in ["", "  ", "a\u{0}b", &"x".repeat(1_001)] {
            assert!(note(text).is_err(), "{text:?}");
        }
    }
}
