//! `demo.json`: what the demo printed, for programs. Its shape is a promise to outsiders.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;

/// The file.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// Seconds from the supervisor's start until everything answered, to a tenth.
    pub ready_in_s: f64,
    /// The program, relative to the checkout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// `demo.env`, relative to the checkout.
    pub env: String,
    /// The sites' address; the Host header says which site.
    pub url: String,
    /// The server's metrics.
    pub metrics: String,
    /// Process ids.
    pub pids: Pids,
    /// Addresses of the database, by role.
    pub database: Database,
    /// Address of Redis.
    pub redis: String,
    /// The payment simulator.
    pub stripe: Stripe,
    /// The mail catcher.
    pub mail: Mail,
    /// Platform and tenants, as the seed reports them.
    #[serde(flatten)]
    pub house: House,
}

/// Process ids by name; absent where nothing runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Pids {
    pub supervisor: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<u32>,
    pub postgres: Option<u32>,
    pub redis: Option<u32>,
    pub stripe: Option<u32>,
    pub mail: Option<u32>,
}

impl Pids {
    /// Enters a process by its name; a name that the file does not have is left out.
    pub fn set(&mut self, name: &str, pid: u32) {
        let place = match name {
            "server" => &mut self.server,
            "worker" => &mut self.worker,
            "postgres" => &mut self.postgres,
            "redis" => &mut self.redis,
            "stripe" => &mut self.stripe,
            "mail" => &mut self.mail,
            _ => return,
        };
        *place = Some(pid);
    }
}

/// Addresses of the database.
#[derive(Debug, Clone, Serialize)]
pub struct Database {
    /// The role that serves requests.
    pub app: String,
    /// The role that crosses tenants.
    pub platform: String,
    /// The role that owns the tables.
    pub owner: String,
}

/// The payment simulator.
#[derive(Debug, Clone, Serialize)]
pub struct Stripe {
    /// Its address.
    pub api_base: String,
    /// The key that it takes.
    pub secret_key: String,
}

/// The mail catcher.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// Where mail is handed over.
    pub smtp: String,
    /// Where it is shown.
    pub web: String,
}

/// What the seed put into the database: passed on as it came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct House {
    /// `{host, email, password}`.
    #[serde(skip_serializing_if = "Value::is_null", default)]
    pub platform: Value,
    /// By slug: `{id, host, owner: {email, password}, performances: {…}}`.
    #[serde(skip_serializing_if = "Value::is_null", default)]
    pub tenants: Value,
}

/// What the seed reports: the house, and what is worth showing on the terminal.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SeedReport {
    /// Goes into the file.
    #[serde(flatten)]
    pub house: House,
    /// Goes to the terminal.
    #[serde(default)]
    pub show: Show,
}

/// What is worth showing besides the house.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Show {
    /// A ticket that has been sold and not been scanned.
    #[serde(default)]
    pub ticket_code: Option<String>,
    /// Pages to begin with.
    #[serde(default)]
    pub pages: Vec<Page>,
}

/// A page worth opening.
#[derive(Debug, Clone, Deserialize)]
pub struct Page {
    /// What it shows.
    pub title: String,
    /// Its address, whole or as a path of `host`.
    pub url: String,
}

impl Manifest {
    /// Replaces the file whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, layout: &Layout) -> Result<(), DemoError> {
        files::write_json(&layout.manifest(), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_promised_shape() {
        let seed: SeedReport = serde_json::from_str(
            r#"{"platform":{"host":"platform.localhost","email":"a@b","password":"p"},
                "tenants":{"riverside":{"id":"1","host":"riverside.localhost","owner":{"email":"o@b","password":"q"},
                "performances":{"seated":"s","not_open_yet":"n","sold_out":"x"}}},
                "show":{"ticket_code":"ABC"}}"#,
        )
        .unwrap();
        assert_eq!(seed.show.ticket_code.as_deref(), Some("ABC"));
        let manifest = Manifest {
            ready_in_s: 4.1,
            bin: Some("target/release/marquee".to_owned()),
            env: "var/8080/demo.env".to_owned(),
            url: "http://127.0.0.1:8080".to_owned(),
            metrics: "http://127.0.0.1:20006/metrics".to_owned(),
            pids: Pids {
                supervisor: 1,
                server: Some(2),
                worker: Some(3),
                postgres: Some(4),
                redis: Some(5),
                stripe: Some(6),
                mail: Some(7),
            },
            database: Database {
                app: "postgres://a".to_owned(),
                platform: "postgres://p".to_owned(),
                owner: "postgres://o".to_owned(),
            },
            redis: "redis://r".to_owned(),
            stripe: Stripe { api_base: "http://s".to_owned(), secret_key: "sk_test_1".to_owned() },
            mail: Mail { smtp: "smtp://m".to_owned(), web: "http://m".to_owned() },
            house: seed.house,
        };
        insta::assert_json_snapshot!(manifest);
    }
}
