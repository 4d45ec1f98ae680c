//! `scale_to`: as many dynos as a load needs, at once; or one after another until a delay is right.

use super::drain::{Drain, Quiet};
use super::fields::{app_and_account, process_type};
use super::kind::ReactionKind;
use super::limit::Limit;
use super::percent::Percent;
use flyball_decide::{Aim, By, Known, KnownLoad, Planned, Stands, Target, Why, WithoutData, aim};
use flyball_model::{
    AccountName, Amount, AppName, Because, Effect, Hours, ProcessType, Quantity, Rank, Sight, Timestamp, duration,
};
use flyball_settings::{Bounds, Fields, Mistake, Node, Settings, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Sets a process type to the quantity that a load needs. It is asked at every reading of its monitor, whatever the verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleTo {
    app: AppName,
    account: AccountName,
    process_type: ProcessType,
    #[serde(flatten)]
    goes_by: GoesBy,
    min_quantity: Quantity,
    max_quantity: Quantity,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    floors: Vec<Floor>,
    slack: Percent,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_out: Option<Quantity>,
    max_in: Quantity,
    stabilize: Duration,
    boot: Duration,
    without_data: Without,
    from_zero: bool,
    #[serde(flatten)]
    drain: Drain,
}

/// How many dynos there are to be at least at some hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Floor {
    during: Hours,
    min_quantity: Quantity,
}

/// By what it is told how many dynos there are to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum GoesBy {
    PerDyno(PerDyno),
    Between(Between),
}

impl ScaleTo {
    /// Default: a tenth of the room of those that stay.
    const SLACK: u32 = 10;
    /// Default: the highest need of this time counts before any dyno is taken.
    const STABILIZE: Duration = Duration::from_secs(300);
    /// The longest: so long looks are remembered.
    pub const STABILIZE_MAX: Duration = Duration::from_secs(3600);
    /// Default: how long a dyno boots.
    const BOOT: Duration = Duration::from_secs(60);
    /// Looks that are further apart than this leave a gap, of whatever interval: three of the longest that makes sense.
    pub const LATE: Duration = Duration::from_secs(90);

    /// So many floors at most: one for each hour of a day, and more than anybody reads. All are asked at each reading.
    const FLOORS_MAX: usize = 24;

    /// A delay that is told over longer than this shows a step too late for the next to be decided by it.
    pub const DELAY_OVER_MAX: Duration = Duration::from_secs(30);

    /// Whether it goes by a delay, and not by a load.
    #[must_use]
    pub const fn goes_by_delay(&self) -> bool {
        matches!(self.goes_by, GoesBy::Between(_))
    }

    /// Whether it goes by a share of the time in which dynos are busy, and not by a load or a delay.
    #[must_use]
    pub const fn goes_by_share(&self) -> bool {
        matches!(self.goes_by, GoesBy::PerDyno(PerDyno::Share(_)))
    }

    /// The load that one dyno carries, where it goes by a load.
    #[must_use]
    pub const fn per_dyno(&self) -> Option<f64> {
        match self.goes_by {
            GoesBy::PerDyno(PerDyno::Load(per_dyno)) => Some(per_dyno),
            GoesBy::PerDyno(PerDyno::Share(_)) | GoesBy::Between(_) => None,
        }
    }

    /// The floor that stands now: the highest of those whose hours it is, where that is above `min_quantity`.
    fn floor(&self, now: Timestamp) -> Option<&Floor> {
        let floors = self.floors.iter().filter(|floor| floor.min_quantity > self.min_quantity);
        floors.filter(|floor| floor.during.contains(now)).max_by_key(|floor| floor.min_quantity)
    }

    fn target(&self, now: Timestamp) -> Target {
        let by = match self.goes_by {
            GoesBy::Between(Between { low, high }) => By::Delay {
                low: Amount::time(low),
                high: Amount::time(high),
                shows_after: self.boot + Self::DELAY_OVER_MAX,
            },
            GoesBy::PerDyno(per_dyno) => {
                By::Load { per_dyno: per_dyno.load(), slack: f64::from(self.slack.get()) / 100.0 }
            }
        };
        Target {
            by,
            min: self.min_quantity.get(),
            floor: self.floor(now).map(|floor| floor.min_quantity.get()),
            max: self.max_quantity.get(),
            max_out: self.max_out.map(Quantity::get),
            max_in: self.max_in.get(),
            stabilize: self.stabilize,
            late: Self::LATE,
            without_data: match self.without_data {
                Without::Hold => WithoutData::Hold,
                Without::AtLeast(least) => WithoutData::AtLeast(least.get()),
            },
            from_zero: self.from_zero,
        }
    }

    fn aim(&self, sight: &Sight, load: KnownLoad<'_>) -> Result<(Quantity, Aim), Because> {
        let Some(process) = sight.process(&self.process_type) else {
            return Err(Because::NoSuchProcessType { process_type: self.process_type.clone() });
        };
        let KnownLoad { now, looks, added_at, acted_at } = load;
        let stands = Stands { now, quantity: process.quantity.get(), added_at, acted_at };
        Ok((process.quantity, aim(&self.target(now), looks, stands)))
    }

    /// Why it holds, or acts.
    fn because(&self, why: Why, quantity: Quantity, now: Timestamp) -> Because {
        let (process_type, max) = (self.process_type.clone(), self.max_quantity);
        match why {
            Why::Needed(needed, load) => Because::LoadNeeds { load, needed: Quantity::new(needed) },
            Why::WereEnough(needed) => Because::WereEnough { needed: Quantity::new(needed), long: self.stabilize },
            Why::TooSlow(delay) => Because::TooSlow { delay },
            Why::FastForLong => Because::FastForLong { long: self.stabilize },
            Why::Enough(load) => Because::Enough { process_type, quantity, load },
            Why::Between(delay) => Because::BetweenDelays { process_type, quantity, delay },
            Why::NeededOfLate(needed) => {
                let (needed, within) = (Quantity::new(needed), self.stabilize);
                Because::NeededOfLate { process_type, quantity, needed, within }
            }
            Why::AtMost(_) if self.goes_by_delay() || quantity > max => {
                Because::AtMaximum { process_type, quantity, max }
            }
            Why::AtMost(needed) => Because::NeedsMore { process_type, quantity, needed: Quantity::new(needed), max },
            Why::AtLeast => Because::AtMinimum { process_type, quantity, min: self.min_quantity },
            Why::Floor(least) => {
                let least = Quantity::new(least);
                let during = self.floor(now).map(|floor| floor.during.to_string()).unwrap_or_default();
                if quantity < least {
                    Because::LeastDuring { least, during }
                } else {
                    Because::KeptDuring { process_type, quantity, least, during }
                }
            }
            Why::StepComesUp(until) => Because::StepComesUp { until },
            Why::FewRequests => Because::FewRequests,
            Why::SetToZero => Because::FromZero { process_type },
            Why::NoData => match self.without_data {
                Without::AtLeast(least) if quantity < least => Because::LeastWithoutData { least },
                Without::AtLeast(_) | Without::Hold => Because::LoadUnknown,
            },
            Why::LinesLost => Because::LinesLost,
            Why::NotKnownForLong => Because::LoadNotKnownForLong { long: self.stabilize },
            Why::TookOfLate(until) => Because::TookOfLate { until },
        }
    }
}

impl ReactionKind for ScaleTo {
    const RANK: Rank = Rank::To;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn process_type(&self) -> Option<&ProcessType> {
        Some(&self.process_type)
    }

    fn limit(&self) -> Option<Limit<'_>> {
        Some(Limit::MaxQuantity(self.max_quantity))
    }

    fn looks_back(&self) -> Option<Duration> {
        Some(self.stabilize + Self::LATE)
    }

    fn waits_for_jobs(&self) -> Option<Duration> {
        self.drain.of(&self.process_type)
    }

    fn quiet(&self) -> Option<&Quiet> {
        self.drain.quiet()
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        // Asked by hand, no monitor has told anything.
        let Some(load) = known.load else { return Planned::Hold(Because::LoadUnknown) };
        match self.aim(sight, load) {
            Err(because) => Planned::Hold(because),
            Ok((quantity, Aim::Hold(why))) => Planned::Hold(self.because(why, quantity, load.now)),
            Ok((from, Aim::Set(to, _))) => Planned::Do(Effect::SetQuantity {
                process_type: self.process_type.clone(),
                from,
                to: Quantity::new(to),
            }),
        }
    }

    fn reason(&self, sight: &Sight, known: &Known<'_>) -> Option<Because> {
        let load = known.load?;
        let (quantity, aim) = self.aim(sight, load).ok()?;
        let (Aim::Set(_, why) | Aim::Hold(why)) = aim;
        Some(self.because(why, quantity, load.now))
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        let Effect::SetQuantity { from, to, .. } = effect else { return false };
        (to > from && *to <= self.max_quantity) || (to < from && *to >= self.min_quantity)
    }
}

impl Settings for ScaleTo {
    const KIND: &str = "scale_to";
    const SUMMARY: &str =
        "sets a process type to the quantity that a measured load needs, between `min_quantity` and `max_quantity`";
    const EXAMPLE: &str = r#"{ app = "shop", per_dyno = 2.5, min_quantity = 2, max_quantity = 10 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let process_type = process_type(fields);
        let doc = "the load that one dyno carries: requests at once, requests a second, jobs, or whatever its monitor measures; of \
                   `utilization`, for which share of the time it may be busy; for a delay, `between`";
        let per_dyno: Option<Option<PerDyno>> = fields.optional("per_dyno", doc);
        let doc = "the delay that is right, as two times: it adds a dyno where it is longer, and takes one where it is shorter";
        let between: Option<Option<Between>> = fields.optional("between", doc);
        let min_quantity: Option<Quantity> = fields.required("min_quantity", "it never sets fewer dynos");
        let max_quantity: Option<Quantity> = fields.required("max_quantity", "it never sets more dynos");
        let doc = "more dynos at some hours: `min_quantity` of each, while it is its `during`. They need no data, and start nothing from 0";
        let floors: Option<Vec<Floor>> = fields.or("floors", Vec::new(), "[]", doc);
        let slack =
            fields.or("slack", Percent::new(Self::SLACK), "\"10%\"", "it takes a dyno only where so much room is left");
        let doc = "dynos added in one step, at most (default: as many as there are, and at least 4; by a delay, 1)";
        let max_out: Option<Option<Quantity>> = fields.optional("max_out", doc);
        let doc = "dynos taken in one step, at most; steps are a minute apart";
        let max_in = fields.or("max_in", Quantity::new(1), "1", doc);
        let bounds = Bounds { least: Duration::from_secs(60), most: Self::STABILIZE_MAX, words: "\"1m\" to \"1h\"" };
        let doc = "the highest need within this time counts before a dyno is taken";
        let stabilize = fields.within("stabilize", Self::STABILIZE, "\"5m\"", &bounds, doc);
        let bounds = Bounds { least: Duration::ZERO, most: Self::STABILIZE_MAX, words: "\"0s\" to \"1h\"" };
        let doc = "by a delay: how long a new dyno takes until it serves";
        let boot = fields.within("boot", Self::BOOT, "\"1m\"", &bounds, doc);
        let doc = "what it does while the load is unknown: nothing, or `{ at_least = 4 }`";
        let without_data = fields.or("without_data", Without::Hold, "\"hold\"", doc);
        let from_zero = fields.or("from_zero", false, "false", "whether it starts what somebody set to 0");
        let drain = Drain::read(fields, process_type.as_ref());

        let (per_dyno, between) = (per_dyno?, between?);
        let hint = || Some(format!("for example: {}", Self::EXAMPLE));
        let goes_by = match (per_dyno, between) {
            (Some(per_dyno), None) => GoesBy::PerDyno(per_dyno),
            (None, Some(between)) => GoesBy::Between(between),
            (None, None) => {
                fields.wrong("per_dyno", "neither `per_dyno` nor `between`", "one of the two belongs here", hint());
                return None;
            }
            (Some(_), Some(_)) => {
                fields.wrong("between", "both `per_dyno` and `between`", "expected one of the two", hint());
                return None;
            }
        };
        let (min_quantity, max_quantity, max_in) = (min_quantity?, max_quantity?, max_in?);
        if min_quantity > max_quantity {
            fields.wrong("min_quantity", "`min_quantity` is above `max_quantity`", "expected at most that", None);
            return None;
        }
        let floors = floors?;
        if floors.len() > Self::FLOORS_MAX {
            fields.wrong(
                "floors",
                format!("{} floors", floors.len()),
                format!("expected {} at most", Self::FLOORS_MAX),
                None,
            );
            return None;
        }
        if let Some(floor) = floors.iter().find(|floor| floor.min_quantity > max_quantity) {
            let message = format!("a floor of {} is above `max_quantity`", floor.min_quantity);
            fields.wrong("floors", message, format!("expected {max_quantity} at most"), None);
            return None;
        }
        for (name, quantity) in [("max_in", Some(max_in)), ("max_out", max_out?)] {
            if quantity == Some(Quantity::ZERO) {
                fields.wrong(name, format!("`{name}`: no dyno at all"), "expected 1 or more", None);
                return None;
            }
        }
        Some(Self {
            app: app?,
            account: account?,
            process_type: process_type?,
            goes_by,
            min_quantity,
            max_quantity,
            floors,
            slack: slack?,
            max_out: max_out?,
            max_in,
            stabilize: stabilize?,
            boot: boot?,
            without_data: without_data?,
            from_zero: from_zero?,
            drain: drain?,
        })
    }
}

/// Takes a value, or tells that it is none.
fn or_refuse<T: Take>(
    value: Option<T>,
    node: &Node,
    message: impl Into<String>,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    if value.is_none() {
        mistakes.push(Mistake::new(node.span.clone(), message, format!("expected {}", T::expected())));
    }
    value
}

/// The load that one dyno carries.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PerDyno {
    /// So much.
    Load(f64),
    /// Being busy for so many hundredths of the time.
    Share(u32),
}

impl PerDyno {
    fn load(self) -> f64 {
        match self {
            Self::Load(load) => load,
            Self::Share(percent) => f64::from(percent) / 100.0,
        }
    }
}

impl Serialize for PerDyno {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Load(load) => serializer.serialize_f64(*load),
            Self::Share(percent) => serializer.serialize_str(&format!("{percent}%")),
        }
    }
}

impl Take for PerDyno {
    fn expected() -> String {
        "a number above 0 such as 2.5, or of utilization a whole percentage from \"1%\" to \"100%\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Scalar
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        // Below the least, one request would ask for more dynos than anybody has.
        const LEAST: f64 = 0.001;
        let number = match node.value {
            #[expect(clippy::cast_precision_loss, reason = "beyond what a float has exactly it is beyond the bound")]
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            Value::Text(ref text) if text.trim().ends_with('%') => {
                let percent = text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse().ok());
                let share = percent.filter(|percent| (1..=100).contains(percent)).map(Self::Share);
                return or_refuse(share, node, "no share of a dyno's time", mistakes);
            }
            Value::Text(ref text) if duration::parse(text.trim()).is_ok() => {
                let message = "a delay does not halve when dynos double";
                let hint = "where the monitor measures a time, say `between = [\"20ms\", \"150ms\"]`";
                mistakes.push(
                    Mistake::new(node.span.clone(), message, format!("expected {}", Self::expected())).hint(hint),
                );
                return None;
            }
            _ => f64::NAN,
        };
        let number = (LEAST..=Amount::MAX).contains(&number).then_some(Self::Load(number));
        or_refuse(number, node, "no load that a dyno could carry", mistakes)
    }
}

/// The delay that is right.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    low: Duration,
    high: Duration,
}

impl Serialize for Between {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [duration::print(self.low), duration::print(self.high)].serialize(serializer)
    }
}

impl Take for Between {
    fn expected() -> String {
        "two lengths of time, the shorter first, such as [\"20ms\", \"150ms\"]".to_owned()
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Length))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let times = Vec::<Duration>::take(node, mistakes)?;
        let between = match times.as_slice() {
            [low, high] if low < high => Some(Self { low: *low, high: *high }),
            _ => None,
        };
        or_refuse(between, node, "not two times, of which the first is shorter", mistakes)
    }
}

impl Settings for Floor {
    const KIND: &str = "floor";
    const SUMMARY: &str = "how many dynos there are to be at least at some hours";
    const EXAMPLE: &str = r#"{ during = "Mon-Fri 08:00-20:00 Europe/Berlin", min_quantity = 4 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let during = fields.required("during", "at which hours");
        let min_quantity = fields.required("min_quantity", "how many dynos at least");
        Some(Self { during: during?, min_quantity: min_quantity? })
    }
}

impl Take for Floor {
    fn expected() -> String {
        <Self as Settings>::EXAMPLE.to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::Table(table) = &node.value {
            return Self::from_table(table, node.span.clone(), mistakes);
        }
        or_refuse(None, node, format!("found {}", node.value.kind()), mistakes)
    }
}

/// What it does while the load is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    Hold,
    AtLeast(Quantity),
}

impl Serialize for Without {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hold => serializer.serialize_str("hold"),
            Self::AtLeast(least) => serializer.collect_map([("at_least", least)]),
        }
    }
}

impl Take for Without {
    fn expected() -> String {
        "\"hold\" or { at_least = 4 }".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "hold" => Some(Self::Hold),
            Value::Table(table) => match table.entries.as_slice() {
                [(key, node)] if key.name == "at_least" => Quantity::take(node, mistakes).map(Self::AtLeast),
                _ => or_refuse(None, node, "it says something else", mistakes),
            },
            _ => or_refuse(None, node, "it says something else", mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{outcome, shop};

    /// Measured every ten seconds for six minutes until now, the last of them this.
    #[test]
    fn it_sets_what_the_load_needs_within_its_bounds() {
        let kind = r#"scale_to = { app = "shop", per_dyno = 25, min_quantity = 2, max_quantity = 8 }"#;
        let web = |quantity| shop().web(quantity, "standard-1x");
        for (case, quantity, before, now, expected) in [
            ("enough", 3, 60.0, Some(60.0), "enough"),
            ("too many for them", 3, 60.0, Some(120.0), "web of shop from 3 to 5"),
            ("four more at once", 2, 60.0, Some(190.0), "web of shop from 2 to 6"),
            ("more than there may be", 8, 60.0, Some(900.0), "needs_more"),
            ("idle for long", 6, 10.0, Some(10.0), "web of shop from 6 to 5"),
            ("idle for a moment", 6, 120.0, Some(10.0), "needed_of_late"),
            ("as few as there may be", 2, 0.0, Some(0.0), "enough"),
            ("more than there may be, set by somebody", 12, 10.0, Some(10.0), "web of shop from 12 to 11"),
            ("unknown", 3, 60.0, None, "load_unknown"),
            ("somebody set 0", 0, 60.0, Some(60.0), "from_zero"),
        ] {
            assert_eq!(outcome(kind, &web(quantity).measured(before, now)), expected, "{case}");
        }
        let least = r#"scale_to = { app = "shop", per_dyno = 25, min_quantity = 2, max_quantity = 8, without_data = { at_least = 4 } }"#;
        assert_eq!(outcome(least, &web(3).measured(60.0, None)), "web of shop from 3 to 4");
        assert_eq!(outcome(least, &web(5).measured(60.0, None)), "load_unknown");
        assert_eq!(outcome(kind, &web(3)), "load_unknown", "asked by hand");
        let worker = kind.replace("app = \"shop\"", "app = \"shop\", process_type = \"clock\"");
        assert_eq!(outcome(&worker, &web(3).measured(60.0, Some(60.0))), "no_such_process_type");
    }

    #[test]
    fn a_floor_stands_in_its_hours() {
        // It is Tuesday, 22:13 in UTC.
        let with = |floors: &str| {
            format!(
                "scale_to = {{ app = \"shop\", per_dyno = 25, min_quantity = 1, max_quantity = 8, floors = [{floors}] }}"
            )
        };
        let day = r#"{ during = "Mon-Fri 08:00-20:00 UTC", min_quantity = 6 }"#;
        let night = r#"{ during = "Tue 20:00-06:00 UTC", min_quantity = 3 }"#;
        let later = r#"{ during = "Tue 22:00-23:00 UTC", min_quantity = 4 }"#;
        let web = |quantity| shop().web(quantity, "standard-1x");
        for (case, floors, quantity, load, expected) in [
            ("outside its hours", vec![day], 2, Some(10.0), "enough"),
            ("in its hours", vec![day, night], 2, Some(10.0), "web of shop from 2 to 3"),
            ("the highest of two", vec![night, later, day], 2, Some(10.0), "web of shop from 2 to 4"),
            ("without data", vec![night], 2, None, "web of shop from 2 to 3"),
            ("kept", vec![night], 3, Some(10.0), "kept_during"),
            ("nobody's zero", vec![night], 0, Some(10.0), "from_zero"),
        ] {
            let before = if expected == "enough" { 40.0 } else { 10.0 };
            let load = if expected == "enough" { Some(40.0) } else { load };
            assert_eq!(outcome(&with(&floors.join(", ")), &web(quantity).measured(before, load)), expected, "{case}");
        }
    }

    #[test]
    fn what_it_may_have_planned_is_within_its_bounds() {
        let kind = r#"scale_to = { app = "shop", per_dyno = 25, min_quantity = 2, max_quantity = 8 }"#;
        for (from, to, may) in
            [(2, 6, true), (6, 5, true), (6, 2, true), (3, 3, false), (2, 9, false), (6, 1, false), (12, 11, true)]
        {
            assert_eq!(crate::kinds::testing::may_have_planned(kind, from, to), may, "{from} to {to}");
        }
    }
}
