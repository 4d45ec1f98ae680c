//! `email`: an e-mail, by a mail server that you name. All that is told of an outage is one thread.
//!
//! Source: RFC 5321 (SMTP), RFC 5322, section 3.6.4 (`Message-ID`, `In-Reply-To`, `References`), RFC 8314 (ports and TLS).

use super::{Exchange, Means};
use crate::{Answer, Handle, Letter, Notice, Outcome, Security, SmtpServer, words};
use bytes::Bytes;
use flyball_model::{Excerpt, Timestamp};
use flyball_settings::{Fields, Mistake, Node, Secret, Settings, Shape, Take, is_loopback_host};
use lettre::message::Mailbox;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::{Address, Message};
use std::time::{Duration, SystemTime};

/// More people than this are a list, which has an address of its own.
const TO_MAX: usize = 20;

/// People's mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Who it is from.
    pub from: Mail,
    /// Whom it is for: at least one.
    pub to: Vec<Mail>,
    /// The mail server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection to it is kept from being read.
    pub security: Security,
    /// The user and the password.
    pub login: Option<(String, Secret)>,
}

/// An address of e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail(Address);

impl Take for Mail {
    fn expected() -> String {
        "an address such as \"ann@example.com\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        let address = text.trim().parse().ok().map(Self);
        if address.is_none() {
            mistakes.push(Mistake::new(node.span.clone(), "not an address", format!("expected {}", Self::expected())));
        }
        address
    }
}

impl Take for Security {
    fn expected() -> String {
        "\"starttls\", \"tls\" or \"none\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["starttls", "tls", "none"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let security = match String::take(node, mistakes)?.as_str() {
            "starttls" => Some(Self::StartTls),
            "tls" => Some(Self::Tls),
            "none" => Some(Self::None),
            _ => None,
        };
        if security.is_none() {
            mistakes.push(Mistake::new(node.span.clone(), "unknown word", format!("expected {}", Self::expected())));
        }
        security
    }
}

impl Settings for Email {
    const KIND: &str = "email";
    const SUMMARY: &str = "an e-mail, one thread for each outage";
    const EXAMPLE: &str = r#"{ from = "flyball@example.com", to = ["ann@example.com"], host = "smtp.example.com", user = "flyball", password = { env = "SMTP_PASSWORD" } }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from", "who it is from");
        let to: Option<Vec<Mail>> = fields.required("to", "whom it is for");
        let host: Option<String> = fields.required("host", "the mail server's name, which its certificate is for");
        let doc = "`starttls` encrypts a connection that begins plain, `tls` all of it; `none` only on this machine";
        let security = fields.or("tls", Security::StartTls, "\"starttls\"", doc);
        let doc = "its port (default 587, with `tls` 465, with `none` 25)";
        let bounds = flyball_settings::Bounds { least: 1, most: 65_535, words: "1 to 65535" };
        let port: Option<Option<u32>> = fields.within_if_any("port", &bounds, doc);
        let user: Option<Option<String>> = fields.optional("user", "who signs in there, where the server asks for it");
        let password = fields.optional("password", "the password of that user");
        let (from, to, host, security) = (from?, to?, host?, security?);
        let (port, user, password) = (port?, user?, password?);
        let usual = match security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        };
        if to.is_empty() || to.len() > TO_MAX {
            let hint = "more people are a list, which has an address of its own".to_owned();
            fields.wrong("to", format!("`to`: {} addresses", to.len()), format!("expected 1 to {TO_MAX}"), Some(hint));
            return None;
        }
        if security == Security::None && !is_loopback_host(&host) {
            let hint = "everybody on the way would read it: use \"starttls\" or \"tls\"".to_owned();
            fields.wrong("tls", "`tls`: in plain words to another machine", "only for this machine", Some(hint));
            return None;
        }
        let login = match (user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (user, _) => {
                let missing = if user.is_some() { "password" } else { "user" };
                fields.wrong(missing, format!("`{missing}` is missing"), "`user` and `password` belong together", None);
                return None;
            }
        };
        Some(Self {
            from,
            to,
            host,
            port: port.and_then(|port| port.try_into().ok()).unwrap_or(usual),
            security,
            login,
        })
    }
}

impl Email {
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        self.login.iter().map(|(_, password)| password).collect()
    }

    pub(super) fn exchange(
        &self,
        notice: &Notice,
        handle: Option<&Handle>,
        means: &Means<'_>,
    ) -> Result<Exchange, Outcome> {
        let login = match &self.login {
            Some((user, password)) => Some((user.clone(), means.secret(password)?)),
            None => None,
        };
        let message =
            self.message(notice, handle, means.now).map_err(|error| Outcome::Never { why: error.to_string() })?;
        let letter = Letter {
            from: self.from.0.to_string(),
            to: self.to.iter().map(|Mail(address)| address.to_string()).collect(),
            message: Bytes::from(message.formatted()),
        };
        let server = SmtpServer { host: self.host.clone(), port: self.port, security: self.security, login };
        Ok(Exchange::Mail(server, letter))
    }

    fn message(
        &self,
        notice: &Notice,
        handle: Option<&Handle>,
        now: Timestamp,
    ) -> Result<Message, lettre::error::Error> {
        let since = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0));
        let mut message = Message::builder()
            .date(SystemTime::UNIX_EPOCH + since)
            .from(Mailbox::new(Some("Flyball".to_owned()), self.from.0.clone()))
            .message_id(Some(self.message_id(notice)));
        for Mail(address) in &self.to {
            message = message.to(Mailbox::new(None, address.clone()));
        }
        let subject = match handle {
            Some(Handle::Email { message_id, subject }) => {
                message = message.in_reply_to(message_id.clone()).references(message_id.clone());
                format!("Re: {subject}")
            }
            Some(Handle::Slack { .. }) | None => words::headline(notice),
        };
        // RFC 3834, section 5: no out-of-office note is an answer to this.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        message
            .subject(subject)
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(format!("{}\n\n{}\n", words::headline(notice), words::body(notice)))
    }

    /// The same in every try, so that a mailbox that gets it twice can tell.
    fn message_id(&self, notice: &Notice) -> String {
        format!("<{}.{}@{}>", notice.key, notice.sequence, self.from.0.domain())
    }

    pub(super) fn outcome(&self, notice: &Notice, handle: Option<&Handle>, answer: &Answer, _: Timestamp) -> Outcome {
        let said = Excerpt::of(&String::from_utf8_lossy(&answer.body));
        let why = format!("the mail server answered {}: {said}", answer.status);
        match answer.status {
            200..=299 if handle.is_some() => Outcome::Sent { handle: None },
            200..=299 => {
                let (message_id, subject) = (self.message_id(notice), words::headline(notice));
                Outcome::Sent { handle: Some(Handle::Email { message_id, subject }) }
            }
            500..=599 => Outcome::Never { why },
            // RFC 5321, section 4.2.1: 4yz is for now. Anything else is no answer.
            _ => Outcome::Later { after: None, why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, means, word};
    use super::*;
    use crate::About;
    use crate::notice::testing::notice;

    fn email() -> Email {
        let address = |text: &str| Mail(text.parse().unwrap());
        Email {
            from: address("flyball@example.com"),
            to: vec![address("ann@example.com"), address("bob@example.org")],
            host: "smtp.example.com".to_owned(),
            port: 587,
            security: Security::StartTls,
            login: Some(("flyball".to_owned(), Secret("PASSWORD".to_owned()))),
        }
    }

    fn text(about: About, handle: Option<&Handle>) -> String {
        match email().exchange(&notice(about), handle, &means()) {
            Ok(Exchange::Mail(_, letter)) => String::from_utf8(letter.message.to_vec()).unwrap().replace('\r', ""),
            other => panic!("no letter: {other:?}"),
        }
    }

    #[test]
    fn what_follows_is_in_the_thread_of_what_came_first() {
        let first = text(About::Trouble, None);
        insta::assert_snapshot!(first);
        let taken = email().outcome(&notice(About::Trouble), None, &answer(250, "ok"), means().now);
        let Outcome::Sent { handle: Some(handle) } = taken else { panic!("{taken:?}") };
        let next = Notice { sequence: 3, ..notice(About::Recovered) };
        let Ok(Exchange::Mail(_, letter)) = email().exchange(&next, Some(&handle), &means()) else { panic!() };
        let second = String::from_utf8(letter.message.to_vec()).unwrap();
        for line in [
            "Message-ID: <0b6e7d2a-on-call.3@example.com>",
            "In-Reply-To: <0b6e7d2a-on-call.2@example.com>",
            "References: <0b6e7d2a-on-call.2@example.com>",
            "Subject: Re: Trouble: page of shop",
        ] {
            assert!(second.contains(line), "{line}: {second}");
        }
        assert_eq!(
            email().outcome(&next, Some(&handle), &answer(250, ""), means().now),
            Outcome::Sent { handle: None }
        );
    }

    #[test]
    fn each_answer_of_a_mail_server_means_one_thing() {
        for (status, expected) in [
            (250, "sent"),
            (421, "later"),
            (450, "later"),
            (451, "later"),
            (454, "later"),
            (535, "never"),
            (550, "never"),
            (552, "never"),
            (354, "later"),
        ] {
            let outcome = email().outcome(&notice(About::Trouble), None, &answer(status, "said"), means().now);
            assert_eq!(word(&outcome), expected, "{status}");
        }
    }

    #[test]
    fn a_title_makes_no_header() {
        let sly = Notice { title: Excerpt::of("a\r\nBcc: eve@example.net"), ..notice(About::Trouble) };
        let Ok(Exchange::Mail(_, letter)) = email().exchange(&sly, None, &means()) else { panic!() };
        let text = String::from_utf8(letter.message.to_vec()).unwrap();
        assert!(!text.contains("\r\nBcc:"), "{text}");
        assert_eq!(letter.to, ["ann@example.com", "bob@example.org"]);
    }
}
