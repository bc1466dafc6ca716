//! A tenant's staff sign in at their own tenant and nowhere else.

use marquee_e2e::house::plan;
use marquee_tenants::staff::hash_password;
use serde_json::json;

#[tokio::test]
async fn a_session_is_its_tenants_alone() {
    let house = plan().without_worker().open().await;
    let (a, b) = (&house.fixtures.a, &house.fixtures.b);
    let hash = hash_password("correct horse battery").unwrap();
    house
        .database
        .run(&format!(
            "insert into staff (tenant_id, id, email, name, role, password_hash)
             values ('{}', gen_random_uuid(), 'owner@a.test', 'Owner', 'owner', '{hash}')",
            a.id
        ))
        .await;
    let (ours, theirs) = (house.client(a.host), house.client(b.host));
    let credentials = json!({ "email": "Owner@A.test", "password": "correct horse battery" });
    let sessions = "/api/admin/v1/sessions";
    let wrong = json!({ "email": "owner@a.test", "password": "wrong" });
    ours.post(sessions, &wrong).send().await.refused(401, "unauthorized");
    theirs.post(sessions, &credentials).send().await.refused(401, "unauthorized");

    let signed_in = ours.post(sessions, &credentials).send().await;
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("HttpOnly") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(!cookie.to_lowercase().contains("marquee") && !cookie.contains("Domain"), "{cookie}");
    let token = signed_in.expect(200)["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let me = |client: &marquee_e2e::client::Client| {
        client.get("/api/admin/v1/me").header("authorization", &bearer).send()
    };
    assert_eq!(me(&ours).await.expect(200)["tenant"]["id"], a.id);
    me(&theirs).await.refused(401, "unauthorized");
    let platform = house.client(&house.variable("MARQUEE_PLATFORM_HOST"));
    let call = platform.get("/api/platform/v1/me").header("authorization", &bearer).send().await;
    call.refused(401, "unauthorized");
    // A session is no scanner.
    let manifest = format!("/api/door/v1/performances/{}/manifest", a.seated.id);
    ours.get(&manifest).header("authorization", &bearer).send().await.refused(401, "unauthorized");

    let pair = cookie.split(';').next().unwrap();
    let out = ours.delete(sessions).header("authorization", &bearer).header("cookie", pair);
    let out = out.header("origin", &format!("http://{}", a.host)).send().await;
    assert_eq!(out.status, 204, "{}", out.text());
    me(&ours).await.refused(401, "unauthorized");
}
