//! What a kind of reaction is: the trait that its file implements, and the macro that makes [`super::Kind`] from the
//! list of all kinds. Nothing outside a kind's own file knows what sets it apart.

use super::drain::Quiet;
use super::limit::Limit;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, Effect, ProcessType, Rank, Sight};
use flyball_settings::Settings;
use std::time::Duration;

/// One kind of reaction: its settings, and what it does with them.
pub(super) trait ReactionKind: Settings {
    /// Its place in the order among those that would act in the same moment. The rank names the effect that it plans,
    /// and from that follows what it must see of the app, and whether it waits for the app to settle.
    const RANK: Rank;

    /// The app that it acts on.
    fn app(&self) -> &AppName;

    /// The account that it acts by.
    fn account(&self) -> &AccountName;

    /// The process type that it scales or resizes.
    fn process_type(&self) -> Option<&ProcessType> {
        None
    }

    /// How far it goes with a quantity or a size.
    fn limit(&self) -> Option<Limit<'_>> {
        None
    }

    /// The environment variables that it reads when it acts.
    fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// How long it must be known what a load was, where it scales to one.
    fn looks_back(&self) -> Option<Duration> {
        None
    }

    /// How long it waits at most for jobs that run before it takes dynos away, where it waits for them.
    fn waits_for_jobs(&self) -> Option<Duration> {
        None
    }

    /// Who is asked that workers take no more jobs, once it begins to wait for those that run.
    fn quiet(&self) -> Option<&Quiet> {
        None
    }

    /// What it does about what is seen. Pure: the same sight gives the same plan.
    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned;

    /// Why it does that, where it knows more of it than whoever calls it.
    fn reason(&self, _sight: &Sight, _known: &Known<'_>) -> Option<Because> {
        None
    }

    /// Whether an effect of its own sort, on its own process type, is one that it could have planned.
    fn may_have_planned(&self, _effect: &Effect) -> bool {
        true
    }
}

/// Makes the enum of all kinds from their list, in the order of the reference.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident, )+) => {
        /// What a reaction does. Closed: the list of kinds is all there is.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $( $(#[$doc])* $kind($kind), )+
        }

        impl Kind {
            /// The word of every kind.
            #[must_use]
            pub const fn words() -> &'static [&'static str] {
                &[$( $kind::KIND ),+]
            }

            /// What the reference says of every kind.
            #[must_use]
            pub fn descriptions() -> Vec<KindDescription> {
                vec![$( KindDescription::of::<$kind>() ),+]
            }

            /// Reads the settings of the kind that `word` names. `None` after mistakes, which are noted; also `None`,
            /// with nothing noted, for a word that is not among [`Kind::words`].
            pub fn read(word: &str, table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                match word {
                    $( $kind::KIND => $kind::from_table(table, span, mistakes).map(Self::$kind), )+
                    _ => None,
                }
            }

            /// The word of this kind.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $( Self::$kind(_) => $kind::KIND, )+
                }
            }

            /// Its place in the order among those that would act in the same moment.
            #[must_use]
            pub const fn rank(&self) -> Rank {
                match self {
                    $( Self::$kind(_) => <$kind as ReactionKind>::RANK, )+
                }
            }

            /// The app that it acts on.
            #[must_use]
            pub fn app(&self) -> &AppName {
                match self {
                    $( Self::$kind(kind) => ReactionKind::app(kind), )+
                }
            }

            /// The account that it acts by.
            #[must_use]
            pub fn account(&self) -> &AccountName {
                match self {
                    $( Self::$kind(kind) => ReactionKind::account(kind), )+
                }
            }

            /// The process type that it scales or resizes.
            #[must_use]
            pub fn process_type(&self) -> Option<&ProcessType> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::process_type(kind), )+
                }
            }

            /// How far it goes with a quantity or a size.
            #[must_use]
            pub fn limit(&self) -> Option<Limit<'_>> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::limit(kind), )+
                }
            }

            /// The environment variables that it reads when it acts.
            pub fn variables(&self) -> Vec<&str> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::variables(kind), )+
                }
            }

            /// What this kind does about what is seen. Pure: the same sight gives the same plan.
            #[must_use]
            pub fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
                match self {
                    $( Self::$kind(kind) => ReactionKind::plan(kind, sight, known), )+
                }
            }

            /// How long it must be known what a load was, where it scales to one.
            #[must_use]
            pub fn looks_back(&self) -> Option<Duration> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::looks_back(kind), )+
                }
            }

            /// How long it waits at most for jobs that run before it takes dynos away, where it waits for them.
            #[must_use]
            pub fn waits_for_jobs(&self) -> Option<Duration> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::waits_for_jobs(kind), )+
                }
            }

            /// Who is asked that workers take no more jobs, once it begins to wait for those that run.
            #[must_use]
            pub fn quiet(&self) -> Option<&Quiet> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::quiet(kind), )+
                }
            }

            /// Why it does what it does about this, where it knows more of it than whoever calls it.
            #[must_use]
            pub fn reason(&self, sight: &Sight, known: &Known<'_>) -> Option<Because> {
                match self {
                    $( Self::$kind(kind) => ReactionKind::reason(kind, sight, known), )+
                }
            }

            /// Whether this effect is one that this kind could have planned, whatever was seen: of its sort, on its process
            /// type, within its limit, with its command. What was not may have been written into the store by anybody.
            #[must_use]
            pub fn may_have_planned(&self, effect: &Effect) -> bool {
                self.rank().effect() == effect.kind()
                    && effect.process_type().is_none_or(|of| Some(of) == self.process_type())
                    && match self {
                        $( Self::$kind(kind) => ReactionKind::may_have_planned(kind, effect), )+
                    }
            }

            /// Whether it makes dynos of the formation boot anew, and so waits for the app to settle.
            #[must_use]
            pub const fn boots_anew(&self) -> bool {
                self.rank().effect().boots_anew()
            }

            /// What it must see to plan.
            #[must_use]
            pub const fn needs(&self) -> Needs {
                self.rank().needs()
            }
        }
    };
}

pub(super) use kinds;
