//! The payment simulator, told which accounts exist and where events go.

use std::path::Path;

use nix::sys::signal::Signal;

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;
use crate::ports::Ports;
use crate::probe::Probe;
use crate::process::{Program, Service};
use crate::secrets::Secrets;

const NAME: &str = "stripe";
/// The tenants' connected accounts: id and the name that the account has.
pub const ACCOUNTS: [(&str, &str); 3] = [
    ("acct_riverside", "Riverside Theatre"),
    ("acct_basement", "The Basement"),
    ("acct_arena", "Northlight Arena"),
];

/// What the endpoints are sent, as `docs/stripe.md` has it for Stripe: what may tell us something that no call of ours did.
pub const EVENTS: [&str; 10] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "charge.refunded",
    "charge.refund.updated",
    "charge.dispute.*",
    "refund.*",
];

/// The simulator as the supervisor keeps it. `bin` is the folder of the built programs; events of those kinds go to the
/// server on `port` under the platform's host.
///
/// # Errors
/// When it is not built or its folder cannot be made.
pub fn service(
    layout: &Layout,
    bin: &Path,
    port: u16,
    platform_host: &str,
    events: &[&str],
    ports: &Ports,
    secrets: &Secrets,
) -> Result<Service, DemoError> {
    let path = bin.join("stripe-sim");
    if !path.is_file() {
        return Err(DemoError::MissingProgram(layout.shown(&path)));
    }
    let data = layout.data(NAME);
    files::make_private_folder(&data)?;
    let webhooks = format!("http://{platform_host}:{port}/webhooks/stripe");
    let mut args = Vec::new();
    let mut option = |name: &str, value: String| {
        args.push(name.into());
        args.push(value.into());
    };
    option("--bind", format!("127.0.0.1:{}", ports.stripe));
    option("--data-dir", data.display().to_string());
    option("--publishable-key", secrets.stripe_publishable_key.clone());
    for (id, name) in ACCOUNTS {
        option("--account", format!("{id}={name}"));
    }
    option("--connect-webhook-url", format!("{webhooks}/connect"));
    option("--webhook-url", webhooks);
    option("--webhook-events", events.join(","));
    // Not on the command line, where every user of the machine could read them.
    let env = [
        ("STRIPE_SIM_SECRET_KEY", &secrets.stripe_secret_key),
        ("STRIPE_SIM_WEBHOOK_SECRET", &secrets.stripe_webhook),
        ("STRIPE_SIM_CONNECT_WEBHOOK_SECRET", &secrets.stripe_connect_webhook),
    ];
    Ok(Service {
        program: Program {
            name: NAME,
            path,
            args,
            env: env.map(|(name, value)| (name.to_owned(), value.clone())).to_vec(),
            cwd: data,
            owner: None,
            log: layout.log(NAME),
        },
        stop: Signal::SIGTERM,
        hurry: Signal::SIGKILL,
        probe: Probe::AnyPage(ports.stripe),
        exclusive: None,
    })
}

/// Its address.
pub fn api_base(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.stripe)
}
