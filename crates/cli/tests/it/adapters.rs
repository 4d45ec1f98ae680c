//! Adapters of other scalers post to the real binary what they post to those, and it tells what there is to do.

use crate::hooks::ask;
use crate::support::{Stage, wait_for};

const FILE: &str = "[receive.apps.shop]\njudoscale = true\nhirefire = true\n\
                    [receive.apps.blog]\n\
                    [[monitor]]\nname = \"queue\"\nevery = \"10s\"\nqueue_time = { app = \"shop\", at_least = 2 }\n\
                    [[monitor]]\nname = \"busy\"\nevery = \"10s\"\nutilization = { app = \"shop\" }\n\
                    [[monitor]]\nname = \"jobs\"\nevery = \"10s\"\njobs = { app = \"shop\", measure = \"work\", queues = [\"default\"] }\n";

/// Seconds that are to come are taken for those in which they come.
const REPORT: &str = r#"{"container":"web.1","pid":7,"config":{},"adapters":{"judoscale-ruby":{},"judoscale-sidekiq":{}},
    "metrics":[[1900000000,12,"qt",null],[1900000000,40,"up",null],[1900000000,3,"qd","default"],[1900000000,2,"busy","default"]]}"#;
const PUSHED: &[u8] = br#"[{"name":"web","metrics":{"rqt":{"1900000000":[12.0,4]}}}]"#;

#[tokio::test]
async fn what_adapters_post_tells_how_much_there_is_to_do() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let up = stage.serve_with(&[]).await;
    let server = stage.server();
    stage.write(&format!("[notify]\npages = \"{server}\"\n{FILE}"));
    up.until("the file is followed", |up| up.printed().contains("the changed file is applied")).await;

    let shown = stage.run(&["drain", "shop", "--adapter", "judoscale"]).await;
    let url = shown.stdout.strip_prefix("heroku config:set JUDOSCALE_URL=");
    let url = url.and_then(|rest| rest.strip_suffix(" -a shop\n")).unwrap_or_else(|| panic!("{shown:?}"));
    let vars = stage.run(&["drain", "shop", "--adapter", "hirefire"]).await;
    let key = vars.stdout.strip_prefix("heroku config:set HIREFIRE_TOKEN=").and_then(|rest| rest.split(' ').next());
    let key = key.unwrap_or_else(|| panic!("{vars:?}"));
    let hosts = format!(" HIREFIRE_DISPATCH_URL={server} HIREFIRE_DATA_URL={server} -a shop\n");
    assert!(vars.code == Some(0) && vars.stdout.ends_with(&hosts), "{vars:?}");
    let none = stage.run(&["drain", "blog", "--adapter", "judoscale"]).await;
    assert!(none.code == Some(1) && none.stderr.contains("write `judoscale = true` there"), "{none:?}");

    let judoscale = url.strip_prefix(&server).unwrap().to_owned();
    let token = format!("HireFire-Token: {key}\r\n");
    let hirefire = format!("/hirefire/{key}");
    let many = vec![b' '; 4 * 1024 * 1024 + 1];
    let report = REPORT.as_bytes();
    let reports = format!("{judoscale}/v3/reports");
    for (status, method, path, headers, body) in [
        (200, "POST", reports.as_str(), "", report),
        (200, "POST", &judoscale, "", report),
        (200, "POST", &format!("{judoscale}/api/service/v3/reports"), "", report),
        (200, "POST", &reports, "Authorization: Basic YTpi\r\n", b"no report at all \xff".as_slice()),
        (413, "POST", &reports, "", &many),
        (404, "POST", &reports.replace("/judoscale/", "/judoscale/x"), "", report),
        (405, "GET", &reports, "", b""),
        (200, "POST", &hirefire, "", br#"{"1900000000":[12,8],"1900000001":[]}"#),
        (200, "POST", &format!("{hirefire}/metrics/ingest"), "", PUSHED),
        (200, "POST", "/", &token, PUSHED),
        (200, "POST", "/metrics/ingest", &token, PUSHED),
        (401, "POST", "/", "HireFire-Token: 00112233445566778899aabbccddeeff\r\n", PUSHED),
        (401, "POST", "/metrics/lease", "", b""),
        (401, "POST", "/hirefire/00112233445566778899aabbccddeeff", "", PUSHED),
    ] {
        let answer = ask(&server, method, path, headers, body).await;
        assert_eq!(answer.0, status, "{method} {} bytes: {}", body.len(), answer.1);
    }
    let lease = async |process: &str| {
        let headers = format!("{token}HireFire-Process-ID: {process}\r\n");
        ask(&server, "POST", "/metrics/lease", &headers, b"").await.1.to_ascii_lowercase()
    };
    assert!(lease("a").await.contains("hirefire-lease-granted: true"), "one looks");
    assert!(lease("b").await.contains("hirefire-lease-granted: false"), "and another does not");

    for (monitor, words) in [("jobs", "5 jobs to do"), ("busy", "40% busy on 1 dyno"), ("queue", "12ms in the queue")] {
        wait_for(&format!("{monitor} tells a number"), async || {
            assert_eq!(ask(&server, "POST", &reports, "", report).await.0, 200);
            let checked = stage.run(&["check", monitor]).await;
            checked.code == Some(0) && checked.stdout.contains(words)
        })
        .await;
    }
    let doctor = stage.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("✓ judoscale: the adapter of shop reports, last at "), "{doctor:?}");
    let told = up.printed();
    assert!(!told.contains(key) && !told.contains(judoscale.rsplit('/').next().unwrap()), "the log tells a key");
}
