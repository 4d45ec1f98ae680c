//! Monitors and reactions as text: what the file says, and what is made beside it. What is made can be changed here, by whoever saw its
//! latest version; the calls are those of the forms.

use super::ask::{Asked, Json as Body, Of};
use super::monitors::Part;
use crate::answer::{FieldMistake, Problem, Problems, VersionProblems};
use crate::guard::Visitor;
use crate::house::House;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flyball_config::Files;
use flyball_engine::commands::{NotMade, Wrong, files_in_force, make_piece, unmake_piece};
use flyball_engine::queries::{definition_of, definitions};
use flyball_model::{Excerpt, Family};
use flyball_store::{MadeText, NewPiece, Piece};
use flyball_views::{DefinitionView, Page};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Monitors and reactions as text, of the file and of what is made: monitors first. The text may hold what only administrators see.
#[utoipa::path(get, path = "/definitions", tag = "definitions", params(Part), responses((status = 200, body = Page<DefinitionView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(part): Asked<Part>,
) -> Result<Json<Page<DefinitionView>>, Problem> {
    let (files, made) = (house.files().await?, house.store().made().await?);
    Ok(Json(part.of(&definitions(&files, &made))?))
}

/// A monitor or a reaction as text. Where both the file and what is made have the name, what is made is shown, since it can be changed.
#[utoipa::path(get, path = "/definitions/{family}/{name}", tag = "definitions", params(("family" = String, Path, description = "`monitor` or `reaction`"), ("name" = String, Path)), responses((status = 200, body = DefinitionView, headers(("ETag" = String, description = "Its version, for `If-Match`"))), Problems))]
pub(crate) async fn one(State(house): State<Arc<House>>, Of(named): Of<Named>) -> Result<Response, Problem> {
    let family = family(&named.family)?;
    let (files, made) = (house.files().await?, house.store().made().await?);
    match There::of(&files, &made, family, &named.name) {
        There::Nothing => Err(no_such(&files, &made, family, &named.name)),
        There::InFile(view) => Ok(told(StatusCode::OK, &view)),
        There::Made(piece) => Ok(told(StatusCode::OK, &definition_of(piece))),
    }
}

/// What a path names.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    family: String,
    name: String,
}

/// A monitor or a reaction as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToDefine {
    /// One `[[monitor]]` or `[[reaction]]` of the path's name, of 64 KiB at most.
    #[schema(example = "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://shop.example/\" }\n")]
    toml: String,
}

/// Make a monitor or a reaction, or change one that is made. It is in force within a second. A change names the version that it is of by
/// `If-Match`; `If-None-Match: *` makes it only where there is none. What stands in the file is changed in the file.
#[utoipa::path(put, path = "/definitions/{family}/{name}", tag = "definitions", params(("family" = String, Path, description = "`monitor` or `reaction`"), ("name" = String, Path), ("If-Match" = Option<String>, Header, description = "The version that is changed, in quotes"), ("If-None-Match" = Option<String>, Header, description = "`*`: only where there is none")), request_body = ToDefine, responses((status = 200, body = DefinitionView, description = "It is changed", headers(("ETag" = String, description = "Its version from now on"))), (status = 201, body = DefinitionView, description = "It is made", headers(("ETag" = String, description = "Its version"))), VersionProblems, Problems))]
pub(crate) async fn put(
    State(house): State<Arc<House>>,
    Of(named): Of<Named>,
    seen: Seen,
    visitor: Visitor,
    Body(to_define): Body<ToDefine>,
) -> Result<Response, Problem> {
    let (status, view) = house.define(&named, to_define.toml, &seen, &visitor).await?;
    Ok(told(status, &view))
}

/// Remove a monitor or a reaction that is made, if nothing else needs it. `If-Match` names the version that is removed.
#[utoipa::path(delete, path = "/definitions/{family}/{name}", tag = "definitions", params(("family" = String, Path, description = "`monitor` or `reaction`"), ("name" = String, Path), ("If-Match" = Option<String>, Header, description = "The version that is removed, in quotes")), responses((status = 204), VersionProblems, Problems))]
pub(crate) async fn remove(
    State(house): State<Arc<House>>,
    Of(named): Of<Named>,
    seen: Seen,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    house.undefine(&named, &seen, &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(status: StatusCode, view: &DefinitionView) -> Response {
    // Versions are digits, or a hash.
    let tag = HeaderValue::try_from(format!("\"{}\"", view.version)).ok();
    (status, tag.map(|tag| [(header::ETAG, tag)]), Json(view)).into_response()
}

fn family(text: &str) -> Result<Family, Problem> {
    text.parse().map_err(|_| Problem::no_such("family", text, [Family::Monitor.word(), Family::Reaction.word()]))
}

fn no_such(files: &Files, made: &MadeText, family: Family, name: &str) -> Problem {
    let defined = files.defined();
    let of_files = defined.iter().filter(|one| one.family == family).map(|one| one.name.as_str());
    let of_pages = made.pieces.iter().filter(|piece| piece.family == family).map(|piece| piece.name.as_str());
    Problem::no_such(family.word(), name, of_files.chain(of_pages))
}

/// What stands under a name.
#[derive(Debug)]
enum There<'m> {
    Nothing,
    InFile(Box<DefinitionView>),
    /// Also beside one in the file: only this one can be changed, or removed.
    Made(&'m Piece),
}

impl<'m> There<'m> {
    fn of(files: &Files, made: &'m MadeText, family: Family, name: &str) -> Self {
        if let Some(piece) = made.pieces.iter().find(|piece| piece.family == family && piece.name == name) {
            return Self::Made(piece);
        }
        let of_file = definitions(files, &MadeText::default()).into_iter();
        let mut same = of_file.filter(|view| view.family == family.word() && view.name == name);
        same.next().map_or(Self::Nothing, |view| Self::InFile(Box::new(view)))
    }
}

/// What whoever asks for a change takes to stand there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// One of these versions, or any.
    version: Option<Tags>,
    /// Nothing.
    nothing: bool,
}

/// The versions of an `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    OneOf(Vec<String>),
}

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl Seen {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let nothing = match field(headers, &header::IF_NONE_MATCH)?.as_deref() {
            None => false,
            Some("*") => true,
            Some(_) => return Err(Problem::not_understood("`If-None-Match` is not `*`")),
        };
        let version = field(headers, &header::IF_MATCH)?.map(|value| tags(&value)).transpose()?;
        Ok(Self { version, nothing })
    }

    /// The version to change of what is there: none where it is to be made.
    fn version_of(&self, there: &There<'_>) -> Result<Option<i64>, Problem> {
        let piece = match (there, &self.version) {
            (There::InFile(view), _) => return Err(in_file(view)),
            (There::Nothing, None) => return Ok(None),
            (There::Nothing, Some(_)) => return Err(another_version("there is none by now")),
            (There::Made(_), _) if self.nothing => return Err(another_version("there is one by now")),
            (There::Made(piece), None) => {
                return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "which version is to be changed?")
                    .because("a change that names no version could undo somebody else's")
                    .hint(format!("look at it as it is now, and send its ETag: `If-Match: \"{}\"`", piece.version)));
            }
            (There::Made(piece), Some(_)) => piece,
        };
        match &self.version {
            Some(Tags::OneOf(tags)) if !tags.contains(&piece.version.to_string()) => {
                Err(another_version(format!("it is version {} by now, of {}", piece.version, piece.changed_by)))
            }
            _ => Ok(Some(piece.version)),
        }
    }
}

/// The one value of a header.
fn field(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Problem> {
    let value = headers.get(name).map(|value| value.to_str().map(|value| value.trim().to_owned()));
    value.transpose().map_err(|_| Problem::not_understood(format!("`{name}` is no text")))
}

/// Strong tags; a weak one names no version.
fn tags(value: &str) -> Result<Tags, Problem> {
    if value == "*" {
        return Ok(Tags::Any);
    }
    let tag = |tag: &str| {
        let tag = tag.trim();
        let quoted = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
        Some((!tag.starts_with("W/")).then(|| quoted.to_owned()))
    };
    let tags: Option<Vec<_>> = value.split(',').map(tag).collect();
    let tags = tags.ok_or_else(|| Problem::not_understood("`If-Match` is neither `*` nor a version in quotes"))?;
    Ok(Tags::OneOf(tags.into_iter().flatten().collect()))
}

fn in_file(view: &DefinitionView) -> Problem {
    let (family, name, file) = (&view.family, &view.name, view.file.as_deref().unwrap_or("the file"));
    Problem::new(StatusCode::CONFLICT, format!("the {family} \"{name}\" stands in {file}"))
        .because("the file is what holds")
        .hint("change it there; what is edited is in force within seconds")
}

fn another_version(by_now: impl Into<String>) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "somebody else has changed it meanwhile")
        .because(by_now.into())
        .hint("look at it as it is now, and decide anew")
}

/// Why nothing was changed.
pub(crate) fn not_made(why: NotMade) -> Problem {
    match why {
        NotMade::Mistakes(wrong) => {
            let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "what was sent has mistakes");
            problem.mistakes = wrong.iter().map(mistake).collect();
            problem
        }
        NotMade::Conflict(_) => Problem::new(StatusCode::CONFLICT, "somebody else has changed it meanwhile")
            .hint("open it again, and change it as it is now"),
        NotMade::TooMany => Problem::new(StatusCode::CONFLICT, "there are as many as may be made in pages")
            .hint("a file has room for more: `flyball export` writes these as one"),
        NotMade::TooLong => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "it is longer than may be")
            .because(format!("at most {} KiB are taken", Piece::PIECE_BYTES_MAX >> 10)),
        NotMade::Store(error) => error.into(),
    }
}

fn mistake(wrong: &Wrong) -> FieldMistake {
    let place = &wrong.mistake.place;
    FieldMistake {
        file: Some(place.file.clone()),
        line: Some(place.line),
        column: Some(place.column),
        ..FieldMistake::of(wrong.key.as_deref().unwrap_or_default(), in_words(wrong))
    }
}

/// What is wrong, and what to do.
pub(crate) fn in_words(wrong: &Wrong) -> String {
    let hint = wrong.mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}{hint}", wrong.mistake.message)
}

/// As for the forms; only that whoever goes by versions is told of one.
fn not_put(why: NotMade) -> Problem {
    match why {
        NotMade::Conflict(Some(piece)) => {
            another_version(format!("it is version {} by now, of {}", piece.version, piece.changed_by))
        }
        NotMade::Conflict(None) => another_version("there is none by now"),
        why => not_made(why),
    }
}

impl House {
    /// The files that are in force.
    pub(crate) async fn files(&self) -> Result<Files, Problem> {
        let files = files_in_force(self.store(), &self.settings.file, self.now()).await?;
        files.ok_or_else(|| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the engine gives no sign of life in its store")
                .hint("`flyball doctor` on its machine says more")
        })
    }

    async fn define(
        &self,
        named: &Named,
        text: String,
        seen: &Seen,
        visitor: &Visitor,
    ) -> Result<(StatusCode, DefinitionView), Problem> {
        let family = family(&named.family)?;
        let (text, unsealed) = self.sealed(family, &text);
        if let Some(why) = unsealed {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "a secret is not sealed").because(why));
        }
        let (files, made, now) = (self.files().await?, self.store().made().await?, self.now());
        let there = There::of(&files, &made, family, &named.name);
        let if_version = seen.version_of(&there)?;
        let (status, id) = match there {
            There::Made(piece) => (StatusCode::OK, piece.id),
            There::Nothing | There::InFile(_) => (StatusCode::CREATED, self.new_id()),
        };
        let (name, by) = (named.name.clone(), Excerpt::of(&visitor.name));
        let piece = NewPiece { id, family, name, text, by };
        let version = make_piece(self.store(), &files, &piece, if_version, now).await.map_err(not_put)?.version;
        let NewPiece { id, family, name, text, by } = piece;
        let piece = Piece { id, family, name, text, version, changed_at: now, changed_by: by };
        Ok((status, definition_of(&piece)))
    }

    async fn undefine(&self, named: &Named, seen: &Seen, visitor: &Visitor) -> Result<(), Problem> {
        let family = family(&named.family)?;
        let (files, made) = (self.files().await?, self.store().made().await?);
        let there = There::of(&files, &made, family, &named.name);
        let (There::Made(piece), Some(version)) = (&there, seen.version_of(&there)?) else {
            return Err(no_such(&files, &made, family, &named.name));
        };
        let by = Excerpt::of(&visitor.name);
        unmake_piece(self.store(), &files, piece.id, version, &by, self.now()).await.map_err(not_put)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Timestamp;
    use flyball_views::DefinitionOrigin;
    use uuid::Uuid;

    #[test]
    fn a_change_is_of_the_version_that_was_seen() {
        let file = "[[monitor]]\nname = \"file\"\nhttp = { url = \"https://a.example/\" }\n";
        let piece = Piece {
            id: Uuid::from_u128(1),
            family: Family::Monitor,
            name: "page".to_owned(),
            text: file.replace("file", "page"),
            version: 7,
            changed_at: Timestamp::EPOCH,
            changed_by: Excerpt::of("ann"),
        };
        let (files, made) = (Files::one("flyball.toml", file), MadeText { version: 7, pieces: vec![piece] });
        for (name, if_match, if_none_match, expected) in [
            ("new", None, None, Ok(None)),
            ("new", None, Some("*"), Ok(None)),
            ("new", Some("\"7\""), None, Err(412)),
            ("new", Some("*"), None, Err(412)),
            ("page", Some("\"7\""), None, Ok(Some(7))),
            ("page", Some("\"3\", \"7\""), None, Ok(Some(7))),
            ("page", Some("*"), None, Ok(Some(7))),
            ("page", Some("\"6\""), None, Err(412)),
            ("page", Some("W/\"7\""), None, Err(412)),
            ("page", Some("7"), None, Err(400)),
            ("page", None, None, Err(428)),
            ("page", None, Some("*"), Err(412)),
            ("page", Some("\"7\""), Some("*"), Err(412)),
            ("page", None, Some("\"7\""), Err(400)),
            ("file", None, None, Err(409)),
            ("file", Some("*"), None, Err(409)),
        ] {
            let mut headers = HeaderMap::new();
            let mut insert = |name, value: Option<&'static str>| {
                value.map(|value| headers.insert(name, HeaderValue::from_static(value)));
            };
            insert(header::IF_MATCH, if_match);
            insert(header::IF_NONE_MATCH, if_none_match);
            let there = There::of(&files, &made, Family::Monitor, name);
            let version = Seen::of(&headers).and_then(|seen| seen.version_of(&there));
            let case = format!("{name}, {if_match:?}, {if_none_match:?}");
            assert_eq!(version.map_err(|problem| problem.status), expected, "{case}");
        }
    }

    #[test]
    fn who_is_refused_for_the_file_is_told_which() {
        let text = "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://a.example/\" }\n";
        let (files, made) = (Files::one("shop.toml", text), MadeText::default());
        let There::InFile(view) = There::of(&files, &made, Family::Monitor, "page") else { panic!("it is not found") };
        assert_eq!(view.origin, DefinitionOrigin::File);
        assert_eq!(in_file(&view).title, "the monitor \"page\" stands in shop.toml");
    }
}
