//! Which names can be looked up at all.

/// RFC 1035, section 2.3.4: a name has at most 255 bytes on the wire, which leaves 253 of text.
const NAME_BYTES_MAX: usize = 253;
/// RFC 1035, section 2.3.4: so much of a name may stand between two dots.
const LABEL_BYTES_MAX: usize = 63;

/// What to do about a name that waits to be filled in.
pub(super) const HINT: &str = "write the name itself: Flyball fills nothing into it, neither `${NAME}` nor `{{name}}`";

/// Why no resolver could ever answer for this name, in words; `None` of a name that may exist. `name` is as it is looked
/// up: in ASCII, international parts in Punycode. Underscores are in many names; a hyphen at an end has been seen.
pub(crate) fn unanswerable(name: &str) -> Option<String> {
    let told = |why: String| Some(format!("no resolver can answer for \"{}\": {why}", super::shown(name)));
    let whole = name.strip_suffix('.').unwrap_or(name);
    let is_usual = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    if let Some(odd) = whole.chars().find(|char| !is_usual(char)) {
        return told(format!("`{}` is in no name", odd.escape_default()));
    }
    if whole.len() > NAME_BYTES_MAX {
        return told(format!("a name has at most {NAME_BYTES_MAX} bytes"));
    }
    let mut labels = whole.split('.').map(str::len);
    match labels.find(|bytes| *bytes == 0 || *bytes > LABEL_BYTES_MAX) {
        Some(0) => told("nothing stands between two of its dots, or before the first".to_owned()),
        Some(_) => told(format!("between two dots stand at most {LABEL_BYTES_MAX} bytes")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_resolver_could_answer_is_told_with_its_reason() {
        let long = format!("{}.example.com", "a".repeat(64));
        let very_long = ["a".repeat(63).as_str(); 4].join(".");
        for (name, why) in [
            ("${app_name}.example.com", Some("`$` is in no name")),
            ("{{app}}", Some("`{` is in no name")),
            ("shop*.example.com", Some("`*` is in no name")),
            ("shop,blog", Some("`,` is in no name")),
            ("shop..example.com", Some("between two of its dots")),
            (".example.com", Some("before the first")),
            (".", Some("between two of its dots")),
            (long.as_str(), Some("at most 63 bytes")),
            (very_long.as_str(), Some("at most 253 bytes")),
            ("shop.example.com", None),
            ("shop.example.com.", None),
            ("localhost", None),
            ("_sip._tcp.example.com", None),
            ("shop-.example.com", None),
            ("xn--bcher-kva.example", None),
            (&long[1..], None),
        ] {
            match (unanswerable(name), why) {
                (Some(told), Some(why)) => assert!(told.contains(why), "{name}: {told}"),
                (told, why) => assert_eq!((told, why), (None, None), "{name}"),
            }
        }
    }
}
