//! The pages a fan sees: what scripts of others may rely on is there, and nobody but the brand is named.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::plan;

#[tokio::test]
async fn pages_carry_one_brand() {
    let house = plan().without_worker().open().await;
    for (ours, theirs) in [(&house.fixtures.a, &house.fixtures.b), (&house.fixtures.b, &house.fixtures.a)] {
        let client = house.client(ours.host);
        let hold = house.fan_on(0, ours).hold_seats(&[seat('A', 1)]).await;
        for path in [
            "/".to_owned(),
            format!("/events/{}", ours.seated.event),
            format!("/performances/{}", ours.seated.id),
            format!("/performances/{}", ours.standing.id),
            format!("/checkout/{}", hold.id),
            format!("/orders/{}", hold.id),
        ] {
            let page = client.get(&path).send().await;
            let text = page.text();
            assert_eq!(page.status, 200, "{path}: {text}");
            assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
            assert!(text.contains(ours.name), "{path} does not name its own brand");
            let whole = format!("{:?} {text}", page.headers).to_lowercase();
            for foreign in [theirs.name, theirs.host, &theirs.id, "marquee"] {
                assert!(!whole.contains(&foreign.to_lowercase()), "{path} names {foreign}");
            }
            assert!(page.header("content-security-policy").is_some(), "{path}");
        }
        let missing = client.get("/events/none").send().await;
        assert_eq!(missing.status, 404);
        assert!(missing.text().contains(ours.name), "an error is the brand's page too");
    }
}

#[tokio::test]
async fn browsing_is_cacheable_and_touches_no_units() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let event = fan.client.get(&format!("/api/v1/events/{}", fan.tenant.seated.event)).send().await;
    assert!(event.header("cache-control").unwrap().contains("s-maxage"), "{:?}", event.headers);
    let etag = event.header("etag").unwrap().to_owned();
    let again = fan.client.get(&format!("/api/v1/events/{}", fan.tenant.seated.event));
    assert_eq!(again.header("if-none-match", &etag).send().await.status, 304);
    let plan_url = event.json()["performances"][0]["plan_url"].as_str().unwrap().to_owned();
    let plan = fan.client.get(&plan_url).send().await;
    assert_eq!(plan.status, 200);
    let cache = plan.header("cache-control").unwrap();
    assert!(cache.contains("immutable") && cache.contains("max-age=31536000"), "{cache}");
    // Every row that buyers fight over may be locked, and everybody still sees the pages.
    let mut owner = house.database.owner().await;
    use sqlx::Connection;
    let mut tx = owner.begin().await.unwrap();
    sqlx::raw_sql("lock table units, holds, claims in access exclusive mode")
        .execute(&mut *tx)
        .await
        .unwrap();
    for path in [
        "/".to_owned(),
        plan_url,
        format!("/performances/{}", fan.tenant.seated.id),
        "/api/v1/events".to_owned(),
    ] {
        assert_eq!(fan.client.get(&path).send().await.status, 200, "{path}");
    }
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn the_operators_see_what_is_done() {
    let house = plan().with_mail().open().await;
    let fan = house.fan();
    fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)]))
        .fresh()
        .send()
        .await
        .refused(409, "seat_taken");
    let metrics = house.metrics().await;
    for wanted in [
        "marquee_db_hold_seconds_bucket{tag=\"claim",
        "marquee_db_wait_seconds_bucket{tag=\"claim",
        "marquee_db_wait_seconds_bucket{tag=\"availability.tell",
        "le=\"0.001\"",
        "le=\"0.1\"",
        "marquee_holds_total{strategy=\"ttl\",outcome=\"held\"} 1",
        "marquee_holds_total{strategy=\"ttl\",outcome=\"seat_taken\"} 1",
        "marquee_payments_total{outcome=\"paid\"} 1",
    ] {
        assert!(metrics.contains(wanted), "/metrics lacks {wanted}:\n{metrics}");
    }
    let doctor = house.marquee(&["doctor", "--json"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    assert_eq!(fan.client.get("/metrics").send().await.status, 404, "not on a tenant's site");
}
