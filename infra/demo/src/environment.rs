//! `demo.env`: the environment with which the program works beside the demo.

use std::thread::available_parallelism;

use crate::layout::Layout;
use crate::ports::Ports;
use crate::secrets::Secrets;
use crate::{mail, postgres, redis, stripe};

/// The staff's host in the demo.
pub const PLATFORM_HOST: &str = "platform.localhost";
/// Connections of a pool: with both roles of a server and the worker, two servers stay far below Postgres' 200.
const POOL: &str = "16";

/// Name and value of each variable, in the order in which the file has them.
pub type Variables = Vec<(String, String)>;

/// What every process of the program shares. A further `marquee serve` finds a port of its own: `BIND` says 0.
pub fn shared(port: u16, ports: &Ports, secrets: &Secrets) -> Variables {
    let database = |role, password| postgres::url(ports.postgres, role, password);
    let cores = available_parallelism().map_or(2, usize::from).to_string();
    let chosen = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    [
        ("DATABASE_URL", database("marquee_app", &secrets.database_app)),
        ("DATABASE_PLATFORM_URL", database("marquee_platform", &secrets.database_platform)),
        ("DATABASE_ADMIN_URL", database("marquee_owner", &secrets.database_owner)),
        ("REDIS_URL", redis::url(ports, secrets)),
        ("STRIPE_API_BASE", stripe::api_base(ports)),
        ("STRIPE_SECRET_KEY", secrets.stripe_secret_key.clone()),
        ("STRIPE_PUBLISHABLE_KEY", secrets.stripe_publishable_key.clone()),
        ("STRIPE_WEBHOOK_SECRET", secrets.stripe_webhook.clone()),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", secrets.stripe_connect_webhook.clone()),
        ("STRIPE_RATE", "0".to_owned()),
        ("SMTP_URL", mail::smtp_url(ports)),
        ("BIND", "127.0.0.1:0".to_owned()),
        ("METRICS_BIND", "127.0.0.1:0".to_owned()),
        ("DOCTOR_SERVER", format!("127.0.0.1:{}", ports.server_metrics)),
        ("PLATFORM_HOST", PLATFORM_HOST.to_owned()),
        ("PUBLIC_SCHEME", "http".to_owned()),
        ("PUBLIC_PORT", port.to_string()),
        ("WORKERS", chosen("MARQUEE_WORKERS", &cores)),
        ("DB_POOL", chosen("MARQUEE_DB_POOL", POOL)),
        ("SECRET_KEY", secrets.application.clone()),
        ("LIMITS", "demo".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (format!("MARQUEE_{name}"), value))
    .collect()
}

/// The shared variables with the addresses of one process of the demo itself.
pub fn with_addresses(shared: &Variables, bind: &str, metrics: u16) -> Variables {
    let own = |name: &str| match name {
        "MARQUEE_BIND" => Some(bind.to_owned()),
        "MARQUEE_METRICS_BIND" => Some(format!("127.0.0.1:{metrics}")),
        _ => None,
    };
    shared.iter().map(|(name, value)| (name.clone(), own(name).unwrap_or_else(|| value.clone()))).collect()
}

/// The file: `KEY=value` lines that a shell (`set -a; . demo.env`) and every dotenv reader understand alike. No value
/// needs quoting; a value from the terminal that would is quoted for both.
pub fn render(layout: &Layout, variables: &Variables) -> String {
    let file = layout.shown(&layout.env_file());
    let mut text = format!("# The environment of the running demo: set -a; . {file}; set +a\n");
    for (name, value) in variables {
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c));
        let value = if plain { value.clone() } else { format!("'{}'", value.replace('\'', "")) };
        text.push_str(&format!("{name}={value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            database_owner: "own".to_owned(),
            database_app: "app".to_owned(),
            database_platform: "plat".to_owned(),
            redis: "red".to_owned(),
            stripe_secret_key: "sk_test_1".to_owned(),
            stripe_publishable_key: "pk_test_1".to_owned(),
            stripe_webhook: "whsec_1".to_owned(),
            stripe_connect_webhook: "whsec_2".to_owned(),
            application: "00ff".to_owned(),
        }
    }

    fn ports() -> Ports {
        Ports {
            postgres: 20_001,
            redis: 20_002,
            stripe: 20_003,
            smtp: 20_004,
            mail_web: 20_005,
            server_metrics: 20_006,
            worker_metrics: 20_007,
        }
    }

    #[test]
    fn the_file_is_as_programs_read_it() {
        let layout = Layout::new(Path::new("/m"), 8080, None);
        let mut variables = shared(8080, &ports(), &secrets());
        // The only lines that depend on the machine.
        variables.retain(|(name, _)| name != "MARQUEE_WORKERS" && name != "MARQUEE_DB_POOL");
        insta::assert_snapshot!(render(&layout, &variables));
    }

    #[test]
    fn the_server_gets_addresses_of_its_own() {
        let own = with_addresses(&shared(8080, &ports(), &secrets()), "127.0.0.1:8080", 20_006);
        let value = |name: &str| own.iter().find(|(one, _)| one == name).unwrap().1.clone();
        assert_eq!(value("MARQUEE_BIND"), "127.0.0.1:8080");
        assert_eq!(value("MARQUEE_METRICS_BIND"), "127.0.0.1:20006");
        assert_eq!(value("MARQUEE_SMTP_URL"), "smtp://127.0.0.1:20004");
    }

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let layout = Layout::new(Path::new("/m"), 8080, None);
        let odd = "a b$HOME;`id`\"#".to_owned();
        let path = std::env::temp_dir().join(format!("marquee-env-{}", std::process::id()));
        std::fs::write(&path, render(&layout, &vec![("MARQUEE_ODD".to_owned(), odd.clone())])).unwrap();
        let script = format!("set -a; . {}; printenv MARQUEE_ODD", path.display());
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{odd}\n"));
        std::fs::remove_file(&path).unwrap();
    }
}
