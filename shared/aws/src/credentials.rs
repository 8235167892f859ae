//! Owns the check of the credentials that STS gives for a role: they must be ones that can stand in
//! a request's headers. The SDK's signing panics over others.

use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, future};

/// A role's credentials, checked.
#[derive(Debug)]
pub(crate) struct Checked(pub AssumeRoleProvider);

impl ProvideCredentials for Checked {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { check(self.0.provide_credentials().await?) })
    }
}

fn check(credentials: Credentials) -> Result {
    let named = is_plain(credentials.access_key_id()) && is_plain(credentials.secret_access_key());
    if named && credentials.session_token().is_none_or(is_plain) {
        return Ok(credentials);
    }
    let said = "STS gave credentials that are empty or have characters which can't be sent";
    Err(CredentialsError::unhandled(said))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(key: &str, secret: &str, token: &str) -> Credentials {
        Credentials::new(key, secret, Some(token.to_owned()), None, "test")
    }

    #[test]
    fn credentials_that_can_not_be_sent_are_an_error_and_no_panic() {
        assert!(check(credentials("ASIA1", "abc/+=", "IQoJ//+=")).is_ok());
        for bad in ["", "a\nb", "a b", "\u{1b}[31m", "\u{9b}", "é"] {
            assert!(check(credentials(bad, "abc", "token")).is_err(), "{bad:?}");
            assert!(
                check(credentials("ASIA1", bad, "token")).is_err(),
                "{bad:?}"
            );
            assert!(check(credentials("ASIA1", "abc", bad)).is_err(), "{bad:?}");
        }
    }
}
