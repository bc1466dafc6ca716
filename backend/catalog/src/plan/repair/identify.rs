//! Ids: every guid and uuid once.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::super::label::{Names, id_part};
use super::super::rules::valid_guid;
use super::super::types::PlanDocument;
use super::Work;

/// Leaves the seat that is the first in the file as it came its guid, if valid, and gives all others of that guid
/// one made of zone, row and number.
pub(super) fn unique_guids(work: &mut Work) {
    let mut given = Names::default();
    let mut guids: Vec<(usize, usize, &str)> = Vec::with_capacity(work.plan.seat_count());
    for (at, view) in work.plan.seats().enumerate() {
        let guid = view.seat.seat_guid.as_str();
        given.take(guid);
        guids.push((work.original(&view).unwrap_or(at), at, guid));
    }
    guids.sort_unstable();
    let mut seen = HashSet::new();
    let keep: HashSet<usize> = guids
        .into_iter()
        .filter(|(_, _, guid)| valid_guid(guid) && seen.insert(*guid))
        .map(|(_, at, _)| at)
        .collect();
    let mut number = 0_usize..;
    for (zone_at, zone) in work.plan.zones.iter_mut().enumerate() {
        let zone_part = match id_part(zone.zone_id.as_deref().unwrap_or_default()) {
            id if !id.is_empty() => id,
            _ => Some(id_part(&zone.name))
                .filter(|name| !name.is_empty())
                .unwrap_or(format!("z{}", zone_at + 1)),
        };
        for row in &mut zone.rows {
            let row_part = id_part(&row.row_number);
            for seat in &mut row.seats {
                if number.next().is_some_and(|at| keep.contains(&at)) {
                    continue;
                }
                let parts = [zone_part.as_str(), &row_part, &id_part(&seat.seat_number)];
                let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                let wanted = parts.join("-");
                // Two characters at least, as the format asks.
                let spell = |n: usize| match n {
                    1 if wanted.chars().nth(1).is_some() => wanted.clone(),
                    n => format!("{wanted}-{n}"),
                };
                let variant = given.claim(spell);
                seat.seat_guid = spell(variant);
            }
        }
    }
}

/// Leaves the first object of each uuid its uuid and derives one for the others.
pub(super) fn unique_uuids(plan: &mut PlanDocument) {
    let mut seen = HashSet::new();
    let mut repeats: HashMap<String, usize> = HashMap::new();
    let mut separate = |uuid: &mut Option<String>| {
        let Some(id) = uuid.as_mut().filter(|id| !id.is_empty()) else { return };
        let first = id.clone();
        while !seen.insert(id.clone()) {
            let count = repeats.entry(first.clone()).or_insert(0);
            *count += 1;
            *id = derived_uuid(&first, *count);
        }
    };
    for zone in &mut plan.zones {
        separate(&mut zone.uuid);
        zone.areas.iter_mut().for_each(|area| separate(&mut area.uuid));
        zone.rows.iter_mut().for_each(|row| separate(&mut row.uuid));
    }
    let rows = plan.zones.iter_mut().flat_map(|zone| &mut zone.rows);
    rows.flat_map(|row| &mut row.seats).for_each(|seat| separate(&mut seat.uuid));
}

/// A uuid (of version 4's form, as the format wants) that follows from another: the same at each repair.
fn derived_uuid(of: &str, count: usize) -> String {
    let digest = Sha256::digest(format!("{of}#{count}"));
    let bytes = std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0));
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
