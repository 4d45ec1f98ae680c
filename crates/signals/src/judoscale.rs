//! The reports of Judoscale's adapters: what each process of an app posts every ten seconds.
//!
//! Source: judoscale/judoscale-ruby, -python, -node and -java, which are open. Ruby, Python and Node report without a metric where
//! nothing happened, so that an empty report is a sign of life.

use crate::json::{Row, Scalar, second};
use crate::report::{Gauge, Report, Said, Value, process_type};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Process types of dynos that Heroku starts for one command: what they tell is nothing of those that serve.
const ONE_OFFS: [&str; 3] = ["run", "release", "scheduler"];
/// Packages that tell of jobs, by the ends of their names.
const OF_JOBS: [&str; 11] = [
    "sidekiq",
    "resque",
    "solid_queue",
    "delayed_job",
    "good_job",
    "que",
    "shoryuken",
    "bullmq",
    "celery",
    "rq",
    "dramatiq",
];
/// Packages that are looked at: there are as many as an app has libraries of jobs.
const PACKAGES_MAX: usize = 64;

/// Reads a report. Nothing where it is none; an empty one of a one-off dyno.
///
/// What is of an unknown sort is passed over and counted. The last of several fields of one name counts.
#[must_use]
pub fn judoscale(body: &[u8]) -> Option<Report> {
    let Body { container, pid, tells_jobs, mut report, .. } = serde_json::from_slice(body).ok()?;
    let of = process_type(&container);
    if ONE_OFFS.contains(&of) {
        return Some(Report::default());
    }
    // Whoever runs it elsewhere than in a dyno may have no name for it.
    report.alive.insert(if of.is_empty() { "web".to_owned() } else { of.to_owned() });
    // Only the first dyno of each process type tells of jobs, where dynos have numbers: another says nothing of them by being silent.
    let is_first = container.rsplit_once('.').is_none_or(|(_, number)| number == "1");
    report.tells_jobs |= tells_jobs && is_first;
    report.process = (!container.is_empty()).then_some((container, pid));
    Some(report)
}

struct Body {
    container: String,
    pid: u32,
    tells_jobs: bool,
    report: Report,
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut body = Body { container: String::new(), pid: 0, tells_jobs: false, report: Report::default() };
        let mut has_metrics = false;
        while let Some(key) = map.next_key::<Scalar>()? {
            match key.name() {
                Some("container") => body.container = map.next_value::<Scalar>()?.name().unwrap_or_default().to_owned(),
                Some("pid") => {
                    let pid = map.next_value::<Scalar>()?.count();
                    body.pid = pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
                }
                Some("adapters") => body.tells_jobs = map.next_value::<Packages>()?.tell_jobs,
                Some("metrics") => {
                    has_metrics = true;
                    body.report = map.next_value::<Metrics>()?.0;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if has_metrics { Ok(body) } else { Err(A::Error::custom("there are no metrics")) }
    }
}

/// Whether one of the packages tells of jobs.
struct Packages {
    tell_jobs: bool,
}

impl<'de> Deserialize<'de> for Packages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PackagesVisitor;
        impl<'de> Visitor<'de> for PackagesVisitor {
            type Value = Packages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("packages with their versions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Packages, A::Error> {
                let (mut tell_jobs, mut seen) = (false, 0);
                while let Some((name, _)) = map.next_entry::<Scalar, IgnoredAny>()? {
                    seen += 1;
                    tell_jobs |= seen <= PACKAGES_MAX && name.name().is_some_and(tells_jobs);
                }
                Ok(Packages { tell_jobs })
            }

            fn visit_unit<E>(self) -> Result<Packages, E> {
                Ok(Packages { tell_jobs: false })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Packages, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Packages { tell_jobs: false })
            }
        }
        deserializer.deserialize_any(PackagesVisitor)
    }
}

/// `judoscale-delayed_job` and `judoscale-delayed-job`.
fn tells_jobs(package: &str) -> bool {
    let name = package.replace('-', "_");
    OF_JOBS.iter().any(|of| name.strip_suffix(of).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
}

/// The metrics: nothing is one of none.
struct Metrics(Report);

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MetricsVisitor;
        impl<'de> Visitor<'de> for MetricsVisitor {
            type Value = Metrics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of metrics")
            }

            fn visit_unit<E>(self) -> Result<Metrics, E> {
                Ok(Metrics(Report::default()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Metrics, A::Error> {
                let mut report = Report::default();
                while let Some(row) = seq.next_element::<Row<4>>()? {
                    metric(&row, &mut report);
                }
                Ok(Metrics(report))
            }
        }
        deserializer.deserialize_any(MetricsVisitor)
    }
}

/// `[second, number, id, queue]`, of which the last may be nothing, or not there.
fn metric(row: &Row<4>, report: &mut Report) {
    // How long the app itself and the network took is known, and of no use here.
    if matches!(row.values.get(2).and_then(Scalar::name), Some("at" | "nt")) {
        return;
    }
    let value = told(row, report);
    report.tells_jobs |= matches!(value, Some(Value { said: Said::Queue { .. }, .. }));
    report.take(value);
}

fn told(row: &Row<4>, report: &mut Report) -> Option<Value> {
    let (at, number, id) = match row.values.as_slice() {
        [at, number, Scalar::Text(id)] | [at, number, Scalar::Text(id), _] if row.is_list => (at, number, id),
        _ => return None,
    };
    let second = second(at.count()?)?;
    let number = number.count()?;
    let queue = match row.values.get(3) {
        None | Some(Scalar::Nothing) => None,
        Some(name) => Some(name.name()?),
    };
    let gauge = match (id.as_str(), queue) {
        ("qt", None) => return Some(Value { second, said: Said::Waited { millis: number, count: 1 } }),
        ("up", None) => return Some(Value { second, said: Said::Up(number.min(100)) }),
        ("qt", Some(_)) => Gauge::Latency,
        ("qd", Some(_)) => Gauge::Waiting,
        ("busy", Some(_)) => Gauge::Running,
        _ => return None,
    };
    Some(Value { second, said: Said::Queue { queue: report.queue(queue?)?, gauge, number } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(second: i64, said: Said) -> Value {
        Value { second, said }
    }

    #[test]
    fn a_report_is_read_in_all_its_forms() {
        use Said::{Queue, Up, Waited};
        let waited = |second, millis| value(second, Waited { millis, count: 1 });
        let queue = |second, queue, gauge, number| value(second, Queue { queue, gauge, number });
        let full = r#"{"container":"web.1","pid":123,"config":{"log_level":"INFO","sidekiq":{"queues":[]}},
            "adapters":{"judoscale-ruby":{"adapter_version":"1"},"judoscale-sidekiq":{"adapter_version":"1"}},
            "metrics":[[1700000000,12,"qt",null],[1700000000,85,"at",null],[1700000000,5,"nt",null],[1700000003,3,"qd","default"],
                       [1700000003,840,"qt","default"],[1700000003,2,"busy","default"],[1700000003,0,"qd","low"],[1700000004,40,"up",null]]}"#;
        let report = judoscale(full.as_bytes()).unwrap();
        assert_eq!(
            report.values,
            [
                waited(1_700_000_000, 12),
                queue(1_700_000_003, 0, Gauge::Waiting, 3),
                queue(1_700_000_003, 0, Gauge::Latency, 840),
                queue(1_700_000_003, 0, Gauge::Running, 2),
                queue(1_700_000_003, 1, Gauge::Waiting, 0),
                value(1_700_000_004, Up(40)),
            ]
        );
        assert_eq!((report.queues.as_slice(), report.passed_over), (&["default".to_owned(), "low".to_owned()][..], 0));
        assert_eq!((report.process, report.tells_jobs), (Some(("web.1".to_owned(), 123)), true));

        let of = |metrics: &str| judoscale(format!(r#"{{"container":"web.2","metrics":{metrics}}}"#).as_bytes());
        for (case, metrics, values, passed_over) in [
            ("a sign of life", "[]", vec![], 0),
            ("nothing at all", "null", vec![], 0),
            ("without the fourth, as Java has it", r#"[[5,7,"qt"]]"#, vec![waited(5, 7)], 0),
            ("whole numbers as floats", r#"[[5.0,7.4,"qt",null]]"#, vec![waited(5, 7)], 0),
            ("more than all of the time", r#"[[5,130,"up"]]"#, vec![value(5, Up(100))], 0),
            ("of an unknown sort", r#"[[5,7,"zz",null],[5,8,"qt"]]"#, vec![waited(5, 8)], 1),
            ("a depth without a queue", r#"[[5,7,"qd",null]]"#, vec![], 1),
            ("below 0, or no number", r#"[[5,-7,"qt"],[5,"7","qt"],[5,null,"qt"],[-5,7,"qt"]]"#, vec![], 4),
            (
                "too short, too long, no list",
                r#"[[5,7],[5,7,"qt",null,1,[2]],7,"qt",{"a":1},null,true]"#,
                vec![waited(5, 7)],
                6,
            ),
            ("nested", r#"[[5,7,["qt"]],[[5],7,"qt"],[5,7,"qt",{"a":[1]}]]"#, vec![], 3),
            ("a year that no clock shows", r#"[[100000000001,7,"qt"],[1e300,7,"qt"]]"#, vec![], 2),
        ] {
            let report = of(metrics).unwrap();
            assert_eq!((report.values, report.passed_over), (values, passed_over), "{case}");
        }
        for body in
            ["", "[]", "7", "null", "{}", r#"{"container":"web.1"}"#, r#"{"metrics":7}"#, r#"{"metrics":[[5,7,"qt"]"#]
        {
            assert_eq!(judoscale(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn whose_it_is_decides_what_its_silence_says() {
        let of = |container: &str, packages: &str| {
            let body = format!(r#"{{"metrics":[],"pid":"7","container":{container},"adapters":{packages}}}"#);
            let report = judoscale(body.as_bytes()).unwrap();
            (report.alive.into_iter().collect::<Vec<_>>().join(" "), report.tells_jobs, report.process.is_some())
        };
        let sidekiq = r#"{"judoscale-ruby":{},"judoscale-sidekiq":{}}"#;
        for (container, packages, expected) in [
            ("\"web.1\"", sidekiq, ("web", true, true)),
            ("\"worker.2\"", sidekiq, ("worker", false, true)),
            ("\"worker-5d8f7c9b6b-x7k2p\"", r#"{"judoscale-delayed-job":{}}"#, ("worker", true, true)),
            ("\"web.1\"", r#"{"judoscale-ruby":{},"judoscale-rack":{}}"#, ("web", false, true)),
            ("\"web.1\"", "null", ("web", false, true)),
            ("\"web.1\"", "[1]", ("web", false, true)),
            ("null", r#"{"judoscale-celery":{}}"#, ("web", true, false)),
            ("\"run.7331\"", sidekiq, ("", false, false)),
            ("\"release.12\"", sidekiq, ("", false, false)),
            ("\"scheduler.12\"", sidekiq, ("", false, false)),
        ] {
            let (alive, tells_jobs, is_known) = of(container, packages);
            assert_eq!((alive.as_str(), tells_jobs, is_known), expected, "{container} {packages}");
        }
        let one_off = r#"{"container":"run.1","metrics":[[5,7,"qt"]]}"#;
        assert_eq!(judoscale(one_off.as_bytes()), Some(Report::default()));
    }

    #[test]
    fn there_is_an_end_to_what_is_read_of_one() {
        let metrics = (0..100_010).map(|_| r#"[5,7,"qt"]"#).collect::<Vec<_>>().join(",");
        let report = judoscale(format!(r#"{{"container":"web.1","metrics":[{metrics}]}}"#).as_bytes()).unwrap();
        assert_eq!((report.values.len(), report.passed_over), (100_000, 10));
        let metrics = (0..70).map(|nth| format!(r#"[5,7,"qd","q{nth}"]"#)).collect::<Vec<_>>().join(",");
        let report = judoscale(format!(r#"{{"container":"web.1","metrics":[{metrics}]}}"#).as_bytes()).unwrap();
        assert_eq!((report.queues.len(), report.passed_over), (64, 6));
        let long = format!(r#"{{"container":"web.1","metrics":[[5,7,"qd","{}"]]}}"#, "q".repeat(200));
        assert_eq!(judoscale(long.as_bytes()).unwrap().passed_over, 1);
        let deep = format!(r#"{{"metrics":{}"#, "[".repeat(100_000));
        assert_eq!(judoscale(deep.as_bytes()), None);
    }
}
