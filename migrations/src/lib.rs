//! The database's schema as a chain of migrations, run by the owner role.
//!
//! Names say verb and noun. A change goes expand → migrate data → contract over separate releases, so that two
//! versions of the program can run side by side. Each migration is a pair of SQL files in `sql/`.
//! The schema follows the rules that let a distributed database take it unchanged: tenant first in every key,
//! policies without subqueries, no FORCE, no SET NULL, no trigger.

use sea_orm_migration::prelude::*;

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        vec![$(Box::new(SqlMigration {
            name: $name,
            up: include_str!(concat!("sql/", $name, ".up.sql")),
            down: include_str!(concat!("sql/", $name, ".down.sql")),
        }) as Box<dyn MigrationTrait>),+]
    };
}

/// Every migration in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations![
            "create_functions",
            "create_tenants",
            "create_catalog",
            "create_inventory",
            "create_orders",
            "create_tickets",
            "create_door",
            "create_money",
        ]
    }
}

struct SqlMigration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.down).await.map(drop)
    }
}
