//! `heroku-sim` as a process of its own.

use crate::support::{Stage, Up, bare, ended, now};
use std::time::Duration;

const WORLD: &str = "[[account]]\nemail = \"ops@example.com\"\n[[app]]\nname = \"tiny\"\nprocess = [{ type = \"web\", quantity = 2 }]\n\
                     release = [{ deploy = { slug = \"first\" } }]\n";

#[tokio::test]
async fn it_prints_a_line_to_paste_and_the_line_works() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("world.toml"), WORLD).unwrap();
    let arguments = ["heroku-sim", "--listen", "127.0.0.1:0", "--world", "world.toml", "--token", "HRKU-mine"];
    let mut sim = Up::spawn(bare(folder.path(), &arguments));
    sim.until("it prints its page", |sim| sim.printed().contains("/_apps/tiny/")).await;
    let printed = sim.printed();
    let pasted = printed.lines().find(|line| line.starts_with("HEROKU_HOST=")).unwrap();
    let page = printed.lines().find_map(|line| line.strip_prefix("the page of tiny: ")).unwrap();
    let file = format!(
        "[[monitor]]\nname = \"page\"\nhttp = {{ url = \"{page}\" }}\nreactions = [\"more\"]\n\
                        [[reaction]]\nname = \"more\"\nscale_out = {{ app = \"tiny\", max_quantity = 3 }}\n"
    );
    std::fs::write(folder.path().join("flyball.toml"), file).unwrap();
    let with_pasted = |arguments: &[&str]| {
        let mut command = bare(folder.path(), arguments);
        command.envs(pasted.split(' ').filter_map(|variable| variable.split_once('=')));
        command
    };
    assert_eq!(ended(with_pasted(&["doctor"])).await.code, Some(0));
    let without = ended(with_pasted(&["react", "more", "--yes"])).await;
    assert!(without.code == Some(1) && without.stderr.contains("`flyball up` makes it"), "{without:?}");
    flyball_store::Sqlite::open(&folder.path().join("flyball.db")).await.unwrap().close().await;
    assert_eq!(ended(with_pasted(&["check", "page"])).await.code, Some(0));
    let done = ended(with_pasted(&["react", "more", "--yes"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let held = ended(with_pasted(&["react", "more", "--yes"])).await;
    assert!(held.stdout.contains("web has 3 dynos"), "{held:?}");
    let begun = now();
    sim.signal("-TERM").await;
    assert_eq!(sim.end().await.0, Some(0));
    assert!(now().since(begun) < Duration::from_secs(5));
}

#[tokio::test]
async fn a_wrong_world_and_an_address_of_the_outside_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("world.toml"),
        WORLD.replace("tiny", "T").replace("quantity = 2", "quantity = -2"),
    )
    .unwrap();
    let wrong = ended(bare(folder.path(), &["heroku-sim", "--world", "world.toml"])).await;
    assert_eq!(wrong.code, Some(78), "{wrong:?}");
    let outside = ended(bare(folder.path(), &["heroku-sim", "--listen", "0.0.0.0:0"])).await;
    assert!(outside.code == Some(1) && outside.stderr.contains("only loopback addresses"), "{outside:?}");
}

#[tokio::test]
async fn a_world_that_is_no_plain_file_or_too_large_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    // As long as the disk is: no space is taken for it.
    std::fs::File::create(folder.path().join("large")).unwrap().set_len(1 << 40).unwrap();
    for (world, words) in [
        ("folder", "no plain file"),
        ("pipe", "no plain file"),
        ("/dev/zero", "no plain file"),
        ("large", "it is longer than 4194304 bytes"),
    ] {
        let told = ended(bare(folder.path(), &["heroku-sim", "--listen", "127.0.0.1:0", "--world", world])).await;
        assert!(told.code == Some(78) && told.stderr.contains(words), "{world}: {told:?}");
    }
}

#[tokio::test]
async fn the_first_steps_can_be_followed_against_it() {
    let stage = Stage::new().await;
    assert_eq!(stage.run(&["init", "--app", "shop"]).await.code, Some(0));
    let page = stage.sim.page_url("shop");
    let text = std::fs::read_to_string(stage.path("flyball.toml")).unwrap();
    assert!(text.contains(&format!("url = \"{page}\"")) && !text.contains("herokuapp.com"), "{text}");
    for step in [&["validate"][..], &["doctor"], &["check", "shop shows no database error"]] {
        let told = stage.run(step).await;
        assert_eq!(told.code, Some(0), "{told:?}");
    }
}
