//! The cookies of one check: what a page sets is sent on to where its redirects lead, as a browser does, and is forgotten
//! when the check ends.

use cookie_store::CookieStore;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use url::Url;

/// How many cookies are taken in one check: as many as RFC 6265, section 6.1, has a browser keep for a site.
const COOKIES_MAX: usize = 50;
/// The longest cookie that is taken, in bytes with its attributes: of the same section.
const COOKIE_BYTES_MAX: usize = 4096;

/// The cookies that were set since a check began. Which of them a page is sent is decided by RFC 6265: host or domain,
/// path, `Secure` and expiry.
///
/// There is no list of public suffixes: a page can only set cookies for hosts that its own redirects lead to, in a check
/// that nobody else's cookies are part of.
#[derive(Default)]
pub(super) struct Cookies {
    store: CookieStore,
    taken: usize,
}

impl Cookies {
    /// Takes what an answer from this URL sets. What is too long, too many or no cookie is left out.
    pub(super) fn take(&mut self, answer: &HeaderMap, from: &Url) {
        for line in answer.get_all(SET_COOKIE) {
            let Some(line) = line.to_str().ok().filter(|line| line.len() <= COOKIE_BYTES_MAX) else { continue };
            if self.taken == COOKIES_MAX {
                return;
            }
            // What the rules refuse, such as another host's domain, is no cookie of this page.
            self.taken += usize::from(self.store.parse(line, from).is_ok());
        }
    }

    /// Puts the cookies for this URL into a request: behind those of the file, of which they replace those of their name.
    pub(super) fn put(&self, request: &mut HeaderMap, to: &Url) {
        let set: Vec<(&str, &str)> = self.store.get_request_values(to).collect();
        if set.is_empty() {
            return;
        }
        let own = request.get(COOKIE).map(HeaderValue::as_bytes).unwrap_or_default();
        let is_kept = |pair: &&[u8]| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
            !pair.is_empty() && set.iter().all(|(replaced, _)| replaced.as_bytes() != name)
        };
        let own = own.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(is_kept).map(<[u8]>::to_vec);
        let set = set.iter().map(|(name, value)| format!("{name}={value}").into_bytes());
        let pairs: Vec<Vec<u8>> = own.chain(set).collect();
        if let Ok(mut cookies) = HeaderValue::from_bytes(&pairs.join(&b"; "[..])) {
            cookies.set_sensitive(true);
            request.insert(COOKIE, cookies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent to `to` after these lines came from `from`, by a request with these cookies of its own.
    fn sent(from: &str, lines: &[&str], to: &str, own: Option<&'static str>) -> Option<String> {
        let mut answer = HeaderMap::new();
        for line in lines {
            answer.append(SET_COOKIE, HeaderValue::from_str(line).unwrap());
        }
        let mut cookies = Cookies::default();
        cookies.take(&answer, &from.parse().unwrap());
        let mut request = HeaderMap::new();
        request.extend(own.map(|own| (COOKIE, HeaderValue::from_static(own))));
        cookies.put(&mut request, &to.parse().unwrap());
        request.get(COOKIE).map(|cookies| cookies.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_where_a_browser_would_send_it() {
        let shop = "https://shop.example.com/a/b";
        let cases = [
            (shop, "s=1", "https://shop.example.com/a/c", Some("s=1")),
            (shop, "s=1", "https://shop.example.com/other", None),
            (shop, "s=1; Path=/", "https://shop.example.com/other", Some("s=1")),
            (shop, "s=1; Path=/", "https://shop.example.com:8443/", Some("s=1")),
            (shop, "s=1; Path=/", "http://shop.example.com/", Some("s=1")),
            (shop, "s=1; Path=/; Secure", "http://shop.example.com/", None),
            (shop, "s=1; Path=/", "https://www.example.com/", None),
            (shop, "s=1; Path=/; Domain=example.com", "https://www.example.com/", Some("s=1")),
            (shop, "s=1; Path=/; Domain=example.org", "https://www.example.org/", None),
            (shop, "s=1; Path=/; Domain=www.example.com", "https://www.example.com/", None),
            (shop, "s=1; Path=/; Max-Age=0", "https://shop.example.com/", None),
            (shop, "s=1; Path=/; HttpOnly; SameSite=Strict", "https://shop.example.com/", Some("s=1")),
            (shop, "no cookie", "https://shop.example.com/a/b", None),
        ];
        for (from, line, to, expected) in cases {
            assert_eq!(sent(from, &[line], to, None).as_deref(), expected, "{line} to {to}");
        }
    }

    #[test]
    fn what_a_page_sets_replaces_the_file_s_cookie_of_that_name_and_no_other() {
        let page = "http://shop.example.com/";
        let own = Some("lang=en; session=old");
        assert_eq!(sent(page, &["session=new"], page, own).as_deref(), Some("lang=en; session=new"));
        assert_eq!(sent(page, &[], page, own).as_deref(), own);
        // One that ends a session ends what the page had set, and not what the file says.
        assert_eq!(sent(page, &["session=; Max-Age=0"], page, own).as_deref(), own);
    }

    #[test]
    fn cookies_have_their_bounds() {
        let page = "http://shop.example.com/";
        let lines: Vec<String> = (0..2 * COOKIES_MAX).map(|nth| format!("c{nth}=1")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(sent(page, &lines, page, None).unwrap().split("; ").count(), COOKIES_MAX);
        assert_eq!(sent(page, &[&format!("c={}", "x".repeat(COOKIE_BYTES_MAX))], page, None), None);
    }
}
