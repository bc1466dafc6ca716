//! `marquee domain add|list`.

use std::process::ExitCode;

use clap::Subcommand;
use marquee_core::config::Config;
use serde_json::json;

use super::tenant::own_host;
use super::{Failure, print_json, print_line};
use crate::compose::{Foundation, STAFF};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a tenant under one more host, taken as proven by whoever types this.
    Add {
        /// Slug or id.
        #[arg(long)]
        tenant: String,
        /// The host.
        host: String,
    },
    /// Every host that is served, with its tenant.
    List {
        /// Answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match command {
        Command::Add { tenant, host } => {
            let tenant = foundation.tenant(&tenant)?;
            let host = own_host(&foundation, &host)?;
            let tx = foundation.db.begin_platform(STAFF).await?;
            marquee_tenants::add_domain(&tx, tenant.id, &host, false).await?;
            tx.record("cli", "domain.add", Some(tenant.id), json!({ "host": host.as_str() })).await?;
            tx.commit().await?;
            print_line(format!("{} is served at {}", tenant.name, host.as_str()));
            Ok(ExitCode::SUCCESS)
        }
        Command::List { json: as_json } => {
            let hosts = foundation.directory.hosts();
            if as_json {
                let list: Vec<_> =
                    hosts.iter().map(|(host, one)| json!({"host": host, "tenant": one.slug})).collect();
                return print_json(&json!({ "data": list }));
            }
            for (host, tenant) in hosts {
                print_line(format!("{host}  {}", tenant.slug));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
