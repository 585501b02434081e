"""The Django project: settings, database and its supervisor, clock, event log and announcer, jobs, checkpoints."""
