//! What the planner knows of tables that are young.

use std::time::Duration;

use sea_orm::FromQueryResult;
use tokio::time::{MissedTickBehavior, interval};

use super::{Db, DbError, Tag};
use crate::params;

const STATISTICS: Tag = Tag::background("db.statistics");
/// How often it is looked whether a table has outgrown its statistics.
const LOOK: Duration = Duration::from_secs(2);
/// Tables that are analyzed after one look, at most: all that a new house has.
const TABLES: usize = 100;

#[derive(FromQueryResult)]
struct Analyzed {
    young: Option<String>,
}

impl Db {
    /// Has tables analyzed that were filled lately, for as long as it is polled: plans are made anew then. Later on
    /// autovacuum is soon enough.
    pub async fn keep_statistics(self) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = false;
        loop {
            look.tick().await;
            match self.analyze_young_tables().await {
                Ok(()) => told = false,
                Err(error) if !std::mem::replace(&mut told, true) => {
                    tracing::warn!(%error, "tables that were filled lately could not be analyzed");
                }
                Err(_) => {}
            }
        }
    }

    async fn analyze_young_tables(&self) -> Result<(), DbError> {
        let mut last = None;
        for _ in 0..TABLES {
            let tx = self.begin_without_tenant(STATISTICS).await?;
            let one: Option<Analyzed> =
                tx.optional("select app.analyze_young_table() as young", params![]).await?;
            tx.commit().await?;
            let young = one.and_then(|one| one.young);
            // One that stays young is being worked on by somebody else.
            if young.is_none() || young == last {
                break;
            }
            last = young;
        }
        Ok(())
    }
}
