//! Flyball's file, as parts that can be left out or changed, and as the text that a person would have written.

use flyball_config::Definitions;
use std::fmt::Write as _;
use std::time::Duration;

/// One who is told of everything.
const CHANNEL: &str = "[[channel]]\nname = \"on call\"\nwebhook = { url = \"https://people.example.com/\", secret = { env = \"SIGNING\" } }\n\n\
    [notify]\ndefault = [\"on call\"]\nremind_every = \"10m\"\n\n";

/// Flyball's file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// The monitors.
    pub monitors: Vec<MonitorStory>,
    /// The reactions.
    pub reactions: Vec<ReactionStory>,
    /// How many restarts, resizes and one-off dynos one app may have in an hour, and how many rollbacks.
    pub limits: Option<(u32, u32)>,
    /// The app that Flyball itself runs on.
    pub own_app: Option<String>,
    /// Whether people are told.
    pub tells: bool,
}

/// One monitor.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorStory {
    /// Its name.
    pub name: String,
    /// The app that it looks at.
    pub app: String,
    /// Its interval.
    pub every: Duration,
    /// What it looks at.
    pub looks: Looks,
    /// The reactions that it calls.
    pub reactions: Vec<String>,
}

/// What a monitor looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looks {
    /// The page's status.
    Page,
    /// That this text is not on the page.
    Keyword(String),
    /// That the page is no slower than this.
    SlowerThan(Duration),
    /// That the dynos are up.
    Dynos,
}

/// One reaction.
#[derive(Debug, Clone, PartialEq)]
pub struct ReactionStory {
    /// Its name.
    pub name: String,
    /// The app that it acts on.
    pub app: String,
    /// When it acts.
    pub policy: PolicyStory,
    /// What it does, and until where.
    pub kind: KindStory,
}

/// When a reaction acts.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyStory {
    /// `failing` or `passing`.
    pub call_on: &'static str,
    /// Causes; none for any.
    pub causes: Vec<&'static str>,
    /// From which matching reading on.
    pub trigger: u32,
    /// The shortest time between two of its runs.
    pub cooldown: Duration,
    /// How long a booting dyno is waited for.
    pub settle: Duration,
    /// Only told.
    pub dry_run: bool,
    /// Also in maintenance mode.
    pub in_maintenance: bool,
    /// Switched on.
    pub enabled: bool,
    /// How long it gives way to what others changed.
    pub give_way: Option<Duration>,
    /// At most this many effects in an hour.
    pub max_per_hour: Option<u32>,
    /// After this many effects in an episode it gives up.
    pub give_up_after: u32,
    /// Also on the app that Flyball runs on.
    pub allow_self: bool,
}

/// What a reaction does, and until where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the settings of the file, and have its names")]
pub enum KindStory {
    ScaleOut { process_type: String, max_quantity: u32 },
    ScaleIn { process_type: String, min_quantity: u32 },
    ScaleUp { process_type: String, max_size: &'static str },
    ScaleDown { process_type: String, min_size: &'static str },
    RestartDyno { dyno: String },
    RestartAll,
    RollBack { min_release: Option<u64>, max_steps: Option<u32> },
    OneOff { command: String, at_once: u32, time_to_live: Duration, repeat: bool },
}

/// A change of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// A reaction's policy becomes this.
    Policy {
        /// Which.
        reaction: String,
        /// What it becomes.
        policy: PolicyStory,
    },
    /// A reaction is not called by a monitor any more.
    Detach {
        /// By which.
        monitor: String,
        /// Which.
        reaction: String,
    },
    /// A reaction is called by a monitor.
    Attach {
        /// By which.
        monitor: String,
        /// Which.
        reaction: String,
    },
}

impl File {
    /// Changes it. What it does not have is not changed.
    pub fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Policy { reaction, policy } => {
                for of in self.reactions.iter_mut().filter(|of| of.name == *reaction) {
                    of.policy = policy.clone();
                }
            }
            Edit::Detach { monitor, reaction } => {
                for by in self.monitors.iter_mut().filter(|by| by.name == *monitor) {
                    by.reactions.retain(|name| name != reaction);
                }
            }
            Edit::Attach { monitor, reaction } => {
                let known = self.reactions.iter().any(|of| of.name == *reaction);
                for by in self.monitors.iter_mut().filter(|by| known && by.name == *monitor) {
                    if !by.reactions.contains(reaction) {
                        by.reactions.push(reaction.clone());
                    }
                }
            }
        }
    }

    /// One reaction by name.
    #[must_use]
    pub fn reaction(&self, name: &str) -> Option<&ReactionStory> {
        self.reactions.iter().find(|reaction| reaction.name == name)
    }

    /// What it defines.
    ///
    /// # Panics
    ///
    /// When the text is not a valid file, which would be a mistake of ours.
    #[must_use]
    pub fn definitions(&self) -> Definitions {
        let text = self.text();
        flyball_config::read("flyball.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"))
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(app) = &self.own_app {
            let _infallible = writeln!(text, "own_app = \"{app}\"\n");
        }
        if let Some((effects, rollbacks)) = self.limits {
            let _infallible =
                writeln!(text, "[limits]\neffects_per_hour = {effects}\nrollbacks_per_hour = {rollbacks}\n");
        }
        if self.tells {
            text.push_str(CHANNEL);
        }
        for monitor in &self.monitors {
            monitor.write(&mut text);
        }
        for reaction in &self.reactions {
            let callers = self.monitors.iter().filter(|monitor| monitor.reactions.contains(&reaction.name));
            reaction.write(&mut text, &callers.map(|monitor| &monitor.looks).collect::<Vec<_>>());
        }
        text
    }
}

/// A length of time as the file has it.
fn time(length: Duration) -> String {
    format!("\"{}\"", flyball_model::duration::print(length))
}

impl MonitorStory {
    fn write(&self, text: &mut String) {
        let Self { name, app, every, looks, reactions } = self;
        let url = format!("http://{app}.localhost/");
        let kind = match looks {
            Looks::Page => format!("http = {{ url = \"{url}\" }}"),
            Looks::Keyword(word) => format!("http = {{ url = \"{url}\", keyword = \"{word}\", present = false }}"),
            Looks::SlowerThan(limit) => format!("http = {{ url = \"{url}\", slower_than = {} }}", time(*limit)),
            Looks::Dynos => format!("heroku_dynos = {{ app = \"{app}\" }}"),
        };
        let every = time(*every);
        let _infallible =
            writeln!(text, "[[monitor]]\nname = \"{name}\"\nevery = {every}\n{kind}\nreactions = {reactions:?}\n");
    }
}

impl Looks {
    /// Whether a failing reading can have this cause, as far as stories have causes.
    fn can_fail_for(&self, cause: &str) -> bool {
        match (self, cause) {
            (Self::Dynos, cause) => cause == "dyno",
            (_, "dyno") => false,
            (looks, "text") => matches!(looks, Self::Keyword(_)),
            (looks, "slow") => matches!(looks, Self::SlowerThan(_)),
            _ => true,
        }
    }
}

impl ReactionStory {
    /// The reaction as the file has it. To wait only for causes that no caller can have is a mistake in a file: such a
    /// story waits for one that its pages never have, and without pages it is switched off, so that it never acts either.
    fn write(&self, text: &mut String, callers: &[&Looks]) {
        let (policy, app) = (&self.policy, &self.app);
        let can = |cause: &&str| callers.is_empty() || callers.iter().any(|looks| looks.can_fail_for(cause));
        let never = !policy.causes.is_empty() && !policy.causes.iter().any(can);
        let has_pages = callers.iter().any(|looks| **looks != Looks::Dynos);
        let causes: &[&str] = match (never, has_pages) {
            (true, true) => &["redirects"],
            (true, false) => &[],
            (false, _) => &policy.causes,
        };
        let enabled = policy.enabled && (!never || has_pages);
        let mut lines = vec![format!("name = \"{}\"", self.name), format!("call_on = \"{}\"", policy.call_on)];
        let mut say = |unless: bool, line: String| {
            if !unless {
                lines.push(line);
            }
        };
        say(causes.is_empty(), format!("causes = {causes:?}"));
        say(policy.trigger == 1, format!("trigger = {}", policy.trigger));
        say(policy.cooldown.is_zero(), format!("cooldown = {}", time(policy.cooldown)));
        say(policy.settle == flyball_model::Policy::SETTLE, format!("settle = {}", time(policy.settle)));
        say(!policy.dry_run, "mode = \"dry_run\"".to_owned());
        say(!policy.in_maintenance, "in_maintenance = true".to_owned());
        say(enabled, "enabled = false".to_owned());
        let gives_way = policy.give_way.map(time).unwrap_or_default();
        say(policy.give_way.is_none(), format!("give_way = {gives_way}"));
        say(policy.max_per_hour.is_none(), format!("max_per_hour = {}", policy.max_per_hour.unwrap_or_default()));
        let usual = flyball_model::Policy::GIVE_UP_AFTER;
        say(policy.give_up_after == usual, format!("give_up_after = {}", policy.give_up_after));
        say(!policy.allow_self, "allow_self = true".to_owned());
        say(false, self.kind.line(app));
        let _infallible = writeln!(text, "[[reaction]]\n{}\n", lines.join("\n"));
    }
}

impl KindStory {
    /// The word of its kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::ScaleOut { .. } => "scale_out",
            Self::ScaleIn { .. } => "scale_in",
            Self::ScaleUp { .. } => "scale_up",
            Self::ScaleDown { .. } => "scale_down",
            Self::RestartDyno { .. } => "restart_dyno",
            Self::RestartAll => "restart_all_dynos",
            Self::RollBack { .. } => "rollback_release",
            Self::OneOff { .. } => "create_one_off_dyno",
        }
    }

    fn line(&self, app: &str) -> String {
        let rest = match self {
            Self::ScaleOut { process_type, max_quantity } => {
                format!(", process_type = \"{process_type}\", max_quantity = {max_quantity}")
            }
            Self::ScaleIn { process_type, min_quantity } => {
                format!(", process_type = \"{process_type}\", min_quantity = {min_quantity}")
            }
            Self::ScaleUp { process_type, max_size } => {
                format!(", process_type = \"{process_type}\", max_size = \"{max_size}\"")
            }
            Self::ScaleDown { process_type, min_size } => {
                format!(", process_type = \"{process_type}\", min_size = \"{min_size}\"")
            }
            Self::RestartDyno { dyno } => format!(", dyno = \"{dyno}\""),
            Self::RestartAll => String::new(),
            Self::RollBack { min_release, max_steps } => {
                let min = min_release.map(|min| format!(", min_release = {min}")).unwrap_or_default();
                let max = max_steps.map(|max| format!(", max_steps = {max}")).unwrap_or_default();
                min + &max
            }
            Self::OneOff { command, at_once, time_to_live, repeat } => {
                let in_doubt = if *repeat { ", in_doubt = \"repeat\"" } else { "" };
                let lives = time(*time_to_live);
                format!(", command = \"{command}\", at_once = {at_once}, time_to_live = {lives}{in_doubt}")
            }
        };
        format!("{} = {{ app = \"{app}\"{rest} }}", self.word())
    }
}
