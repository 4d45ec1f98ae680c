//! `[[channel]]`: by what people are told.

use crate::entries::{Entry, Family};
use crate::found::Found;
use flyball_channels::{Channel, Kind};
use flyball_model::ChannelName;
use flyball_settings::{Fields, Settings, describe};

/// What every channel has, whatever it tells by.
pub(crate) struct ChannelFields {
    name: ChannelName,
}

impl Settings for ChannelFields {
    const KIND: &str = "channel";
    const SUMMARY: &str = "by what people are told; who is told what is said by `[notify]`, monitors and reactions";
    const EXAMPLE: &str = "name = \"on call\"\npagerduty = { routing_key = { env = \"PAGERDUTY_KEY\" } }";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "what you call it, unique among channels");
        Some(Self { name: name? })
    }
}

/// The family of channels.
pub(crate) fn family() -> Family {
    let example = Kind::descriptions().into_iter().next().map(|kind| format!("{} = {}", kind.word, kind.example));
    Family {
        word: ChannelFields::KIND,
        purpose: "says by what people are told",
        kinds: Kind::words().to_vec(),
        fields: describe::<ChannelFields>().into_iter().map(|field| field.name).collect(),
        example: example.unwrap_or_default(),
    }
}

/// Reads a channel whose keys are sorted out.
pub(crate) fn read(entry: &Entry<'_>, found: &mut Vec<Found>) -> Option<Channel> {
    let mut mistakes = Vec::new();
    let fields = ChannelFields::from_table(&entry.common, entry.span.clone(), &mut mistakes);
    let kind = entry.kind.clone();
    let kind = kind.and_then(|(word, table, span)| Kind::read(word, table, span, &mut mistakes));
    found.extend(entry.own(mistakes));
    Some(Channel { name: fields?.name, kind: kind? })
}
