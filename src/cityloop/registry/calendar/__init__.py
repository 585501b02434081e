"""The working calendar: its versions, declared days, adoption."""
