"""The events of cases: their payloads, the rows replayed from them, the photos and their verification."""
