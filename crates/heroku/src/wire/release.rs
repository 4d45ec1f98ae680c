//! `GET` and `POST /apps/{app}/releases`.

use super::fields::{Fields, Items, Misread, parse};
use flyball_model::{Content, Release, ReleaseId, ReleaseStatus, ReleaseVersion, SlugId};
use serde_json::{Value, json};

pub(crate) fn release(body: &[u8]) -> Result<Release, Misread> {
    one(&parse(body)?.object()?)
}

pub(crate) fn releases(body: &[u8]) -> Result<Items<Release>, Misread> {
    parse(body)?.readable(one)
}

fn one(fields: &Fields) -> Result<Release, Misread> {
    Ok(Release {
        id: ReleaseId::new(fields.id("id")?),
        version: ReleaseVersion::new(fields.number("version")?),
        status: status(fields),
        current: fields.flag("current").unwrap_or(false),
        eligible_for_rollback: fields.flag("eligible_for_rollback"),
        content: content(fields),
        description: fields.text("description").unwrap_or_default(),
        user: fields.inside("user").and_then(|user| user.text("email")),
        created_at: fields.time("created_at")?,
    })
}

/// A release without a status is from before there were any: it was released.
fn status(fields: &Fields) -> ReleaseStatus {
    match fields.text("status").as_deref() {
        Some("pending") => ReleaseStatus::Pending,
        Some("succeeded") | None => ReleaseStatus::Succeeded,
        Some("failed") => ReleaseStatus::Failed,
        Some("expired") => ReleaseStatus::Expired,
        Some(other) => ReleaseStatus::Other(other.to_owned()),
    }
}

/// A slug on Cedar; on Fir an image, which only variant `3.sdk` names; else whatever the artifacts say.
fn content(fields: &Fields) -> Content {
    let id = |fields: Fields| fields.id("id").ok().map(SlugId::new);
    if let Some(slug) = fields.inside("slug").and_then(id) {
        return Content::Slug(slug);
    }
    if let Some(image) = fields.inside("oci_image").and_then(id) {
        return Content::Image(image);
    }
    let artifact = fields.each("artifacts").find_map(|artifact| {
        let is_slug = artifact.raw("type") == Some("slug");
        id(artifact).map(|id| if is_slug { Content::Slug(id) } else { Content::Image(id) })
    });
    artifact.unwrap_or(Content::None)
}

/// The body that rolls back. Heroku tells it from a new release by this key, and wants the id there, not the version.
pub(crate) fn roll_back(to: &ReleaseId) -> Value {
    json!({ "release": to.as_str() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V12: &str = r#"{"addon_plan_names":["heroku-postgresql:essential-0"],
        "app":{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001","name":"shop"},
        "artifacts":[{"type":"slug","id":"5d2c0001-0000-4000-8000-000000000040"}],
        "created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:06Z","description":"Rollback to v9",
        "id":"5d2c0001-0000-4000-8000-000000000030","slug":{"id":"5d2c0001-0000-4000-8000-000000000040"},"oci_image":null,
        "status":"succeeded","user":{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9002","email":"ops@example.com"},
        "version":12,"current":true,"output_stream_url":null,"eligible_for_rollback":true}"#;

    fn with(changes: &Value) -> Release {
        let mut json: Value = serde_json::from_str(V12).unwrap();
        for (field, value) in changes.as_object().unwrap() {
            json[field] = value.clone();
        }
        release(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_release_is_read_as_documented() {
        let wanted = Release {
            id: ReleaseId::new("5d2c0001-0000-4000-8000-000000000030"),
            version: ReleaseVersion::new(12),
            status: ReleaseStatus::Succeeded,
            current: true,
            eligible_for_rollback: Some(true),
            content: Content::Slug(SlugId::new("5d2c0001-0000-4000-8000-000000000040")),
            description: "Rollback to v9".into(),
            user: Some("ops@example.com".into()),
            created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        assert_eq!(releases(format!("[{V12}]").as_bytes()), Ok(Items::whole(vec![wanted])));
    }

    #[test]
    fn statuses_are_an_open_set_and_an_answer_from_before_2024_lacks_two_fields() {
        for (status, wanted) in [
            (json!("pending"), ReleaseStatus::Pending),
            (json!("failed"), ReleaseStatus::Failed),
            (json!("expired"), ReleaseStatus::Expired),
            (json!("paused"), ReleaseStatus::Other("paused".into())),
            (json!(null), ReleaseStatus::Succeeded),
        ] {
            assert_eq!(with(&json!({ "status": status })).status, wanted);
        }
        let old = with(&json!({"eligible_for_rollback": null, "user": null, "description": null}));
        assert_eq!((old.eligible_for_rollback, old.user, old.description.as_str()), (None, None, ""));
    }

    #[test]
    fn content_is_a_slug_an_image_or_nothing() {
        let (slug, image) = (Content::Slug(SlugId::new("s")), Content::Image(SlugId::new("i")));
        for (changes, wanted) in [
            (json!({"slug":{"id":"s"},"oci_image":null}), slug.clone()),
            (json!({"slug":null,"oci_image":{"id":"i"},"artifacts":[]}), image.clone()),
            (json!({"slug":null,"oci_image":null,"artifacts":[{"type":"oci-image","id":"i"}]}), image),
            (json!({"slug":null,"artifacts":[{"type":"slug","id":"s"}]}), slug),
            (json!({"slug":null,"artifacts":[]}), Content::None),
            (json!({"slug":null,"artifacts":"none"}), Content::None),
        ] {
            assert_eq!(with(&changes).content, wanted, "{changes}");
        }
    }

    #[test]
    fn a_description_is_made_one_bounded_line() {
        let long = with(&json!({"description": format!("Deploy\n\u{1b}[2J{}", "x".repeat(900))}));
        assert!(long.description.starts_with("Deploy [2Jxxx") && long.description.chars().count() <= 501);
    }

    #[test]
    fn a_rollback_names_the_release_by_its_id() {
        assert_eq!(roll_back(&ReleaseId::new("r-1")), json!({"release":"r-1"}));
    }

    #[test]
    fn a_release_that_lacks_a_field_spoils_itself_and_not_the_list() {
        let odd = r#"{"id":"x","version":11}"#;
        let read = releases(format!("[{odd},{V12},null]").as_bytes()).unwrap();
        let versions: Vec<_> = read.understood.iter().map(|release| release.version.get()).collect();
        assert_eq!((versions, read.left_out), (vec![12], 2));
        let none = releases(format!("[{odd},7]").as_bytes()).unwrap_err();
        assert_eq!(none.to_string(), "expected a time at `[0].created_at`", "a list of which nothing is understood");
    }
}
