//! temporary
#[test]
fn plays() {
    for seed in 1..6 {
        let story = flyball_chaos::generate(seed, 60);
        println!("{story}");
        let record = flyball_chaos::play(&story, &flyball_chaos::Between::default()).unwrap();
        println!(
            "notes {} calls {} runs {} timeline {}",
            record.notes.len(),
            record.calls.len(),
            record.runs.len(),
            record.timeline.len()
        );
        for run in &record.runs {
            println!("{} {:?}", run.plan, run.state);
        }
    }
}
