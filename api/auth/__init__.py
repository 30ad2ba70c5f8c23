"""Who a request comes from: tokens, OpenID Connect and sessions."""
