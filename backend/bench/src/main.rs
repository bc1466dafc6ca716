//! `marquee-bench`: the benchmarks.
//!
//! What they promise:
//! - the real program is driven over HTTP, from a process of its own, as buyers drive it;
//! - beside each figure stands the reference it is compared with, taken in the same run on the same machine;
//! - everything they start ends with them, and they write nowhere but under `var/bench/` (and, where asked, into the
//!   documentation).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod bare;
mod browse;
mod checkout;
mod cli;
mod database;
mod engine;
mod error;
mod hold_time;
mod holds;
mod http;
mod load;
mod metrics;
mod onsale;
mod process;
mod purchase;
mod reference;
mod report;
mod requests;
mod seed;
mod setting;
mod slow_report;
mod stage;
mod stats;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;
use marquee_demo::signals::Signals;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::cli::{Cli, Name, Role, Run};
use crate::error::BenchError;
use crate::report::Report;
use crate::setting::Setting;

/// Where results lie.
const RESULTS: &str = "var/bench";
/// The page that shows them.
const DOCUMENT: &str = "docs/benchmarks.md";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode, BenchError> {
    match cli.role {
        Some(Role::Bare { port }) => {
            actix_web::rt::System::new().block_on(bare::serve(port))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Role::Engine(task)) => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.enable_all().build().map_err(BenchError::system("cannot start"))?;
            let found = runtime.block_on(engine::run(task))?;
            print(&serde_json::to_string(&found).map_err(BenchError::failed)?);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            raise_open_files();
            // One thread: the generator leaves the rest of the machine to the program, and processes end with the
            // thread that started them.
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().map_err(BenchError::system("cannot start"))?;
            runtime.block_on(run(cli.run))
        }
    }
}

async fn run(run: Run) -> Result<ExitCode, BenchError> {
    let setting = Setting::of(&run)?;
    let names = if run.names.is_empty() { Name::ALL.to_vec() } else { run.names.clone() };
    let mut signals = Signals::listen().map_err(BenchError::system("cannot hear signals"))?;
    let mut reports = Vec::new();
    for name in names {
        // What is dropped at a signal ends what it had started.
        let report = tokio::select! {
            report = one(name, &setting) => report?,
            () = signals.next() => return Err(BenchError::failed("stopped")),
        };
        reports.push(report);
    }
    if run.markdown {
        write_document(&reports)?;
    }
    let short: usize = reports.iter().map(Report::short).sum();
    if short > 0 {
        say(&format!("{short} short of their target"));
    }
    Ok(if run.strict && short > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn one(name: Name, setting: &Setting) -> Result<Report, BenchError> {
    let begun = Instant::now();
    let mut report = match name {
        Name::Holds => holds::run(setting).await?,
        Name::Onsale => onsale::run(setting).await?,
        Name::Browse => browse::run(setting).await?,
        Name::HoldTime => hold_time::run(setting).await?,
        Name::SlowReport => slow_report::run(setting).await?,
        Name::Checkout => checkout::run(setting).await?,
    };
    report.took_s = begun.elapsed().as_secs_f64().round();
    let path = report.write(Path::new(RESULTS))?;
    print(&format!("\n{} ({} s, {} cores; {})\n", report.name, report.took_s, report.cores, path.display()));
    print(&report.table().columns());
    for table in &report.tables {
        print(&table.columns());
    }
    Ok(report)
}

fn write_document(reports: &[Report]) -> Result<(), BenchError> {
    let mut document =
        std::fs::read_to_string(DOCUMENT).map_err(BenchError::system("cannot read docs/benchmarks.md"))?;
    for report in reports {
        for table in std::iter::once(report.table()).chain(report.tables.iter().cloned()) {
            document = table.put_into(&document)?;
        }
    }
    std::fs::write(DOCUMENT, document).map_err(BenchError::system("cannot write docs/benchmarks.md"))
}

/// Ten thousand connections take as many open files; servers that are started inherit the limit.
fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Where it is refused, opening connections fails later and says so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// A line of what goes on, for whoever waits.
fn progress(text: &str) {
    say(&format!("bench: {text}"));
}

/// Whoever does not listen any more cannot be told so.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
