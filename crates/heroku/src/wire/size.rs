//! `GET /dyno-sizes`.

use super::fields::{Misread, parse};
use flyball_model::DynoSize;

pub(crate) fn dyno_sizes(body: &[u8]) -> Result<Vec<DynoSize>, Misread> {
    let sizes = parse(body)?.list()?;
    sizes
        .iter()
        .map(|size| {
            size.text("name").map_or_else(|| size.missing("name", "a dyno size"), |name| Ok(DynoSize::new(name)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_name_whatever_else_is_said_of_them() {
        let body = br#"[{"architecture":"amd64","compute":1,"cost":{"cents":2500,"unit":"month"},"dedicated":false,
            "generation":{"id":"b8b3e6f4-0000-4000-8000-000000000001","name":"cedar"},
            "id":"5d2c0001-0000-4000-8000-000000000003","memory":0.5,"name":"Standard-1X","precise_dyno_units":1.0,
            "private_space_only":false},{"name":"mega-9x","cost":null}]"#;
        assert_eq!(dyno_sizes(body), Ok(vec![DynoSize::new("Standard-1X"), DynoSize::new("mega-9x")]));
        assert_eq!(dyno_sizes(b"[{}]").unwrap_err().to_string(), "expected a dyno size at `[0].name`");
    }
}
