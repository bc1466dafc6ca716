//! Stripe's official Node library against the simulator.

use std::path::Path;
use std::process::Command;

use stripe_sim::{Config, Endpoint};

use crate::support::{Sim, config};

/// Where the Node test listens for events.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_library_works() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let port = free_port();
    let webhook =
        Some(Endpoint { url: format!("http://127.0.0.1:{port}/hook"), secret: "whsec_node".into() });
    let sim = Sim::with(Config { webhook, ..config() }).await;
    let url = sim.running.base_url.clone();
    let ended = tokio::task::spawn_blocking(move || {
        if !dir.join("node_modules/stripe").exists() {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&dir)
                .status()
                .unwrap();
            assert!(installed.success(), "npm ci");
        }
        Command::new("node")
            .args(["--test", "."])
            .current_dir(&dir)
            .env("STRIPE_SIM_URL", url)
            .env("WEBHOOK_PORT", port.to_string())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let out = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{out}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!out.contains("# pass 0"), "{out}");
}
