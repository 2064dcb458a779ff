"""Files in S3, or behind an endpoint like it: AWS_ENDPOINT_URL."""

from __future__ import annotations

import os
from typing import Any

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe.look import Look
from pipegen.probe.remote_files_drivers import Files, no_driver, shown

_CONNECT_SECONDS = 10
_READ_SECONDS = 30
_KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_LIKE = "of a store like S3 set AWS_ENDPOINT_URL"
_REFUSED = {
    "InvalidAccessKeyId": ("knows no such access key", f"{_KEYS}; {_LIKE}"),
    "InvalidClientTokenId": ("knows no such access key", f"{_KEYS}; {_LIKE}"),
    "SignatureDoesNotMatch": ("does not take the secret of this access key", "see AWS_SECRET_ACCESS_KEY, or the profile"),
    "ExpiredToken": ("says that the session has expired", "log in again; AWS_SESSION_TOKEN holds the session"),
    "InvalidToken": ("does not take the session's token", "log in again; AWS_SESSION_TOKEN holds the session"),
    "RequestTimeTooSkewed": ("says that this machine's clock is wrong", "set the clock"),
    "InvalidBucketName": ("says that this is no name of a bucket", "small letters, digits, dots and hyphens: s3://BUCKET/folder"),
    "SlowDown": ("asks to be asked less often", "try it again later"),
}  # fmt: skip


class S3(Files):
    """See :class:`pipegen.probe.remote_files.Remote`."""

    def __init__(self, url: RemoteUrl, look: Look) -> None:
        try:
            import s3fs  # type: ignore[import-untyped]
        except ImportError:
            raise no_driver(url, "s3fs", "pipegen-cli[s3]") from None
        config = {
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "retries": {"total_max_attempts": 2, "mode": "standard"},
        }
        keys: dict[str, Any] = {"key": url.user, "secret": url.password} if url.user and url.password else {}
        driver = s3fs.S3FileSystem(**keys, config_kwargs=config, skip_instance_cache=True, use_listings_cache=False)
        super().__init__(url, look, driver, url.hosts)

    def refusal(self, path: str, error: Exception) -> SourceError:
        cause = error.__cause__ or error
        response = getattr(cause, "response", None)
        code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
        where = f"the server of `{shown(self.url, path)}`"
        kind = type(cause).__name__
        if code in _REFUSED:
            what, hint = _REFUSED[code]
            return SourceError(f"{where} {what}", hint=hint)
        if code == "NoSuchBucket":
            return SourceError(f"there is no bucket `{self.url.hosts}`", hint=f"see its name, and its region; {_LIKE}")
        if isinstance(error, PermissionError):
            hint = "these keys need s3:ListBucket on the bucket and s3:GetObject on what is in it"
            return SourceError(f"`{shown(self.url, path)}` may not be read with these keys", hint=hint)
        if kind in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"):
            return SourceError(f"there are no keys for `{self.url.shown('')}`", hint=_KEYS)
        if kind in ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionError", "SSLError",
                    "ConnectionClosedError", "ClientConnectorError", "HTTPClientError"):  # fmt: skip
            endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
            at = f" at `{shorten(_without_login(endpoint))}` (AWS_ENDPOINT_URL)" if endpoint else ""
            hint = (
                "see that the address is right and its server is there"
                if endpoint
                else f"see AWS_REGION and the network; {_LIKE}"
            )
            return SourceError(f"the server of `{self.url.shown('')}`{at} does not answer", hint=hint)
        return super().refusal(path, error)


def _without_login(endpoint: str) -> str:
    scheme, _, rest = endpoint.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
