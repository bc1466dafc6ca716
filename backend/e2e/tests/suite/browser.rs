//! Real browsers at 390 px, by keyboard alone: a seat bought, the mail opened, the QR read from the PDF's picture; and two
//! seats together found by section in a house of sixty thousand.

use std::path::Path;

use chrono::{TimeDelta, Utc};
use marquee_e2e::cluster::{installed, root};
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::mail::qr_codes;
use marquee_e2e::site::{Order, codes};
use marquee_e2e::wait::until;
use serde_json::Value;
use tokio::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";
/// A host that browsers treat as secure without a certificate.
const HOST: &str = "riverside.localhost";

/// Whether browsers can be driven here; says so where they cannot, and in CI that is a failure.
fn can_browse() -> bool {
    let missing: Vec<&str> = [("chromium", Path::new(CHROMIUM).exists()), ("npm", installed("npm"))]
        .into_iter()
        .filter_map(|(name, there)| (!there).then_some(name))
        .collect();
    if !missing.is_empty() {
        let sentence =
            format!("the browser test needs {}: infra/demo/setup.sh --with-tests", missing.join(" and "));
        assert!(std::env::var_os("CI").is_none(), "{sentence}");
        eprintln!("NOT RUN: {sentence}");
    }
    missing.is_empty()
}

/// A house whose first tenant has a host that browsers trust, and this theme.
async fn house(with_mail: bool, theme: &str) -> House {
    let plan = if with_mail { plan().with_mail() } else { plan() };
    plan.open_after(async |database| {
        database
            .run(&format!(
                "update domains set is_primary = false where host = 'a.test';
                 update tenants set theme = '{theme}' where slug = 'riverside';
                 insert into domains (host, tenant_id, is_primary, verified_at)
                     select '{HOST}', id, true, marquee_now() from tenants where slug = 'riverside'"
            ))
            .await;
    })
    .await
}

/// Walks through the pages of a house by a script; what it tells.
async fn walk(house: &House, script: &str, more: &[(&str, String)]) -> Value {
    let scripts = root().join("backend/e2e/browser");
    // Two tests may come here at once.
    static PACKAGES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let packages = PACKAGES.lock().await;
    if !scripts.join("node_modules/playwright-core").exists() {
        let done = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&scripts)
            .output()
            .await
            .unwrap();
        assert!(done.status.success(), "npm ci: {}", String::from_utf8_lossy(&done.stderr));
    }
    drop(packages);
    let ended = Command::new("node")
        .arg(script)
        .current_dir(&scripts)
        .env("SITE", format!("http://{HOST}:{}/", house.port(0)))
        .env("CHROMIUM", CHROMIUM)
        .env("FOLDER", house.folder("browser"))
        .env("RESOLVE", format!("MAP {HOST} 127.0.0.1"))
        .envs(more.iter().map(|(name, value)| (*name, value.as_str())))
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    if !ended.status.success() {
        // The picture of what went wrong outlives the test.
        let kept = marquee_e2e::cluster::programs().join(format!("{script}-failed.png"));
        std::fs::copy(house.folder("browser").join("failed.png"), &kept).ok();
        panic!("{}\nsee {}", String::from_utf8_lossy(&ended.stderr), kept.display());
    }
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_is_bought_by_keyboard_on_a_phone() {
    if !can_browse() {
        return;
    }
    let house = house(true, "riverside").await;
    let fan = house.fan();
    let told = walk(&house, "buy.mjs", &[("MAIL", house.mail_url()), ("EMAIL", fan.email.clone())]).await;
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let order = Order { id: text("order"), token: text("token"), body: Value::Null };
    let bought = fan.look(&order).await;
    assert_eq!(bought["status"], "paid");
    assert_eq!(bought["tickets"][0]["holder"], "李小龍 Ní Bhriain");
    let pdf = std::fs::read(text("pdf")).unwrap();
    assert_eq!(qr_codes(&pdf, &house.folder("printed")), codes(&bought));
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_date_is_answered_by_keyboard_on_a_phone() {
    if !can_browse() {
        return;
    }
    let house = house(false, "riverside").await;
    let (returner, keeper) = (house.fan(), house.fan());
    let (returned, _) = returner.buy(&returner.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let (kept, _) = keeper.buy(&keeper.hold_seats(&[seat('A', 3)]).await).await;
    let day = |days| (Utc::now() + TimeDelta::days(days)).to_rfc3339();
    let args = ["--new-start", &day(60), "--return-until", &day(20)];
    let args = [&["performance", "postpone", house.fixtures.a.seated.id.as_str()], args.as_slice()].concat();
    let postponed = house.marquee(&args).await;
    assert!(postponed.status.success(), "{}", String::from_utf8_lossy(&postponed.stderr));
    let link =
        |order: &Order| format!("http://{HOST}:{}/orders/{}#t={}", house.port(0), order.id, order.token);
    let links = [("RETURN_LINK", link(&returned)), ("KEEP_LINK", link(&kept))];
    let told = walk(&house, "postponed.mjs", &links).await;
    assert_eq!(told["asked"], "This performance has a new date");
    assert_eq!(told["returned"], "You returned your tickets");
    assert_eq!(told["kept"], "See you there");
    assert_eq!(returner.look(&returned).await["postponement"]["choice"], "return");
    assert_eq!(keeper.look(&kept).await["postponement"]["choice"], "keep");
    until("the money to be back", 30, async || {
        (returner.look(&returned).await["status"] == "refunded").then_some(())
    })
    .await;
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_seats_are_found_by_section_among_sixty_thousand() {
    const SEATS: &str = "60000";
    if !can_browse() {
        return;
    }
    let house = house(false, "arena").await;
    let made =
        house.marquee(&["plan", "generate", "--seats", SEATS, "--tenant", "riverside", "--json"]).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let performance = made["performance_id"].as_str().unwrap().to_owned();
    let client = house.client(HOST);
    until("the house to be on sale", 10, async || {
        let path = format!("/api/v1/performances/{performance}/availability");
        (client.get(&path).send().await.status == 200).then_some(())
    })
    .await;
    let told =
        walk(&house, "arena.mjs", &[("PERFORMANCE", performance.clone()), ("TOTAL", SEATS.to_owned())]).await;
    assert_eq!(told["lines"].as_array().unwrap().len(), 2, "{told}");
    house.audited().await;
}
