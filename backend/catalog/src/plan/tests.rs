//! The plan as a whole: real and random dirty plans through check, repair, export and drawing.

#![allow(clippy::print_stderr)]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const DIRTY: &[u8] = include_bytes!("fixtures/dirty.json");

/// The real stadium plan, where it lies beside the checkout.
fn stadium() -> Option<Vec<u8>> {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/seating/stadium.json");
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: no ../shared/data/seating/stadium.json beside the workspace");
    }
    bytes
}

fn kinds(report: &CheckReport) -> Vec<(&'static str, usize)> {
    report.counts().into_iter().map(|(kind, count)| (kind.as_str(), count)).collect()
}

/// What a repair must keep, seat by seat: uuids are the seats' identity in `document`.
fn assert_repaired(document: &PlanDocument, repaired: &PlanDocument, report: &RepairReport) {
    assert_eq!(repaired.seat_count(), document.seat_count());
    let refs = seat_refs(repaired);
    assert_eq!(refs.len(), document.seat_count());
    let ids: HashSet<&str> = refs.iter().map(|seat| seat.id.as_str()).collect();
    assert_eq!(ids.len(), refs.len(), "guids are unique");
    let labels: HashSet<&str> = refs.iter().map(|seat| seat.label.as_str()).collect();
    assert_eq!(labels.len(), refs.len(), "labels are unique");
    let left = |kind: FaultKind| {
        !matches!(
            kind,
            FaultKind::BadPosition
                | FaultKind::OverlappingSeat
                | FaultKind::SeatOutOfBounds
                | FaultKind::BadArea
                | FaultKind::EmptyPlan
        )
    };
    assert!(!report.remaining.iter().any(|fault| left(fault.kind)), "{report}");
    let (again, second) = repair(repaired);
    assert_eq!(&again, repaired, "a second repair changes nothing");
    assert!(second.changes.is_empty() && second.notes.is_empty(), "{second}");
    assert_eq!(&parse(&export(repaired)).unwrap(), repaired, "the repaired plan survives the round trip");
}

/// Places and categories by uuid, of those whose place is known.
fn places(document: &PlanDocument) -> std::collections::BTreeMap<String, (Point, String)> {
    document
        .seats()
        .map(|view| (view.seat.uuid.clone().unwrap(), (view.position(), view.seat.category.clone())))
        .collect()
}

#[test]
fn every_fault_of_the_dirty_house_is_named() {
    insta::assert_snapshot!(check_file(DIRTY));
}

#[test]
fn the_dirty_house_is_repaired() {
    let (repaired, report) = repair_file(DIRTY).unwrap();
    insta::assert_snapshot!(report);
    assert_repaired(&parse(DIRTY).unwrap(), &repaired, &report);
}

#[test]
fn the_dirty_house_is_drawn() {
    let (repaired, _) = repair_file(DIRTY).unwrap();
    let drawing = Drawing::of(&repaired);
    insta::assert_json_snapshot!(drawing);
    assert_eq!(drawing_hash(&drawing.to_bytes()), drawing_hash(&Drawing::of(&repaired).to_bytes()));
}

#[test]
fn columns_and_seat_refs_have_one_order() {
    let (repaired, report) = repair_file(DIRTY).unwrap();
    assert!(!report.is_clean());
    let drawn: Vec<String> =
        Drawing::of(&repaired).sections.into_iter().flat_map(|section| section.seats.id).collect();
    let refs = seat_refs(&repaired).into_iter().filter(|seat| seat.x.is_finite() && seat.y.is_finite());
    assert_eq!(drawn, refs.map(|seat| seat.id).collect::<Vec<_>>());
}

#[test]
fn faults_as_json_name_kind_and_place() {
    let report = serde_json::to_value(check_file(DIRTY)).unwrap();
    let first = report["faults"].as_array().unwrap().iter().find(|fault| fault["kind"] == "duplicate_guid");
    insta::assert_json_snapshot!(first.unwrap());
}

#[test]
fn a_file_that_is_no_plan_is_a_fault() {
    let report = check_file(b"{\"name\": ");
    assert_eq!(kinds(&report), [("malformed", 1)]);
    assert!(repair_file(b"{\"name\": ").is_err());
    assert_eq!(kinds(&check_file(b"{}")), [("malformed", 2), ("empty_plan", 1), ("bad_size", 1)]);
}

#[test]
fn the_stadium_is_told_seat_by_seat() {
    let Some(bytes) = stadium() else { return };
    let report = check_file(&bytes);
    assert_eq!((report.seats, report.rows, report.unique_guids), (738, 90, 318));
    let counts = kinds(&report);
    assert_eq!(counts, [("duplicate_guid", 546), ("ambiguous_label", 546), ("overlapping_seat", 324)]);
    let named = report.faults.iter().filter(|fault| fault.kind == FaultKind::DuplicateGuid);
    let places: HashSet<&str> = named.map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(places.len(), 546, "each seat once");
}

#[test]
fn the_stadium_is_repaired() {
    let Some(bytes) = stadium() else { return };
    let dirty = parse(&bytes).unwrap();
    let (repaired, report) = repair_file(&bytes).unwrap();
    assert_repaired(&dirty, &repaired, &report);
    assert!(check(&repaired).is_clean() && report.is_clean());
    assert_eq!(report.new_guids(), 738 - 318);
    let zones: Vec<(&str, usize)> = repaired
        .zones
        .iter()
        .map(|zone| (zone.display_name(), zone.rows.iter().map(|row| row.seats.len()).sum()))
        .collect();
    insta::assert_debug_snapshot!(zones);
    // The first floor was drawn on top of the ground floor and moved aside; nothing else moves.
    let (before, after) = (places(&dirty), places(&repaired));
    let moved = before.iter().filter(|(uuid, place)| after[*uuid] != **place).count();
    assert_eq!(moved, 162);
    assert!(report.changes.iter().filter_map(|change| change.moved).all(|[x, _]| x.abs() < 1e-9));
}

#[test]
fn the_stadium_has_neighbours() {
    let Some(bytes) = stadium() else { return };
    let (repaired, _) = repair_file(&bytes).unwrap();
    let refs = seat_refs(&repaired);
    let rows: HashSet<u32> = refs.iter().map(|seat| seat.row_key).collect();
    assert_eq!(rows.len(), 90);
    let neighbours =
        refs.iter().zip(refs.iter().skip(1)).filter(|(a, b)| a.row_key == b.row_key).all(|(a, b)| {
            b.position_in_row == a.position_in_row + 1
                && a.number.parse::<u32>().unwrap() + 1 == b.number.parse::<u32>().unwrap()
        });
    assert!(neighbours);
}

/// A house with all that goes wrong: few names, few places, so that everything collides.
fn dirty_plan() -> impl Strategy<Value = PlanDocument> {
    let text = prop::sample::select(vec!["", " ", "A", "a", "B", "1", "A (2)", "A-2", "A\u{7}", "Stalls"]);
    let place = || {
        let near =
            (0..12_i32, 0..12_i32).prop_map(|(x, y)| Point::new(f64::from(x) * 12.5, f64::from(y) * 12.5));
        prop_oneof![9 => near, 1 => Just(Point::UNKNOWN), 1 => Just(Point::new(-40.0, 1e9))]
    };
    let seat = (text.clone(), text.clone(), place(), text.clone(), prop::option::of(0.0..150.0_f64))
        .prop_map(|(number, guid, position, category, radius)| Seat {
            seat_number: number.into(),
            seat_guid: guid.into(),
            uuid: Some(guid.into()),
            position,
            category: category.into(),
            radius,
            start_direction: None,
        });
    let label = || prop::option::of(prop::sample::select(vec!["", "Box", "Row A", "Chair %s"]));
    let row = (text.clone(), label(), label(), place(), prop::collection::vec(seat, 0..6)).prop_map(
        |(number, row_label, seat_label, position, seats)| Row {
            row_number: number.into(),
            row_label: row_label.map(Into::into),
            seat_label: seat_label.map(Into::into),
            row_number_position: None,
            uuid: None,
            position,
            seats,
        },
    );
    let zone = (text.clone(), prop::option::of(text.clone()), prop::collection::vec(row, 0..5)).prop_map(
        |(name, id, rows)| Zone {
            name: name.into(),
            zone_id: id.map(Into::into),
            uuid: Some("z".into()),
            position: Point::default(),
            rows,
            areas: Vec::new(),
        },
    );
    let categories = prop::collection::vec((text, prop::option::of("[#a-f0-9]{0,7}")), 0..3);
    let size = prop::option::of(Just(Point::new(100.0, 100.0)));
    (categories, prop::collection::vec(zone, 0..4), size).prop_map(|(categories, zones, size)| PlanDocument {
        name: "Random".into(),
        categories: categories
            .into_iter()
            .map(|(name, color)| Category { name: name.into(), color })
            .collect(),
        zones,
        size,
    })
}

/// The same house with a uuid of its own for each seat, to follow seats through a repair.
fn tagged(mut document: PlanDocument) -> PlanDocument {
    let seats = document.zones.iter_mut().flat_map(|zone| &mut zone.rows).flat_map(|row| &mut row.seats);
    for (at, seat) in seats.enumerate() {
        seat.uuid = Some(format!("seat-{at}"));
    }
    document
}

proptest! {
    #[test]
    fn random_houses_are_repaired(document in dirty_plan()) {
        let (repaired, report) = repair(&document);
        assert_repaired(&document, &repaired, &report);
        Drawing::of(&repaired).to_bytes();
    }

    #[test]
    fn seats_keep_their_place_and_category(document in dirty_plan().prop_map(tagged)) {
        let (repaired, report) = repair(&document);
        let (before, after) = (places(&document), places(&repaired));
        prop_assert_eq!(before.len(), after.len());
        let moved: HashSet<&str> =
            report.changes.iter().filter(|change| change.moved.is_some()).map(|change| change.pointer.as_str()).collect();
        for view in document.seats() {
            let uuid = view.seat.uuid.as_ref().unwrap();
            let (was, now) = (&before[uuid], &after[uuid]);
            if !moved.contains(view.pointer().as_str()) {
                prop_assert_eq!(was.0, now.0);
            }
            let known = document.categories.iter().any(|category| category.name == was.1);
            if known && !was.1.is_empty() && !was.1.contains('\u{7}') {
                prop_assert_eq!(&was.1, &now.1);
            }
        }
    }

    #[test]
    fn random_houses_survive_the_round_trip(document in dirty_plan()) {
        prop_assert_eq!(parse(&export(&document)).unwrap(), document);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_file(&bytes);
    }

    #[test]
    fn random_damage_does_no_harm(at in 0..DIRTY.len(), byte in any::<u8>()) {
        let mut bytes = DIRTY.to_vec();
        bytes[at] = byte;
        let report = check_file(&bytes);
        if let Ok((_, repair)) = repair_file(&bytes) {
            prop_assert!(repair.remaining.len() <= report.faults.len());
        }
    }
}

#[test]
fn a_zone_that_goes_by_its_id_is_told_from_one_of_that_name() {
    let zone = |name: &str, id: &str| Zone { name: name.into(), zone_id: Some(id.into()), ..Zone::default() };
    let zones = vec![zone("Circle", "A"), zone("A-2", "B"), zone("", "A"), zone("circle", "A-2")];
    let (repaired, report) = repair(&PlanDocument { zones, ..PlanDocument::default() });
    let named: Vec<(&str, &str)> = repaired
        .zones
        .iter()
        .map(|zone| (zone.display_name(), zone.zone_id.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(named, [("Circle", "A"), ("A-2", "B"), ("A-3", "A-3"), ("circle (2)", "A-2")]);
    assert!(!report.remaining.iter().any(|fault| fault.kind == FaultKind::DuplicateZone), "{report}");
}

/// A house of the largest size is read and checked in a moment; a debug build only has to finish.
#[test]
fn sixty_thousand_seats_are_read_and_checked() {
    let row = |at: usize| Row {
        row_number: at.to_string(),
        position: Point::new(10.0, (at * 25) as f64),
        seats: (0..200)
            .map(|seat| Seat {
                seat_number: seat.to_string(),
                seat_guid: format!("S-{at}-{seat}"),
                position: Point::new((seat * 25) as f64, 0.0),
                category: "Stalls".into(),
                ..Seat::default()
            })
            .collect(),
        ..Row::default()
    };
    let zone = Zone { name: "Stalls".into(), rows: (0..300).map(row).collect(), ..Zone::default() };
    let document = PlanDocument {
        name: "Large".into(),
        categories: vec![Category { name: "Stalls".into(), color: None }],
        zones: vec![zone],
        size: Some(Point::new(8000.0, 8000.0)),
    };
    let bytes = export(&document);
    let start = std::time::Instant::now();
    let report = check_file(&bytes);
    let took = start.elapsed();
    assert!(report.is_clean(), "{report}");
    eprintln!("{} bytes checked in {took:?}", bytes.len());
    assert!(cfg!(debug_assertions) || took < std::time::Duration::from_secs(1), "{took:?}");
}
