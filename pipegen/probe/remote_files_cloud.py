"""Files in Google Cloud Storage or Azure, where the driver of fsspec for them is installed."""

from __future__ import annotations

import os

from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe.look import Look
from pipegen.probe.remote_files_drivers import Files, no_driver

_PACKAGES = {"gs": "gcsfs", "az": "adlfs"}


class Cloud(Files):
    """See :class:`pipegen.probe.remote_files.Remote`; keys are where the driver looks for them."""

    def __init__(self, url: RemoteUrl, look: Look) -> None:
        import fsspec  # type: ignore[import-untyped]

        package = _PACKAGES[url.scheme]
        try:
            kind = fsspec.get_filesystem_class(url.scheme)
        except ImportError:
            raise no_driver(url, package, package) from None
        account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        said = {"account_name": account} if url.scheme == "az" and account else {}
        super().__init__(url, look, kind(**said, skip_instance_cache=True, use_listings_cache=False), url.hosts)
