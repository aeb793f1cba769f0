//! Which addresses a credential may be sent to.

use super::TrackerError;
use reqwest::Url;

/// A server's address: `https://`, or `http://` on this machine alone; no user, query or fragment. Without a slash at
/// its end.
pub(crate) fn address(key: &'static str, text: &str) -> Result<Url, TrackerError> {
    let invalid = |message: &str| TrackerError::InvalidConfig { key, message: message.to_owned() };
    let text = text.trim();
    let url = Url::parse(text.trim_end_matches('/')).map_err(|_| invalid("no address; `https://host/path` is one"))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(invalid("`http://` would send the credential in the clear; only loopback may be so")),
        _ => return Err(invalid("an address begins with `https://`")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("an address without a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("a user or password does not belong into an address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("an address has neither `?` nor `#`"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_goes_to_https_or_to_this_machine() {
        for text in [
            "https://api.github.com",
            "https://h/api/v3/",
            "http://127.0.0.1:80",
            "http://localhost:1",
            "http://[::1]:9/x",
        ] {
            assert!(address("tracker.provider.endpoint", text).is_ok(), "{text}");
        }
        for text in [
            "",
            "h",
            "/x",
            "ftp://h",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "https://",
            "https://u:p@h",
            "https://u@h",
            "https://h?x",
            "https://h#x",
            "file:///etc",
        ] {
            let error = address("tracker.provider.endpoint", text).expect_err(text);
            assert_eq!(error.code(), "invalid_tracker_config", "{text}");
            assert!(!error.to_string().contains("u:p"), "{error}");
        }
    }
}
