//! What HireFire's adapters push: in the form that is released, and in that of those to come.
//!
//! Source: hirefire/hirefire-resource-ruby, -python and -node, which are open. The released form has the queue times of each second; the
//! next has means with how many they are of, tells of jobs by itself, and says of a second without a request that there was none.

use crate::json::{Row, Scalar, second};
use crate::report::{Gauge, Report, Said, VALUES_MAX, Value};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Requests of a second that are told one by one: who has more of them in one process has a mean of as many.
const OF_A_SECOND_MAX: usize = 10_000;
/// Requests of a second that a mean is told of.
const COUNT_MAX: u64 = 100_000;

/// Reads what was pushed. Nothing where it is neither form.
#[must_use]
pub fn hirefire(body: &[u8]) -> Option<Report> {
    serde_json::from_slice::<Body>(body).ok().map(|body| body.0)
}

struct Body(Report);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("queue times by their seconds, or metrics by their process types")
    }

    /// `{"1700000000":[12,8]}`
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut report = Report::default();
        report.alive.insert("web".to_owned());
        while let Some((at, row)) = map.next_entry::<Scalar, Row<OF_A_SECOND_MAX>>()? {
            waited(&at, &row, &mut report);
        }
        Ok(Body(report))
    }

    /// `[{"name":"web","metrics":{"rqt":{"1700000000":[12.5,2]}}}]`
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Body, A::Error> {
        let mut report = Report::default();
        while let Some(Of { name, metrics }) = seq.next_element()? {
            let Some(name) = name.filter(|_| metrics.is_some()) else {
                report.passed_over += 1;
                continue;
            };
            let metrics = metrics.unwrap_or_default();
            report.passed_over += metrics.passed_over;
            if report.alive.len() < crate::report::QUEUES_MAX {
                report.alive.insert(name.clone());
            }
            for Metric { at, id, row } in metrics.told {
                let value = told(&name, at, id, &row, &mut report);
                report.take(value);
            }
        }
        report.tells_jobs = !report.queues.is_empty();
        Ok(Body(report))
    }
}

/// The times of one second; an empty list is one without a request.
fn waited(at: &Scalar, row: &Row<OF_A_SECOND_MAX>, report: &mut Report) {
    let Some(second) = of_text(at).filter(|_| row.is_list) else {
        report.passed_over += 1;
        return;
    };
    if row.values.is_empty() {
        report.take(Some(Value { second, said: Said::NoRequest }));
    }
    for millis in &row.values {
        let said = millis.count().map(|millis| Said::Waited { millis, count: 1 });
        report.take(said.map(|said| Value { second, said }));
    }
}

/// What one process type tells.
struct Of {
    name: Option<String>,
    metrics: Option<Metrics>,
}

#[derive(Default)]
struct Metrics {
    told: Vec<Metric>,
    passed_over: u64,
}

struct Metric {
    at: i64,
    id: Id,
    row: Row<3>,
}

#[derive(Clone, Copy)]
enum Id {
    Times,
    Of(Gauge),
}

fn told(name: &str, second: i64, id: Id, row: &Row<3>, report: &mut Report) -> Option<Value> {
    let said = match (id, row.values.as_slice(), row.is_list) {
        (Id::Times, [], true) => Said::NoRequest,
        (Id::Times, [mean, count], true) => match count.count()?.min(COUNT_MAX) {
            0 => Said::NoRequest,
            count => Said::Waited { millis: mean.count()?, count: u32::try_from(count).ok()? },
        },
        (Id::Of(gauge), [number], false) => {
            let number = match (gauge, number) {
                // It is told in seconds.
                (Gauge::Latency, Scalar::Number(seconds)) => Scalar::Number(seconds * 1000.0).count()?,
                (_, number) => number.count()?,
            };
            Said::Queue { queue: report.queue(name)?, gauge, number }
        }
        _ => return None,
    };
    Some(Value { second, said })
}

/// A second as the key of a map.
fn of_text(at: &Scalar) -> Option<i64> {
    second(at.name()?.parse().ok()?)
}

impl<'de> Deserialize<'de> for Of {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfVisitor;
        impl<'de> Visitor<'de> for OfVisitor {
            type Value = Of;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what a process type tells")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Of, A::Error> {
                let mut of = Of { name: None, metrics: None };
                while let Some(key) = map.next_key::<Scalar>()? {
                    match key.name() {
                        Some("name") => of.name = map.next_value::<Scalar>()?.name().map(str::to_owned),
                        Some("metrics") => of.metrics = Some(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(of)
            }
        }
        deserializer.deserialize_map(OfVisitor)
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MetricsVisitor;
        impl<'de> Visitor<'de> for MetricsVisitor {
            type Value = Metrics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("metrics by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metrics, A::Error> {
                let mut metrics = Metrics::default();
                while let Some(key) = map.next_key::<Scalar>()? {
                    let id = match key.name() {
                        Some("rqt") => Id::Times,
                        Some("jqs") => Id::Of(Gauge::Waiting),
                        Some("jql") => Id::Of(Gauge::Latency),
                        Some("wrk") => Id::Of(Gauge::Running),
                        // It is known, and of no use here: it says nothing of waiting.
                        Some("cpu") => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            metrics.passed_over += 1;
                            continue;
                        }
                    };
                    let series = map.next_value::<Series>()?;
                    metrics.passed_over += series.passed_over;
                    for (at, row) in series.told {
                        if metrics.told.len() < VALUES_MAX {
                            metrics.told.push(Metric { at, id, row });
                        } else {
                            metrics.passed_over += 1;
                        }
                    }
                }
                Ok(metrics)
            }
        }
        deserializer.deserialize_map(MetricsVisitor)
    }
}

/// What was so in each second.
struct Series {
    told: Vec<(i64, Row<3>)>,
    passed_over: u64,
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SeriesVisitor;
        impl<'de> Visitor<'de> for SeriesVisitor {
            type Value = Series;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values by their seconds")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Series, A::Error> {
                let mut series = Series { told: Vec::new(), passed_over: 0 };
                while let Some((at, row)) = map.next_entry::<Scalar, Row<3>>()? {
                    match of_text(&at) {
                        Some(at) if series.told.len() < VALUES_MAX => series.told.push((at, row)),
                        _ => series.passed_over += 1,
                    }
                }
                Ok(series)
            }
        }
        deserializer.deserialize_map(SeriesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(second: i64, millis: u64, count: u32) -> Value {
        Value { second, said: Said::Waited { millis, count } }
    }

    #[test]
    fn both_forms_are_read() {
        let none = |second| Value { second, said: Said::NoRequest };
        let of = |gauge, number| Value { second: 9, said: Said::Queue { queue: 0, gauge, number } };
        for (case, body, values, passed_over, alive) in [
            ("nothing", "{}", vec![], 0, "web"),
            ("the released one", r#"{"7":[12,8],"8":[]}"#, vec![waited(7, 12, 1), waited(7, 8, 1), none(8)], 0, "web"),
            ("floats", r#"{"7":[12.4]}"#, vec![waited(7, 12, 1)], 0, "web"),
            ("no times", r#"{"7":[-1,"a",null],"x":[1],"8":9}"#, vec![], 5, "web"),
            ("nobody", "[]", vec![], 0, ""),
            ("the next one", r#"[{"name":"web","metrics":{"rqt":{"7":[25.0,3]}}}]"#, vec![waited(7, 25, 3)], 0, "web"),
            ("without a request", r#"[{"name":"web","metrics":{"rqt":{"7":[]}}}]"#, vec![none(7)], 0, "web"),
            ("none, told by a number", r#"[{"name":"web","metrics":{"rqt":{"7":[0.0,0]}}}]"#, vec![none(7)], 0, "web"),
            (
                "jobs",
                r#"[{"name":"worker","metrics":{"jqs":{"9":42},"jql":{"9":1.5},"wrk":{"9":3},"cpu":{"9":80}}}]"#,
                vec![of(Gauge::Waiting, 42), of(Gauge::Latency, 1500), of(Gauge::Running, 3)],
                0,
                "worker",
            ),
            (
                "odd",
                r#"[{"metrics":{}},{"name":"web"},{"name":"web","x":1,"metrics":{"zz":{"7":1},"rqt":{"7":[1],"8":5,"y":[1,1]},"jqs":{"9":[4]}}}]"#,
                vec![],
                7,
                "web",
            ),
        ] {
            let report = hirefire(body.as_bytes()).unwrap();
            assert_eq!((report.values.as_slice(), report.passed_over), (values.as_slice(), passed_over), "{case}");
            assert_eq!(report.alive.into_iter().collect::<Vec<_>>().join(" "), alive, "{case}");
        }
        for body in ["", "7", "null", "[7]", r#"{"7":[12"#, r#"[{"name":"web","metrics":7}]"#] {
            assert_eq!(hirefire(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn there_is_an_end_to_what_is_read() {
        let seconds = (0..100_010).map(|nth| format!(r#""{nth}":[1.0,2]"#)).collect::<Vec<_>>().join(",");
        let report = hirefire(format!(r#"[{{"name":"web","metrics":{{"rqt":{{{seconds}}}}}}}]"#).as_bytes()).unwrap();
        assert_eq!((report.values.len(), report.passed_over), (100_000, 10));
        let many = r#"[{"name":"web","metrics":{"rqt":{"7":[1.0,9999999999]}}}]"#;
        assert_eq!(hirefire(many.as_bytes()).unwrap().values, [waited(7, 1, 100_000)]);
    }
}
