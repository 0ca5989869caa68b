"""The states of a bulk file."""

from backend.bulk.lifecycle import UPLOAD_LIFECYCLE, UploadState, state_after_validation


def test_the_lifecycle_has_no_way_back_from_an_order_and_none_to_it_but_ready() -> None:
    assert {UploadState.ORDERED} == UPLOAD_LIFECYCLE.final
    assert UPLOAD_LIFECYCLE.sources(UploadState.ORDERED) == [UploadState.READY]
    assert UPLOAD_LIFECYCLE.allows(UploadState.READY, UploadState.READY)
    assert state_after_validation(good=1, errors=1, skip_bad=False) is UploadState.NEEDS_FIX
    assert state_after_validation(good=1, errors=1, skip_bad=True) is UploadState.READY
    assert state_after_validation(good=0, errors=0, skip_bad=True) is UploadState.NEEDS_FIX
