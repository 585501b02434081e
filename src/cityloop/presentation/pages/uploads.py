"""How much one request may bring in files. What a file may be is decided where it is read."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST_REQUEST = 200_000_000  # bytes; refused before anything is written to the disk


class LimitedUpload(FileUploadHandler):
    """Refuses a request that says it is larger; what it lets pass is for the next handler."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """Raise RequestDataTooBig by the length that the request tells, which is all that is read of it."""
        if content_length > LARGEST_REQUEST:
            raise RequestDataTooBig(f"A request brings at most {LARGEST_REQUEST} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler that took it."""
