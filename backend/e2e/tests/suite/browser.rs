//! A seat bought in a real browser at 390 px by keyboard alone, the mail opened, the QR read from the PDF's picture.

use std::path::Path;

use marquee_e2e::cluster::{installed, root};
use marquee_e2e::house::plan;
use marquee_e2e::mail::qr_codes;
use marquee_e2e::site::{Order, codes};
use serde_json::Value;
use tokio::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";
/// A host that browsers treat as secure without a certificate.
const HOST: &str = "riverside.localhost";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_is_bought_by_keyboard_on_a_phone() {
    let missing: Vec<&str> = [("chromium", Path::new(CHROMIUM).exists()), ("npm", installed("npm"))]
        .into_iter()
        .filter_map(|(name, there)| (!there).then_some(name))
        .collect();
    if !missing.is_empty() {
        let sentence =
            format!("the browser test needs {}: infra/demo/setup.sh --with-tests", missing.join(" and "));
        assert!(std::env::var_os("CI").is_none(), "{sentence}");
        eprintln!("NOT RUN: {sentence}");
        return;
    }
    let house = plan()
        .with_mail()
        .open_after(async |database| {
            database
                .run(&format!(
                    "update domains set is_primary = false where host = 'a.test';
                     insert into domains (host, tenant_id, is_primary, verified_at)
                         select '{HOST}', id, true, marquee_now() from tenants where slug = 'riverside'"
                ))
                .await;
        })
        .await;
    let scripts = root().join("backend/e2e/browser");
    if !scripts.join("node_modules/playwright-core").exists() {
        let done = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&scripts)
            .output()
            .await
            .unwrap();
        assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
    let fan = house.fan();
    let ended = Command::new("node")
        .arg("buy.mjs")
        .current_dir(&scripts)
        .env("SITE", format!("http://{HOST}:{}/", house.port(0)))
        .env("MAIL", house.mail_url())
        .env("EMAIL", &fan.email)
        .env("CHROMIUM", CHROMIUM)
        .env("FOLDER", house.folder("browser"))
        .env("RESOLVE", format!("MAP {HOST} 127.0.0.1"))
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    if !ended.status.success() {
        // The picture of what went wrong outlives the test.
        let kept = marquee_e2e::cluster::programs().join("browser-test-failed.png");
        std::fs::copy(house.folder("browser").join("failed.png"), &kept).ok();
        panic!("{}\nsee {}", String::from_utf8_lossy(&ended.stderr), kept.display());
    }
    let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let order = Order { id: text("order"), token: text("token"), body: Value::Null };
    let bought = fan.look(&order).await;
    assert_eq!(bought["status"], "paid");
    assert_eq!(bought["tickets"][0]["holder"], "李小龍 Ní Bhriain");
    let pdf = std::fs::read(text("pdf")).unwrap();
    assert_eq!(qr_codes(&pdf, &house.folder("printed")), codes(&bought));
    house.audited().await;
}
