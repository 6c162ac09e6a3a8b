//! Who calls: a client is known by the token that a handshake gave it, or by a cookie.
//!
//! Neither proves anything: there is no authentication yet. They only keep the sessions of clients apart. A client that sends none
//! shares one session with all others of its kind.

use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};

/// The cookie's name.
const COOKIE: &str = "swath_session";

/// The name of a client's session: 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// One that nobody has.
    pub fn fresh() -> Self {
        Self(random_name())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let is_name =
            text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        is_name.then(|| Self(text.to_owned()))
    }
}

/// 128 bits of a cryptographic generator as hexadecimal digits.
pub fn random_name() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client with a session of its own.
    Named(SessionId),
    /// One that sent neither token nor cookie.
    Anonymous,
}

impl Caller {
    /// As the headers of a call tell.
    ///
    /// # Errors
    /// If they hold a token that no handshake here gave.
    pub fn of(headers: &MetadataMap) -> Result<Self, Status> {
        let texts = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        // Other schemes name a user, whom nobody checks.
        if let Some(token) = texts("authorization").find_map(|text| text.strip_prefix("Bearer ")) {
            return SessionId::parse(token.trim()).map(Self::Named).ok_or_else(|| {
                Status::unauthenticated(
                    "this token is none of this scheduler's: connect with any user name, or without one",
                )
            });
        }
        let mut pairs = texts("cookie").flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let cookie = pairs.find(|(name, _)| *name == COOKIE);
        Ok(cookie.and_then(|(_, id)| SessionId::parse(id.trim_matches('"'))).map_or(Self::Anonymous, Self::Named))
    }

    /// Gives a client that has no name one that it may send from now on.
    pub fn offer_name(&self, headers: &mut MetadataMap) {
        if *self == Self::Anonymous
            && let Ok(cookie) = MetadataValue::try_from(format!("{COOKIE}={}; Path=/", SessionId::fresh().as_str()))
        {
            headers.insert("set-cookie", cookie);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> MetadataMap {
        let mut headers = MetadataMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn tokens_and_cookies_name_clients() {
        let id = SessionId::fresh();
        assert_ne!(id, SessionId::fresh());
        let named = Caller::Named(id.clone());
        let (bearer, cookie) = (format!("Bearer {}", id.as_str()), format!("a=b; swath_session={}; c=d", id.as_str()));
        assert_eq!(Caller::of(&headers(&[("authorization", &bearer)])).unwrap(), named);
        assert_eq!(Caller::of(&headers(&[("cookie", &cookie)])).unwrap(), named);
        assert_eq!(Caller::of(&headers(&[("authorization", "Basic eDp5")])).unwrap(), Caller::Anonymous);
        assert_eq!(Caller::of(&headers(&[("cookie", "swath_session=guess")])).unwrap(), Caller::Anonymous);
        assert_eq!(Caller::of(&headers(&[])).unwrap(), Caller::Anonymous);
        let foreign = Caller::of(&headers(&[("authorization", "Bearer foreign")])).unwrap_err();
        assert_eq!(foreign.code(), tonic::Code::Unauthenticated);
    }

    #[test]
    fn nameless_clients_are_offered_a_name() {
        let mut answer = MetadataMap::new();
        Caller::Anonymous.offer_name(&mut answer);
        let cookie = answer.get("set-cookie").unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
        assert!(matches!(Caller::of(&headers(&[("cookie", &cookie)])).unwrap(), Caller::Named(_)));
        let mut answer = MetadataMap::new();
        Caller::Named(SessionId::fresh()).offer_name(&mut answer);
        assert!(answer.is_empty());
    }
}
