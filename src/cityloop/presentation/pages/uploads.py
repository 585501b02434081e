"""The limit on the size of a request with files. What a file may contain is checked where it is read."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST_REQUEST = 200_000_000  # bytes; refused before anything is written to the disk


class LimitedUpload(FileUploadHandler):
    """Refuse a request whose length is over the limit; leave all others to the next handler."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Raise RequestDataTooBig by the Content-Length alone; the body is not read."""
        if content_length > LARGEST_REQUEST:
            raise RequestDataTooBig(f"A request brings at most {LARGEST_REQUEST} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler that took it."""
