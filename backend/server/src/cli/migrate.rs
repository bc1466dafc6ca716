//! `marquee migrate up|down|status`, as the owner of the schema.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use marquee_migrations::Migrator;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sea_orm_migration::{MigrationStatus, MigratorTrait};
use serde_json::json;

use super::{Failure, print_json, print_line};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply what is pending.
    Up,
    /// Take the newest ones back.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// What is applied and what is pending; exit code 1 where something is pending.
    Status(Status),
}

#[derive(Debug, Args)]
pub struct Status {
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let db = connect().await?;
    match command {
        Command::Up => {
            Migrator::up(&db, None).await?;
            print_line("the schema is up to date");
            Ok(ExitCode::SUCCESS)
        }
        Command::Down { steps } => {
            Migrator::down(&db, Some(steps)).await?;
            print_line(format!("took back {steps}"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Status(options) => status(&db, &options).await,
    }
}

async fn status(db: &DatabaseConnection, options: &Status) -> Result<ExitCode, Failure> {
    let all = Migrator::get_migration_with_status(db).await?;
    let rows: Vec<_> =
        all.iter().map(|one| (one.name().to_owned(), one.status() == MigrationStatus::Applied)).collect();
    if options.json {
        let list: Vec<_> =
            rows.iter().map(|(name, applied)| json!({"name": name, "applied": applied})).collect();
        print_json(&json!({ "migrations": list }))?;
    } else {
        for (name, applied) in &rows {
            print_line(format!("{}  {name}", if *applied { "applied" } else { "pending" }));
        }
    }
    Ok(if rows.iter().all(|(_, applied)| *applied) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn connect() -> Result<DatabaseConnection, Failure> {
    let url = std::env::var("MARQUEE_DATABASE_ADMIN_URL").map_err(|_| "set `MARQUEE_DATABASE_ADMIN_URL`")?;
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Ok(Database::connect(options).await?)
}
