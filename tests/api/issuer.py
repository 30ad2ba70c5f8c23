"""Run a real OpenID Connect issuer on loopback: `oidc-provider-mock`, with signed access tokens.

`python -m tests.api.issuer` serves until its standard input ends. It has three routes more than the provider.
`/rotate` replaces the key. `/sign` signs any header and claims. `/asked` counts the requests of each route.
"""

import json
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.api.service import NO_TLS

AUDIENCE = "improvement-ledger"


class Issuer:
    """The issuer, for tests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, verify=NO_TLS)

    def sign_in(self, subject: str) -> str:
        """Return an access token by the authorization code flow, as a browser and a web client run it."""
        parameters = {"client_id": "pages", "redirect_uri": "http://localhost/back", "response_type": "code"}
        answer = self.client.post(
            "/oauth2/authorize", params={**parameters, "scope": "openid"}, data={"sub": subject}
        )
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": parameters["redirect_uri"]}
        token = self.client.post("/oauth2/token", data=form, auth=("pages", "secret")).raise_for_status().json()
        return str(token["access_token"])

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a token of `jo` with changes; None removes a claim."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "jo", "iat": now, "exp": now + 600, **changed}
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return these claims signed by the issuer's current key."""
        return self.client.post("/sign", json={"header": header, "claims": claims}).raise_for_status().text

    def rotate(self) -> None:
        """Replace the key."""
        self.client.post("/rotate").raise_for_status()

    def asked(self, route: str) -> int:
        """Return the number of requests to a route."""
        return int(self.client.get("/asked").json().get(route, 0))


@contextmanager
def running() -> Iterator[Issuer]:
    """Run an issuer, and stop it at the end."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.api.issuer"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        issuer = Issuer(process.stdout.readline().strip())
        yield issuer
        issuer.client.close()
        process.stdin.close()


def access_token(client: Any, grant_type: str, user: Any, scope: str) -> str:  # noqa: ARG001 - authlib's signature
    """Return a token of RFC 9068 for the ledger, for any client."""
    now = int(time.time())
    claims = {"iss": _url(), "aud": AUDIENCE, "sub": user.sub, "iat": now, "exp": now + 600, "scope": scope}
    return _signed({}, claims)


def _url() -> str:
    import flask  # noqa: PLC0415 - only the issuer's own process has it

    return str(flask.request.host_url.rstrip("/"))


def _key() -> Any:
    from oidc_provider_mock._storage import storage  # type: ignore[import-untyped] # noqa: PLC0415 - as above

    return storage.jwk


def _signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
    from joserfc import jwk, jwt  # noqa: PLC0415 - as above

    key = jwk.RSAKey.import_key(_key().as_dict(is_private=True))
    return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": _key().thumbprint(), **header}, claims, key)


def _serve() -> None:
    import flask  # noqa: PLC0415 - as above
    import oidc_provider_mock  # type: ignore[import-untyped] # noqa: PLC0415 - as above
    from authlib import jose  # type: ignore[import-untyped] # noqa: PLC0415 - as above
    from werkzeug.serving import make_server  # noqa: PLC0415 - as above

    app = flask.Flask(oidc_provider_mock.__name__)  # its package has the templates
    app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = "tests.api.issuer.access_token"
    app.secret_key = "of a test"
    oidc_provider_mock.init_app(app)
    requests: Counter[str] = Counter()

    @app.before_request
    def count() -> None:
        requests[flask.request.path] += 1

    challenges: dict[str, str] = {}

    @app.after_request
    def note(response: Any) -> Any:
        """Keep the challenge of a code (RFC 7636), which the provider itself ignores."""
        challenge = flask.request.args.get("code_challenge")
        if challenge and "location" in response.headers:
            parameters = parse_qs(urlsplit(response.headers["location"]).query)
            challenges.update(dict.fromkeys(parameters.get("code", ()), challenge))
        return response

    @app.before_request
    def hold() -> Any:
        if flask.request.path != "/oauth2/token":
            return None
        challenge = challenges.get(flask.request.form.get("code", ""))
        proof = sha256(flask.request.form.get("code_verifier", "").encode()).digest()
        if challenge in (None, urlsafe_b64encode(proof).rstrip(b"=").decode()):
            return None
        return {"error": "invalid_grant"}, 400

    @app.post("/rotate")
    def rotate() -> str:
        flask.g.oidc_provider_mock_storage.jwk = jose.RSAKey.generate_key(is_private=True)
        return ""

    @app.post("/sign")
    def sign() -> str:
        body = flask.request.get_json()
        return _signed(body["header"], body["claims"])

    @app.get("/asked")
    def counts() -> str:
        return json.dumps(requests)

    server = make_server("localhost", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://localhost:{server.server_port}", flush=True)  # noqa: T201 - for the parent process
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    _serve()
