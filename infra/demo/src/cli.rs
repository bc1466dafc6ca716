//! The command line.

use std::path::PathBuf;

use clap::{Parser, builder::FalseyValueParser};

/// Boots Marquee's demo and keeps it running until Ctrl-C. The data stay under `var/<PORT>/`.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Cli {
    /// Port of the sites; each port is a demo of its own.
    #[arg(long, env = "PORT", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// Throw this port's data away and start over.
    #[arg(long, env = "FRESH", value_parser = FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub fresh: bool,

    /// Folder for all state, in place of `var/<PORT>`.
    #[arg(long)]
    pub state_dir: Option<PathBuf>,

    /// Boot what the program stands on (Postgres, Redis, payment simulator, mail catcher) without the program itself.
    #[arg(long)]
    pub infra_only: bool,
}
