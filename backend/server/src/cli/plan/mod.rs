//! `marquee plan check|repair|import|generate`.

mod generate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use marquee_catalog::plan::{CheckReport, check_file, export, repair_file};
use marquee_catalog::{CheckedPlan, NewVenue, WriteError, create_venue, import_plan};
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::ids::VenueId;
use serde_json::json;

use super::{Failure, print_json, print_line};
use crate::compose::Foundation;

const IMPORT: Tag = Tag::new("plan.import");

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Name every fault of a plan, one entry a seat; exit code 1 on any.
    Check {
        /// A seating plan in pretix's JSON.
        file: PathBuf,
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make ids unique and labels unambiguous; exit code 1 where a fault is left for a person.
    Repair {
        /// A seating plan in pretix's JSON.
        file: PathBuf,
        /// Where the repaired plan goes; standard output unless told.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Answer with the changes as JSON; needs `--out`.
        #[arg(long, requires = "out")]
        json: bool,
    },
    /// Import a plan without faults; prints its id last.
    Import(Import),
    /// Make an arena with an event on sale; prints the performance's id last.
    Generate(generate::Options),
}

#[derive(Debug, Args)]
pub struct Import {
    /// A seating plan in pretix's JSON.
    file: PathBuf,
    /// The tenant: slug or id.
    #[arg(long)]
    tenant: String,
    /// The venue it belongs to; a new one, named like the plan, unless told.
    #[arg(long)]
    venue: Option<VenueId>,
    /// Answer as JSON: `{plan_id,hash,seats}`.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { file, json } => show(&check_file(&read(&file)?), json),
        Command::Repair { file, out, json } => repair(&file, out.as_deref(), json),
        Command::Import(options) => import(options).await,
        Command::Generate(options) => generate::run(options).await,
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}

fn show(report: &CheckReport, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        print_json(report)?;
    } else {
        print_line(report);
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn repair(file: &Path, out: Option<&Path>, as_json: bool) -> Result<ExitCode, Failure> {
    let (document, report) = repair_file(&read(file)?)?;
    let exported = export(&document);
    match out {
        Some(out) => {
            std::fs::write(out, exported)
                .map_err(|error| format!("cannot write {}: {error}", out.display()))?;
            if as_json {
                print_json(&report)?;
            } else {
                print_line(&report);
            }
        }
        None => print_line(String::from_utf8_lossy(&exported)),
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import(options: Import) -> Result<ExitCode, Failure> {
    let plan = match CheckedPlan::read(&read(&options.file)?) {
        Ok(plan) => plan,
        Err(WriteError::BrokenPlan(report)) => return show(&report, options.json),
        Err(error) => return Err(error.into()),
    };
    let foundation = Foundation::open(Config::from_env()?).await?;
    let tenant = foundation.tenant(&options.tenant)?;
    let tx = foundation.db.begin(tenant.id, IMPORT).await?;
    let venue = match options.venue {
        Some(venue) => venue,
        None => {
            let name = plan.document.name.clone();
            create_venue(&tx, &NewVenue { city: tenant.name.clone(), name, address: String::new() }).await?
        }
    };
    let imported = import_plan(&tx, venue, &plan).await?;
    tx.commit().await?;
    let shown = json!({ "plan_id": imported.id, "hash": imported.hash, "seats": imported.seats });
    foundation.record("plan.import", Some(tenant.id), shown.clone()).await?;
    if options.json {
        return print_json(&shown);
    }
    print_line(format!("{} seats", imported.seats));
    print_line(imported.id);
    Ok(ExitCode::SUCCESS)
}
