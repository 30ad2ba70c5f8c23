"""Follow a ledger from another process, over HTTP, with the library's own notification log client."""

from collections.abc import Sequence

import httpx
from eventsourcing.interface import NotificationLogInterface, NotificationLogJSONClient
from eventsourcing.persistence import OperationalError, ProgrammingError

TIMEOUT_SECONDS = 30.0
_DETAIL_CHARACTERS = 500


class RemoteNotificationLog(NotificationLogInterface):
    """Client of `GET /ledgers/{notice}/notifications` on a ledger's server.

    Args:
        address: The server, such as `https://ledger.example`.
        notice: The id of the notice.
        token: An API token or an access token.
    """

    def __init__(self, address: str, notice: str, token: str) -> None:
        self._url = f"{address.rstrip('/')}/ledgers/{notice}/notifications"
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get_log_section(self, section_id: str) -> str:
        """Return a section of the notification log as JSON.

        Raises:
            OperationalError: The server cannot be reached or is busy. Retrying is safe.
            ProgrammingError: The address or the token is wrong, or the server refuses the request.
        """
        return self._get(f"/{section_id}", {})

    def get_notifications(
        self,
        start: int | None,
        limit: int,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> str:
        """Return up to `limit` notifications from or after `start`, as JSON.

        Raise the errors of `get_log_section`.
        """
        first = 1 if start is None else start + (not inclusive_of_start)
        return self._get("", {"start": str(first), "limit": str(limit), "topics": list(topics)})

    def _get(self, path: str, parameters: dict[str, str | list[str]]) -> str:
        try:
            answer = self._client.get(self._url + path, params=parameters)
        except (httpx.InvalidURL, httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
            raise ProgrammingError(f"{error}; check the ledger's address and the token") from error
        except httpx.RequestError as error:
            raise OperationalError(f"the ledger cannot be reached: {error}") from error
        if answer.is_success:
            return _json(answer)
        detail = _detail(answer)
        if answer.status_code in (408, 429, 500, 502, 503, 504):
            raise OperationalError(f"the ledger answers {answer.status_code}: {detail}")
        raise ProgrammingError(f"the ledger refuses with {answer.status_code}: {detail}")


def _json(answer: httpx.Response) -> str:
    """Return the JSON text of an answer.

    Raises:
        ProgrammingError: The answer is not JSON, but for example a proxy's page.
    """
    try:
        answer.json()
    except ValueError as error:
        raise ProgrammingError(f"{answer.url.host} answers without JSON; check the ledger's address") from error
    return answer.text


def _detail(answer: httpx.Response) -> str:
    """Return the reason of a refusal: the detail of a problem, otherwise the beginning of the body."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, TypeError, KeyError):
        return answer.text[:_DETAIL_CHARACTERS]


def remote_log(address: str, notice: str, token: str) -> NotificationLogJSONClient:
    """Return the library's notification log of a remote notice, for `Follower.follow`."""
    return NotificationLogJSONClient(RemoteNotificationLog(address, notice, token))
