//! What must be so of every page, whatever it shows: everybody can use it, it fits a phone, it asks nobody but Flyball, and its scripts
//! have no mistake. Pictures of it are kept for people to look at.

use super::driver::Browser;
use serde_json::{Value, json};
use std::path::Path;

/// Finds what keeps people from using a page.
const AXE: &str = include_str!("../../assets/axe-core/axe.min.js");

/// Says each thing of weight that axe finds, with its place.
const ASK_AXE: &str = "
const done = arguments[arguments.length - 1];
const weighs = found => ['serious', 'critical'].includes(found.impact);
const told = found => `${found.id} (${found.help}): ${found.nodes.map(node => node.target.join(' ')).join(', ')}`;
axe.run(document, { resultTypes: ['violations'] })
  .then(results => done(results.violations.filter(weighs).map(told)), error => done([String(error)]));";

/// Says what is wider than the page.
const ASK_WIDTH: &str = "
const done = arguments[arguments.length - 1];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= width) done([]);
else done([...document.body.querySelectorAll('*')].filter(each => each.getBoundingClientRect().right > width + 1)
  .slice(0, 5).map(each => `${each.localName}.${each.className}: ${each.textContent.slice(0, 60)}`).concat('too wide'));";

/// Unfolds everything, so that forms are looked at, too.
const UNFOLD: &str = "document.querySelectorAll('details').forEach(each => each.open = true); arguments[0]()";

/// How a page is looked at: the picture's last word, its size in pixels, and the colours that its reader likes.
const LOOKS: [(&str, u32, u32, &str); 3] =
    [("1280", 1280, 900, "light"), ("1280-dark", 1280, 900, "dark"), ("390", 390, 844, "light")];

impl Browser {
    /// Looks at the page in each way, keeps its pictures, and returns what is wrong with it.
    pub(crate) async fn mistakes(&self, name: &str) -> Vec<String> {
        let mut mistakes = Vec::new();
        self.script(UNFOLD).await;
        for (look, width, height, scheme) in LOOKS {
            self.is_seen_as(width, height, scheme).await;
            let wide = self.script(ASK_WIDTH).await;
            let found = self.script(&format!("{AXE}\n{ASK_AXE}")).await;
            let told = [wide, found].into_iter().flat_map(|told| told.as_array().unwrap().clone());
            mistakes.extend(told.map(|mistake| format!("{name} at {look}: {}", mistake.as_str().unwrap())));
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
            self.picture(&folder.join(format!("{name}-{look}.png"))).await;
        }
        mistakes
    }

    /// Has the browser be of this size, and its reader like these colours.
    async fn is_seen_as(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.chromium("Emulation.setDeviceMetricsOverride", size).await;
        let likes = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", likes).await;
    }

    /// Nothing went wrong in the browser since it was last asked, and it asked nobody but Flyball. That Flyball refused something, with
    /// one of these statuses, was meant.
    pub(crate) async fn must_be_calm(&self, pages: &str, refused: &[u16]) {
        let is_meant = |words: &str| refused.iter().any(|status| words.contains(&format!("a status of {status} ")));
        for line in self.log("browser").await {
            let words = line["message"].as_str().unwrap();
            assert!(line["level"] != "SEVERE" || is_meant(words), "{words}");
        }
        let mut asked = 0;
        for line in self.log("performance").await {
            let told: Value = serde_json::from_str(line["message"].as_str().unwrap()).unwrap();
            if told["message"]["method"] == "Network.requestWillBeSent" {
                let url = told["message"]["params"]["request"]["url"].as_str().unwrap();
                assert!(url.starts_with(pages) || url.starts_with("data:"), "it asks {url}");
                asked += 1;
            }
        }
        assert!(asked > 0, "what is asked for is seen at all");
    }
}
