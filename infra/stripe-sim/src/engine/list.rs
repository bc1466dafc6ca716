//! Lists: newest first, by cursor.

use serde_json::{Value, json};

use super::errors::ApiError;
use super::form::{Param, Params};
use super::table::{Row, Table};

/// Parameters that every list takes.
pub const PARAMS: &[&str] = &["created", "ending_before", "limit", "starting_after"];

/// A page of `account`'s rows for which `wanted` holds.
///
/// # Errors
/// 400 for a limit outside 1–100, both cursors at once, or a cursor that is not there.
pub fn page<T: Row>(
    table: &Table<T>,
    account: Option<&str>,
    kind: &str,
    url: &str,
    params: &Params,
    wanted: impl Fn(&T) -> bool,
    render: impl Fn(&T) -> Value,
) -> Result<Value, ApiError> {
    let limit = limit(params)?;
    let created = Created::parse(params)?;
    let cursor = |name: &str| -> Result<Option<String>, ApiError> {
        let Some(id) = params.text(name)? else { return Ok(None) };
        let known = table.scoped(id, account).map(|row| row.id().to_owned());
        known.map(Some).ok_or_else(|| ApiError::missing(kind, id, name))
    };
    let (after, before) = (cursor("starting_after")?, cursor("ending_before")?);
    if after.is_some() && before.is_some() {
        return Err(ApiError::invalid("You cannot parameterize both starting_after and ending_before."));
    }
    let rows = table.newest(account).filter(|row| created.holds(row.created()) && wanted(row));
    let mut picked: Vec<&T>;
    let has_more;
    if let Some(before) = before {
        let newer: Vec<&T> = table
            .newest(account)
            .take_while(|row| row.id() != before)
            .filter(|row| created.holds(row.created()) && wanted(row))
            .collect();
        has_more = newer.len() > limit;
        picked = newer.into_iter().rev().take(limit).collect();
        picked.reverse();
    } else if let Some(after) = after {
        let mut rest = table.newest(account).skip_while(|row| row.id() != after).skip(1);
        let mut found = rest.by_ref().filter(|row| created.holds(row.created()) && wanted(row));
        picked = found.by_ref().take(limit).collect();
        has_more = found.next().is_some();
    } else {
        let mut rows = rows;
        picked = rows.by_ref().take(limit).collect();
        has_more = rows.next().is_some();
    }
    let data: Vec<Value> = picked.into_iter().map(render).collect();
    Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
}

fn limit(params: &Params) -> Result<usize, ApiError> {
    match params.integer("limit")? {
        None => Ok(10),
        Some(limit @ 1..=100) => Ok(usize::try_from(limit).unwrap_or(10)),
        Some(other) if other < 1 => Err(ApiError::invalid("This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")
            .param("limit")),
        Some(_) => {
            Err(ApiError::invalid("This value must be less than or equal to 100 (it currently is more).")
                .code("parameter_invalid_integer")
                .param("limit"))
        }
    }
}

/// The filter `created`, a time or bounds.
struct Created {
    low: i64,
    high: i64,
}

impl Created {
    fn parse(params: &Params) -> Result<Self, ApiError> {
        let mut bounds = Self { low: i64::MIN, high: i64::MAX };
        match params.get("created") {
            None => {}
            Some(Param::Text(_)) => {
                let at = params.integer("created")?.unwrap_or_default();
                bounds = Self { low: at, high: at };
            }
            Some(Param::Tree(tree)) => {
                tree.only(&["gt", "gte", "lt", "lte"])?;
                let low = tree.integer("gte")?.into_iter().chain(tree.integer("gt")?.map(|at| at + 1));
                let high = tree.integer("lte")?.into_iter().chain(tree.integer("lt")?.map(|at| at - 1));
                bounds.low = low.max().unwrap_or(i64::MIN);
                bounds.high = high.min().unwrap_or(i64::MAX);
            }
        }
        Ok(bounds)
    }

    fn holds(&self, at: i64) -> bool {
        (self.low..=self.high).contains(&at)
    }
}
