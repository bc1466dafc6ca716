//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::Task;

/// Benchmarks of Marquee: the real program, driven over HTTP from a process of its own, beside references of the same
/// run. Results lie under `var/bench/`.
#[derive(Debug, Clone, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to run.
    #[command(flatten)]
    pub run: Run,
    /// Other roles of this program, which benchmarks start themselves.
    #[command(subcommand)]
    pub role: Option<Role>,
}

/// What to run and how.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Benchmarks; all unless some are named.
    pub names: Vec<Name>,
    /// A second where ten are usual: whether it runs, not how fast.
    #[arg(long)]
    pub quick: bool,
    /// Fail when a figure is short of its target.
    #[arg(long)]
    pub strict: bool,
    /// Write the tables into docs/benchmarks.md.
    #[arg(long)]
    pub markdown: bool,
    /// The folder of the built programs; where this one lies unless told.
    #[arg(long)]
    pub programs: Option<PathBuf>,
    /// Only these strategies, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = ["row_lock", "ttl", "skip_locked", "redis"].map(str::to_owned))]
    pub strategies: Vec<String>,
    /// Only these parts of `holds`, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = Part::ALL)]
    pub parts: Vec<Part>,
}

/// The benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Name {
    /// Holds a second by every strategy, and what they trade.
    Holds,
    /// Ten thousand buyers, five hundred seats.
    Onsale,
    /// What browsing costs.
    Browse,
    /// How long each kind of work holds a connection.
    HoldTime,
    /// Buyers beside a report that holds a connection for half a minute.
    SlowReport,
    /// Orders paid a second, and what the provider's delay does to connections.
    Checkout,
}

/// Parts of `holds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Over HTTP: each strategy, batched and not.
    Http,
    /// The engine alone.
    Engine,
    /// Whether cost grows with what is in the database.
    Growth,
    /// Two instances beside one.
    Instances,
    /// What a restart of Redis or Postgres costs.
    Faults,
}

impl Name {
    /// All, in the order in which they run.
    pub const ALL: [Self; 6] =
        [Self::Holds, Self::Onsale, Self::Browse, Self::HoldTime, Self::SlowReport, Self::Checkout];
}

impl Part {
    const ALL: [Self; 5] = [Self::Http, Self::Engine, Self::Growth, Self::Instances, Self::Faults];
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Http => "http",
            Self::Engine => "engine",
            Self::Growth => "growth",
            Self::Instances => "instances",
            Self::Faults => "faults",
        })
    }
}

/// Another role of this program.
#[derive(Debug, Clone, Subcommand)]
pub enum Role {
    /// Serve answers of a given size, as the reference.
    #[command(hide = true)]
    Bare {
        /// Where.
        #[arg(long)]
        port: u16,
    },
    /// Drive the engine without HTTP.
    #[command(hide = true)]
    Engine(Task),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn names_options_and_roles_do_not_get_in_each_others_way() {
        Cli::command().debug_assert();
        let cli =
            Cli::try_parse_from(["marquee-bench", "holds", "hold_time", "--quick", "--parts", "http,faults"])
                .unwrap();
        assert_eq!(cli.run.names, [Name::Holds, Name::HoldTime]);
        assert_eq!(cli.run.parts, [Part::Http, Part::Faults]);
        assert_eq!(cli.run.strategies.len(), 4);
        let cli = Cli::try_parse_from(["marquee-bench", "bare", "--port", "1"]).unwrap();
        assert!(matches!(cli.role, Some(Role::Bare { port: 1 })));
        assert!(Cli::try_parse_from(["marquee-bench", "nothing"]).is_err());
    }
}
