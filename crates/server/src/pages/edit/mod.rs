//! Making and changing monitors and reactions by forms. What is made so is TOML as a file has it, read by the same reader: each mistake
//! stands beside its field, and the text is shown alongside. What stands in the file is changed in the file.

use super::frame::{Frame, class, shown, shown_with, verdict_word};
use crate::answer::Problem;
use crate::api::ask::{Asked, Form, Of};
use crate::api::definitions::{in_words, not_made};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_config::{Files, Form as Fields, Typed, read_files};
use flyball_engine::commands::{NotMade, Wrong, make_piece, unmake_piece};
use flyball_model::{Excerpt, Family};
use flyball_sealed::NotSealed;
use flyball_settings::{FieldDescription, Need, Shape};
use flyball_store::{NewPiece, Piece};
use flyball_views::Checked;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// Pieces that are listed; of more, each is found from its own page.
const LISTED: usize = 200;

/// A form to start from.
struct Sample {
    name: &'static str,
    family: Family,
    kind: &'static str,
    common: &'static [(&'static str, &'static str)],
    of_kind: &'static [(&'static str, &'static str)],
}

const EVERY: &[(&str, &str)] = &[("every", "30s")];
const OFTEN: &[(&str, &str)] = &[("every", "10s")];
const MINUTES: &[(&str, &str)] = &[("every", "5m")];
const DAILY: &[(&str, &str)] = &[("every", "6h")];
const JSON: &[(&str, &str)] = &[("json", "at: /status\nis: ok")];
/// A reaction only tells what it would do, until somebody who has seen that says otherwise.
const CAREFUL: &[(&str, &str)] = &[("mode", "dry_run"), ("trigger", "2"), ("cooldown", "10m")];
const WEB: &[(&str, &str)] = &[("process_type", "web")];

const SAMPLES: [Sample; 26] = [
    Sample { name: "HTTP GET: Status", family: Family::Monitor, kind: "http", common: EVERY, of_kind: &[] },
    Sample {
        name: "HTTP GET: Keyword",
        family: Family::Monitor,
        kind: "http",
        common: EVERY,
        of_kind: &[("present", "false")],
    },
    Sample { name: "HTTP GET: JSON", family: Family::Monitor, kind: "http", common: EVERY, of_kind: JSON },
    Sample { name: "Number: JSON", family: Family::Monitor, kind: "number", common: OFTEN, of_kind: &[] },
    Sample { name: "Number: Prometheus", family: Family::Monitor, kind: "prometheus", common: OFTEN, of_kind: &[] },
    Sample { name: "TCP: Port", family: Family::Monitor, kind: "tcp", common: EVERY, of_kind: &[] },
    Sample { name: "TLS: Certificate", family: Family::Monitor, kind: "certificate", common: DAILY, of_kind: &[] },
    Sample { name: "DNS: Records", family: Family::Monitor, kind: "dns", common: MINUTES, of_kind: &[] },
    Sample { name: "Told: Heartbeat", family: Family::Monitor, kind: "heartbeat", common: EVERY, of_kind: &[] },
    Sample { name: "Told: Webhook", family: Family::Monitor, kind: "hook", common: EVERY, of_kind: &[] },
    Sample { name: "Heroku: Dyno State", family: Family::Monitor, kind: "heroku_dynos", common: EVERY, of_kind: &[] },
    Sample {
        name: "Heroku: Router",
        family: Family::Monitor,
        kind: "heroku_router",
        common: OFTEN,
        of_kind: &[("measure", "busy")],
    },
    Sample {
        name: "Heroku: Dyno Metrics",
        family: Family::Monitor,
        kind: "heroku_metrics",
        common: OFTEN,
        of_kind: &[("measure", "memory"), ("above", "90%")],
    },
    Sample {
        name: "Heroku: Release",
        family: Family::Monitor,
        kind: "release",
        common: EVERY,
        of_kind: &[("measure", "errors")],
    },
    Sample {
        name: "Adapter: Queue Time",
        family: Family::Monitor,
        kind: "queue_time",
        common: OFTEN,
        of_kind: &[("above", "200ms")],
    },
    Sample { name: "Adapter: Utilization", family: Family::Monitor, kind: "utilization", common: OFTEN, of_kind: WEB },
    Sample {
        name: "Adapter: Jobs",
        family: Family::Monitor,
        kind: "jobs",
        common: OFTEN,
        of_kind: &[("measure", "work")],
    },
    Sample { name: "Scale Out Dynos", family: Family::Reaction, kind: "scale_out", common: CAREFUL, of_kind: WEB },
    Sample { name: "Scale In Dynos", family: Family::Reaction, kind: "scale_in", common: CAREFUL, of_kind: WEB },
    Sample {
        name: "Scale To a Load",
        family: Family::Reaction,
        kind: "scale_to",
        common: &[("mode", "dry_run")],
        of_kind: WEB,
    },
    Sample { name: "Scale Up Dynos", family: Family::Reaction, kind: "scale_up", common: CAREFUL, of_kind: WEB },
    Sample { name: "Scale Down Dynos", family: Family::Reaction, kind: "scale_down", common: CAREFUL, of_kind: WEB },
    Sample { name: "Restart Dyno", family: Family::Reaction, kind: "restart_dyno", common: CAREFUL, of_kind: &[] },
    Sample {
        name: "Restart All Dynos",
        family: Family::Reaction,
        kind: "restart_all_dynos",
        common: CAREFUL,
        of_kind: &[],
    },
    Sample {
        name: "Rollback Release",
        family: Family::Reaction,
        kind: "rollback_release",
        common: CAREFUL,
        of_kind: &[],
    },
    Sample {
        name: "Create One-Off Dyno",
        family: Family::Reaction,
        kind: "create_one_off_dyno",
        common: CAREFUL,
        of_kind: &[],
    },
];

#[derive(Template)]
#[template(path = "edit/list.html")]
struct List {
    frame: Frame,
    monitors: Vec<(usize, &'static str)>,
    reactions: Vec<(usize, &'static str)>,
    pieces: Vec<PieceRow>,
    more: usize,
}

struct PieceRow {
    id: String,
    name: String,
    family: String,
    at: Html,
    by: String,
}

#[derive(Template)]
#[template(path = "edit/page.html")]
struct EditPage {
    frame: Frame,
    title: String,
    action: String,
    family: &'static str,
    kind: String,
    common: Vec<Field>,
    of_kind: Vec<Field>,
    /// Where forms cannot say what stands in the text, the text is changed.
    text_form: Option<String>,
    text: String,
    version: Option<i64>,
    id: Option<String>,
    /// Mistakes that belong to no field.
    general: Vec<String>,
    count: usize,
    tried: Option<Tried>,
    saved: Option<String>,
    may_try: bool,
}

struct Field {
    id: String,
    name: String,
    label: &'static str,
    help: String,
    value: String,
    mistake: Option<String>,
    input: Input,
}

enum Input {
    Line,
    Area,
    Choice(Vec<(String, bool)>),
}

struct Tried {
    class: &'static str,
    word: String,
    words: Html,
    took: String,
    hint: Option<String>,
}

/// What can be made, and what was.
pub(super) async fn list(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    let (status, made) = (house.status().await?, house.store().made().await?);
    let samples = |family| {
        let all = SAMPLES.iter().enumerate().filter(move |(_, sample)| sample.family == family);
        all.map(|(number, sample)| (number, sample.name)).collect()
    };
    let row = |piece: &Piece| PieceRow {
        id: piece.id.to_string(),
        name: piece.name.clone(),
        family: piece.family.to_string(),
        at: moment(piece.changed_at),
        by: piece.changed_by.to_string(),
    };
    shown(&List {
        frame: Frame::of("Make something", "settings", &visitor, &house, &status),
        monitors: samples(Family::Monitor),
        reactions: samples(Family::Reaction),
        pieces: made.pieces.iter().take(LISTED).map(row).collect(),
        more: made.pieces.len().saturating_sub(LISTED),
    })
}

/// Which form to start from.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    sample: usize,
}

/// A new one.
pub(super) async fn new(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Asked(start): Asked<Start>,
) -> Result<Response, Problem> {
    let sample =
        SAMPLES.get(start.sample).ok_or_else(|| Problem::not_understood("there is no such form to start from"))?;
    let owned =
        |fields: &[(&str, &str)]| fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let typed = Typed {
        family: sample.family,
        common: owned(sample.common),
        kind: sample.kind.to_owned(),
        of_kind: owned(sample.of_kind),
    };
    house.edit_page(&visitor, Edit::of(typed)).await
}

/// What is edited, and how it went.
struct Edit {
    family: Family,
    typed: Option<Typed>,
    text: String,
    id: Option<Uuid>,
    version: Option<i64>,
    wrong: Vec<Wrong>,
    unsealed: Option<NotSealed>,
    tried: Option<Checked>,
    is_saved: bool,
}

impl Edit {
    fn of(typed: Typed) -> Self {
        let (family, text) = (typed.family, typed.document());
        Self {
            family,
            typed: Some(typed),
            text,
            id: None,
            version: None,
            wrong: Vec::new(),
            unsealed: None,
            tried: None,
            is_saved: false,
        }
    }

    fn of_piece(piece: &Piece) -> Self {
        Self {
            family: piece.family,
            typed: Typed::of(piece.family, &piece.text),
            text: piece.text.clone(),
            id: Some(piece.id),
            version: Some(piece.version),
            wrong: Vec::new(),
            unsealed: None,
            tried: None,
            is_saved: false,
        }
    }

    /// From what was sent: typed fields, or a text.
    fn sent(family: Family, id: Option<Uuid>, fields: &[(String, String)]) -> Result<Self, Problem> {
        let field = |wanted: &str| fields.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        let below = |prefix: &str| {
            let own =
                fields.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())));
            own.collect::<Vec<_>>()
        };
        let version = match field("version").filter(|version| !version.is_empty()) {
            Some(version) => Some(version.parse().map_err(|_| Problem::not_understood("`version` is none"))?),
            None => None,
        };
        let mut edit = match field("text") {
            Some(text) => {
                // Browsers send lines with both of their ends.
                let text = text.replace("\r\n", "\n");
                Self { typed: None, text, ..Self::of(empty(family)) }
            }
            None => {
                let kind = field("kind").unwrap_or_default().to_owned();
                let unix = |fields: Vec<(String, String)>| {
                    fields.into_iter().map(|(key, value)| (key, value.replace("\r\n", "\n"))).collect()
                };
                Self::of(Typed { family, common: unix(below("common.")), kind, of_kind: unix(below("of.")) })
            }
        };
        edit.id = id;
        edit.version = version;
        Ok(edit)
    }

    /// What it is called.
    fn name(&self) -> String {
        match &self.typed {
            Some(typed) => {
                typed.common.iter().find(|(key, _)| key == "name").map(|(_, name)| name.clone()).unwrap_or_default()
            }
            None => flyball_config::name_of_piece(self.family, &self.text).unwrap_or_default(),
        }
    }
}

fn empty(family: Family) -> Typed {
    Typed { family, common: Vec::new(), kind: String::new(), of_kind: Vec::new() }
}

/// Tries a new one, or makes it.
pub(super) async fn make(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(family): Of<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let family = family.parse().map_err(|_| Problem::not_understood("neither a monitor nor a reaction"))?;
    house.sent(&visitor, Edit::sent(family, None, &fields)?, wants(&fields)).await
}

/// One that was made.
pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
    Asked(saved): Asked<Saved>,
) -> Result<Response, Problem> {
    let piece = house.piece(&id).await?;
    let edit = Edit { is_saved: saved.saved.is_some(), ..Edit::of_piece(&piece) };
    house.edit_page(&visitor, edit).await
}

/// That it was just saved.
#[derive(Debug, Deserialize)]
pub(super) struct Saved {
    saved: Option<String>,
}

/// Tries a change, or makes it.
pub(super) async fn change(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let piece = house.piece(&id).await?;
    house.sent(&visitor, Edit::sent(piece.family, Some(piece.id), &fields)?, wants(&fields)).await
}

/// Which version is to be removed.
#[derive(Debug, Deserialize)]
pub(super) struct Removed {
    version: i64,
}

/// Removes one.
pub(super) async fn remove(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
    Form(removed): Form<Removed>,
) -> Result<Response, Problem> {
    let piece = house.piece(&id).await?;
    let by = Excerpt::of(&visitor.name);
    let files = house.files().await?;
    match unmake_piece(house.store(), &files, piece.id, removed.version, &by, house.now()).await {
        Ok(_) => Ok(Redirect::to("/new").into_response()),
        Err(NotMade::Mistakes(wrong)) => {
            let edit = Edit { wrong, ..Edit::of_piece(&piece) };
            house.edit_page(&visitor, edit).await
        }
        Err(why) => Err(not_made(why)),
    }
}

/// What the button says.
enum Wants {
    Try,
    Save,
}

fn wants(fields: &[(String, String)]) -> Wants {
    if fields.iter().any(|(key, value)| key == "do" && value == "try") { Wants::Try } else { Wants::Save }
}

impl House {
    async fn piece(&self, id: &str) -> Result<Piece, Problem> {
        let no_such = || Problem::new(StatusCode::NOT_FOUND, "there is nothing of this id that was made in pages");
        let id: Uuid = id.parse().map_err(|_| no_such())?;
        self.store().made().await?.pieces.into_iter().find(|piece| piece.id == id).ok_or_else(no_such)
    }

    /// Does what the button says with what was sent.
    async fn sent(&self, visitor: &Visitor, mut edit: Edit, wants: Wants) -> Result<Response, Problem> {
        let (text, unsealed) = self.sealed(edit.family, &edit.text);
        if text != edit.text {
            edit.typed = edit.typed.and_then(|typed| Typed::of(typed.family, &text));
            edit.text = text;
        }
        if unsealed.is_some() {
            edit.unsealed = unsealed;
            return self.edit_page(visitor, edit).await;
        }
        let files = self.files().await?;
        match wants {
            Wants::Try => {
                edit.tried = self.tried(&files, &edit).await?;
                if edit.tried.is_none() {
                    // It cannot be tried as it is: making it would say why, and so does reading it.
                    edit.wrong = self.mistakes(&files, &edit, visitor).await?;
                }
                self.edit_page(visitor, edit).await
            }
            Wants::Save => {
                let piece = self.new_piece(&edit, visitor);
                match make_piece(self.store(), &files, &piece, edit.version, self.now()).await {
                    Ok(_) => Ok(Redirect::to(&format!("/made/{}?saved=yes", piece.id)).into_response()),
                    Err(NotMade::Mistakes(wrong)) => {
                        edit.wrong = wrong;
                        self.edit_page(visitor, edit).await
                    }
                    Err(why) => Err(not_made(why)),
                }
            }
        }
    }

    fn new_piece(&self, edit: &Edit, visitor: &Visitor) -> NewPiece {
        NewPiece {
            id: edit.id.unwrap_or_else(|| self.new_id()),
            family: edit.family,
            name: edit.name(),
            text: edit.text.clone(),
            by: Excerpt::of(&visitor.name),
        }
    }

    /// What is wrong with what was sent, among all else.
    async fn mistakes(&self, files: &Files, edit: &Edit, visitor: &Visitor) -> Result<Vec<Wrong>, Problem> {
        let piece = self.new_piece(edit, visitor);
        Ok(flyball_engine::commands::mistakes_of(self.store(), files, &piece).await?)
    }

    /// Looks once with a monitor that is not made yet; none where it cannot be read.
    async fn tried(&self, files: &Files, edit: &Edit) -> Result<Option<Checked>, Problem> {
        if edit.family != Family::Monitor {
            return Ok(None);
        }
        let name = edit.name();
        let made = self.store().made().await?;
        // Its reactions may be made in pages too.
        let others = made.pieces.iter().filter(|piece| Some(piece.id) != edit.id);
        let others = others.map(|piece| (piece.family, piece.name.as_str(), piece.text.as_str()));
        let all = files.with_made(others.chain([(edit.family, name.as_str(), edit.text.as_str())]));
        let Ok(definitions) = read_files(&all) else { return Ok(None) };
        let Some(monitor) = definitions.monitors.iter().find(|monitor| monitor.name.as_str() == name) else {
            return Ok(None);
        };
        let _place = self.place_to_look()?;
        let reading = self.engine.ports().observe.observe(monitor, self.now()).await;
        Ok(Some(flyball_engine::queries::checked(monitor, &reading, &self.settings.file)))
    }

    async fn edit_page(&self, visitor: &Visitor, edit: Edit) -> Result<Response, Problem> {
        let (status, in_force) = (self.status().await?, self.in_force());
        let names = Names::of(&in_force);
        let form = Fields::of(edit.family);
        let (common, of_kind, kind) = match &edit.typed {
            Some(typed) => {
                let described = form.kinds.iter().find(|kind| kind.word == typed.kind);
                let of_kind = described.map(|kind| kind.fields.as_slice()).unwrap_or_default();
                (
                    fields("common", "", &form.common, &typed.common, &edit.wrong),
                    fields("of", &typed.kind, of_kind, &typed.of_kind, &edit.wrong),
                    typed.kind.clone(),
                )
            }
            None => (Vec::new(), Vec::new(), String::new()),
        };
        let shown_beside = |wrong: &Wrong| {
            let below = |field: &Field| if field.name.starts_with("of.") { kind.as_str() } else { "" };
            common.iter().chain(&of_kind).any(|field| is_of(wrong, below(field), field.label))
        };
        let general = edit.wrong.iter().filter(|wrong| !shown_beside(wrong)).map(in_words);
        let general = edit.unsealed.iter().map(ToString::to_string).chain(general).collect();
        let name = edit.name();
        let folder = if edit.family == Family::Monitor { "monitors" } else { "reactions" };
        let word = edit.family.word();
        let page = EditPage {
            title: if edit.id.is_some() { format!("Change “{name}”") } else { format!("A new {word}") },
            frame: Frame::of("Make something", "settings", visitor, self, &status),
            action: edit.id.map_or_else(|| format!("/new/{word}"), |id| format!("/made/{id}")),
            family: word,
            text_form: edit.typed.is_none().then(|| edit.text.clone()),
            text: edit.text,
            version: edit.version,
            id: edit.id.map(|id| id.to_string()),
            count: edit.wrong.len() + usize::from(edit.unsealed.is_some()),
            general,
            tried: edit.tried.map(|checked| Tried {
                class: class(Some(checked.reading.verdict)),
                word: verdict_word(Some(checked.reading.verdict)),
                words: names.told(checked.reading.words.as_str()),
                took: format!("{} ms", checked.reading.took_ms),
                hint: checked.hint,
            }),
            saved: edit.is_saved.then(|| format!("/{folder}/{}", in_path(&name))),
            may_try: edit.family == Family::Monitor,
            common,
            of_kind,
            kind,
        };
        let has_mistakes = page.count > 0;
        if has_mistakes { shown_with(StatusCode::UNPROCESSABLE_ENTITY, &page) } else { shown(&page) }
    }
}

/// Whether a mistake is of the field of this name, below this key. One that is missing has no place but that of what it is missing in.
fn is_of(wrong: &Wrong, below: &str, name: &str) -> bool {
    let key = wrong.key.as_deref().unwrap_or_default();
    let own = if below.is_empty() { name.to_owned() } else { format!("{below}.{name}") };
    key == own || (key == below && wrong.mistake.message == format!("`{name}` is missing"))
}

fn fields(
    prefix: &str,
    below: &str,
    described: &[FieldDescription],
    typed: &[(String, String)],
    wrong: &[Wrong],
) -> Vec<Field> {
    let field = |description: &FieldDescription| {
        let FieldDescription { name, takes, need, doc, shape } = description;
        let value = typed.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
        let mistakes: Vec<String> = wrong.iter().filter(|wrong| is_of(wrong, below, name)).map(in_words).collect();
        let need = match need {
            Need::Required => "needed".to_owned(),
            Need::Optional => "may be left out".to_owned(),
            Need::Default(words) => format!("{words} where it is left out"),
        };
        Field {
            id: format!("{prefix}-{name}"),
            name: format!("{prefix}.{name}"),
            label: name,
            help: format!("{doc}: {takes}; {need}{}", if may_be_secret(shape) { SEALS } else { "" }),
            mistake: (!mistakes.is_empty()).then(|| mistakes.join("; ")),
            input: input(shape, &value),
            value,
        }
    };
    described.iter().map(field).collect()
}

/// What is said of a field that takes secrets.
const SEALS: &str = "; what is typed as { seal = \"the secret\" } is stored sealed, and never shown again";

fn may_be_secret(shape: &Shape) -> bool {
    match shape {
        Shape::TextOrVariable => true,
        Shape::Table(each) => may_be_secret(each),
        _ => false,
    }
}

fn input(shape: &Shape, value: &str) -> Input {
    let choice = |words: &[&str]| {
        let all = std::iter::once("").chain(words.iter().copied());
        Input::Choice(all.map(|word| (word.to_owned(), word == value)).collect())
    };
    match shape {
        Shape::Switch => choice(&["true", "false"]),
        Shape::Word(words) => choice(words),
        Shape::Table(_) => Input::Area,
        Shape::Text
        | Shape::Length
        | Shape::Number
        | Shape::NumberOrText
        | Shape::Scalar
        | Shape::List(_)
        | Shape::OneOrList(_)
        | Shape::Variable
        | Shape::TextOrVariable => Input::Line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_to_start_from_is_of_a_kind_that_is_there_with_fields_that_it_has() {
        for sample in SAMPLES {
            let form = Fields::of(sample.family);
            let kind = form.kinds.iter().find(|kind| kind.word == sample.kind);
            let kind = kind.unwrap_or_else(|| panic!("{} is of no kind", sample.name));
            let has = |described: &[FieldDescription], key: &str| described.iter().any(|field| field.name == key);
            assert!(sample.common.iter().all(|(key, _)| has(&form.common, key)), "{}", sample.name);
            assert!(sample.of_kind.iter().all(|(key, _)| has(&kind.fields, key)), "{}", sample.name);
        }
    }

    #[test]
    fn a_kind_that_is_there_can_be_made_by_a_form() {
        for family in [Family::Monitor, Family::Reaction] {
            for kind in Fields::of(family).kinds {
                let is_there = SAMPLES.iter().any(|sample| sample.family == family && sample.kind == kind.word);
                assert!(is_there, "{} has no form to start from", kind.word);
            }
        }
    }
}
