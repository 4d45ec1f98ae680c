//! Incidents: a line each, and the story of one as text or as a file.

use super::Clockface;
use super::timeline::{self, Stamp};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{BAD, FAINT, STRONG, paint};
use flyball_views::{IncidentStory, IncidentView};

/// When it began, and what happened.
pub(crate) fn line(incident: &IncidentView, face: &Clockface) -> String {
    let words = face.sentence(&incident.words, incident.began_at);
    let words = if incident.ended_at.is_none() { paint(BAD, words) } else { words };
    format!("{}  {words}", paint(FAINT, face.day_and_time(incident.began_at)))
}

/// The story as text.
pub(crate) fn story(story: &IncidentStory, face: &Clockface) -> String {
    let at = story.incident.began_at;
    let mut lines = vec![format!("incident {}", paint(STRONG, story.incident.number))];
    lines.extend(story.sentences.iter().map(|sentence| format!("  {}", face.sentence(sentence, at))));
    lines.extend(story.lines.iter().map(|line| format!("    {}", timeline::line(line, Stamp::DayAndTime, face))));
    lines.join("\n")
}

/// The story as an HTML file that needs nothing from elsewhere.
pub(crate) fn html(story: &IncidentStory, face: &Clockface) -> Result<String, Failure> {
    let at = story.incident.began_at;
    let told = |words: &str| face.sentence(words, at);
    flyball_server::incident_file(story, &|at| face.day_and_time(at), &told)
        .map_err(|error| Failure::new(Exit::NO, "cannot make the file").because(error))
}
