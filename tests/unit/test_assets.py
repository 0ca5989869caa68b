"""The corrected ReactPy client: each correction is in, and another version is refused."""

import importlib.metadata

import brotli
import pytest

from frontend import assets, reactpy_patches


def test_every_correction_is_in_the_served_client() -> None:
    served = assets.assets()[assets.asset_url("index.js")].plain.decode()
    for old, new in reactpy_patches.CORRECTIONS:
        assert old not in served
        assert served.count(new) == 1
    assert "sourceMappingURL" not in served


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: "2.0.0")
    with pytest.raises(reactpy_patches.WrongClientError, match=r"2\.0\.0b13"):
        reactpy_patches.corrected_client()


def test_a_client_whose_text_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactpy_patches, "CORRECTIONS", (("no such text", "x"),))
    with pytest.raises(reactpy_patches.WrongClientError, match="not once"):
        reactpy_patches.corrected_client()


def test_assets_are_compressed_and_share_one_hash() -> None:
    found = assets.assets()
    assert len({address.split("/")[2] for address in found}) == 1
    for asset in found.values():
        assert brotli.decompress(asset.brotli) == asset.plain
        assert asset.best("gzip, deflate, br")[0] == "br"
        assert asset.best("gzip")[0] == "gzip"
        assert asset.best("") == ("", asset.plain)


def test_the_first_view_needs_few_assets() -> None:
    """Of the 48 kB of the whole first view, which `make bench` measures, HTML and rows take the rest."""
    names = (assets.STYLES, "boot.js", *assets.PRELOAD)
    assert sum(len(assets.assets()[assets.asset_url(name)].brotli) for name in names) < 34_000
