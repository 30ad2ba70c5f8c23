"""Test the media type of an uploaded file whose browser does not know it."""

import pytest

from api.http.evidence import media_type_of


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("readings.csv.gz", "application/gzip"),
        ("files.tgz", "application/gzip"),
        ("drawing.svgz", "application/gzip"),
        ("readings.csv.bz2", "application/x-bzip2"),
        ("readings.csv.xz", "application/x-xz"),
        ("readings.csv.Z", "application/octet-stream"),
        ("readings.csv", "text/csv"),
    ],
)
def test_a_compressed_file_has_the_type_of_its_compression(name: str, media_type: str) -> None:
    assert media_type_of(name, "application/octet-stream") == media_type
