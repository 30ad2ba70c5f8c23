"""Identity of requests: tokens, OpenID Connect and sessions."""
