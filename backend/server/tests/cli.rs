//! The program as somebody at a terminal meets it: help for everything, answers on standard output, exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn marquee(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_marquee")).args(args).env_clear().output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn temporary(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_explains_itself() {
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = HashSet::new();
    while let Some(path) = waiting.pop() {
        let args: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let output = marquee(&args);
        let help = stdout(&output);
        assert!(output.status.success() && help.contains("Usage: marquee"), "{args:?}: {help}");
        seen.insert(path.join(" "));
        waiting.extend(listed(&help).into_iter().map(|name| path.iter().cloned().chain([name]).collect()));
    }
    for wanted in [
        "serve",
        "worker",
        "migrate up",
        "migrate down",
        "migrate status",
        "doctor",
        "audit",
        "tenant create",
        "tenant list",
        "tenant suspend",
        "domain add",
        "domain list",
        "plan check",
        "plan repair",
        "plan import",
        "plan generate",
        "performance set",
        "device invite",
    ] {
        assert!(seen.contains(wanted), "`marquee {wanted}` is not there: {seen:?}");
    }
}

#[test]
fn what_is_missing_is_named_and_fails() {
    for args in [&["serve"][..], &["worker"], &["audit", "--json"], &["tenant", "list"]] {
        let output = marquee(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(stderr(&output).contains("MARQUEE_DATABASE_URL"), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
    }
    let output = marquee(&["migrate", "status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("MARQUEE_DATABASE_ADMIN_URL"));
    let show = "0199f0a0-0000-7000-8000-000000000001";
    for args in [
        &["no-such-command"][..],
        &[],
        &["performance", "set", "x"],
        &["performance", "set", show, "--hold-seconds", "0"],
        &["performance", "set", show, "--strategy", "luck"],
        &["order", "reissue", "A1", "--ticket", "x"],
    ] {
        let output = marquee(args);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""), "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
    }
    for args in [&["--help"][..], &["order", "refund", "--help"]] {
        assert_eq!(marquee(args).status.code(), Some(0), "{args:?}");
    }
    let unset = marquee(&["doctor", "--json"]);
    assert_eq!(unset.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&unset.stdout).unwrap();
    assert_eq!(report["checks"][0]["ok"], false);
}

#[test]
fn the_committed_description_is_the_programs_own() {
    let output = marquee(&["openapi"]);
    assert!(output.status.success());
    let own: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(own["openapi"].as_str().unwrap().starts_with("3.1"));
    let committed = std::fs::read(root().join("openapi.json")).unwrap_or_default();
    let committed: Value = serde_json::from_slice(&committed).unwrap_or_default();
    assert!(committed == own, "openapi.json is not what the program says: marquee openapi > openapi.json");
}

#[test]
fn a_broken_plan_is_told_fault_by_fault() {
    let dirty = root().join("backend/catalog/src/plan/fixtures/dirty.json");
    let output = marquee(&["plan", "check", dirty.to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = report["faults"].as_array().unwrap();
    assert!(!faults.is_empty());
    for fault in faults {
        assert!(fault["kind"].is_string() && fault["pointer"].is_string(), "{fault}");
    }
    let told = marquee(&["plan", "check", dirty.to_str().unwrap()]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stdout(&told).lines().count() >= faults.len());

    for (name, text) in [("nothing.json", ""), ("list.json", "[]"), ("half.json", "{\"zones\":[")] {
        let file = temporary(name);
        std::fs::write(&file, text).unwrap();
        for verb in ["check", "repair"] {
            let output = marquee(&["plan", verb, file.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(1), "{verb} {name}");
        }
    }
    let missing = marquee(&["plan", "check", "/nowhere/plan.json"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("/nowhere/plan.json"));
}

/// The plan with eight blocks that share row A seat 1, where it lies beside the checkout.
#[test]
fn the_stadium_is_repaired() {
    let stadium = root().join("../shared/data/seating/stadium.json");
    if !stadium.is_file() {
        eprintln!("NOT RUN: {} is not there", stadium.display());
        return;
    }
    let stadium = stadium.to_str().unwrap();
    let checked = marquee(&["plan", "check", stadium, "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    let repeated: Vec<&Value> = report["faults"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fault| fault["kind"] == "duplicate_guid")
        .collect();
    let guids: HashSet<&str> = repeated.iter().map(|fault| fault["guid"].as_str().unwrap()).collect();
    assert_eq!((repeated.len(), guids.len()), (546, 126));
    for fault in repeated {
        for name in ["zone", "row", "number"] {
            assert!(fault[name].is_string(), "{fault}");
        }
    }

    let repaired = temporary("repaired.json");
    let repaired = repaired.to_str().unwrap();
    let output = marquee(&["plan", "repair", stadium, "--out", repaired, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let again = marquee(&["plan", "check", repaired, "--json"]);
    assert!(again.status.success(), "{}", stdout(&again));
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&report["seats"], &report["unique_guids"]), (&Value::from(738), &Value::from(738)));
    // The repaired plan is pretix's JSON again, and to repair it once more changes nothing.
    let bytes = std::fs::read(repaired).unwrap();
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert!(document["zones"][0]["rows"][0]["seats"][0]["seat_guid"].is_string());
    let once_more = marquee(&["plan", "repair", repaired]);
    assert_eq!(stdout(&once_more).trim_end().as_bytes(), bytes.trim_ascii_end());
}

/// A wrong number is told before anything else is looked at.
#[test]
fn a_number_of_seats_that_no_arena_has_is_refused() {
    for seats in ["0", "-1", "-60000", "2000001", "18446744073709551616", "", "1.5", "60,000", "ten"] {
        let output = marquee(&["plan", "generate", "--seats", seats, "--tenant", "riverside"]);
        assert_eq!(output.status.code(), Some(1), "{seats}");
        assert_eq!(stderr(&output), format!("marquee: --seats {seats}: a plan has 1 to 2,000,000 seats\n"));
        assert_eq!(stdout(&output), "", "{seats}");
    }
    let without = marquee(&["plan", "generate", "--seats", "2000000", "--tenant", "riverside"]);
    assert_eq!(without.status.code(), Some(1));
    assert!(stderr(&without).contains("MARQUEE_DATABASE_URL"), "{}", stderr(&without));
}

/// `marquee … | head` is no accident.
#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_marquee"))
        .arg("openapi")
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
