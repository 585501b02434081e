"""What evaluation refuses: indicators, facts, histories."""

FIGURES: dict[str, str] = {
    "no-such-edition": "There is no edition %(edition)s in this folder of facts.",
    # Files of facts
    "facts-missing": "The facts %(relation)s %(digest)s are not in %(folder)s.",
    "facts-altered": "%(file)s is missing or was altered after it was written.",
    "facts-unreadable": "%(file)s is not an edition of facts that this version of CityLoop can read.",
    "edition-exists": "%(folder)s already has other facts, of %(name)s. Use another folder, or try again in a second.",
    "facts-file-missing": "This file is missing.",
    "facts-file-unreadable": "This file cannot be read: %(error)s",
    "facts-file-other-rows": "This file does not have the rows that its digest stands for.",
    "facts-file-misleading": "The statistics of the column %(column)s do not match its rows.",
    "facts-column-missing": "This column is missing. Its type must be %(wanted)s.",
    "facts-column-type": "The type of this column must be %(wanted)s, not %(found)s.",
    "history-unreadable": "The history of %(stream)s cannot be read. See `cityloop verify`.",
    # A pack's facts.yaml
    "facts-unknown-procedure": "There is no procedure %(name)s. Known are: %(known)s.",
    "facts-unknown-version": "%(procedure)s has no version %(version)s.",
    "facts-unknown-event": "There is no event %(name)s. Known are: %(known)s.",
    "facts-unknown-task": "There is no kind of task %(name)s. Known are: %(known)s.",
    "facts-unknown-stage": "There is no stage %(name)s. Known are: %(known)s.",
    "facts-not-a-column": "Packs do not fill this column. They can fill: %(known)s.",
    "facts-one-rule": "Exactly one of these is needed, and nothing else: %(rules)s.",
    "facts-other-rule": "This belongs to another rule.",
    # Indicators
    "no-such-indicator": "There is no indicator %(code)s.",
    "no-such-grouping": "Figures over %(relation)s cannot be grouped by %(column)s. Known are: %(known)s.",
    "impossible-rhythm": "Months begin on a day from 1 to 28, days at a time such as 12:00.",
    "unknown-period": (
        "%(text)s is not a period. Write 2026, 2026-H1, 2026-Q2, 2026-06, 2026-W25, 2026-06-19, "
        "2026-06-19..2026-07-18 or 2026-06-19T12:00..2026-06-20T12:00."
    ),
    "indicator-code-of-column": "This is the name of a column. Choose another code.",
    "indicator-code-of-count": "There is a count with this code.",
    "indicator-not-a-sum": (
        "Counts are joined by + and -, such as register - cancel. The mistake is at column %(column)s."
    ),
    "indicator-unknown-count": "There is no count %(count)s.",
    "indicator-other-subjects": "%(count)s is not a count for %(subjects)s.",
    "indicator-unknown-exclusion": "There is no exclusion %(name)s. Known are: %(known)s.",
    # Saved runs
    "appraisal-unreadable": "This is not an appraisal that CityLoop can read: %(error)s",
    "run-exists": "%(folder)s already exists. A run never replaces another.",
    "run-not-written": "The run cannot be written to %(folder)s: %(error)s.",
    "run-unreadable": "This cannot be read: %(error)s",
    "run-other-indicators": (
        "These are other indicators: their digest is %(found)s, but the figures were counted with %(wanted)s."
    ),
    "run-other-facts": (
        "This is another edition: its digest is %(found)s, but the figures were counted over %(wanted)s."
    ),
    "run-other-moment": "It has another moment or time zone than the facts.",
    "run-no-edition": "There is no edition.",
    "run-other-form": "The figures are the same, but the file is not in the form that CityLoop writes.",
    # Histories of other systems
    "nothing-read": "None of the %(rows)s rows could be read. See %(path)s.",
    "history-repeated-case": "%(number)s is already in a row above.",
    "history-not-a-moment": "%(text)s is not a date and time. Describe with format how they are written.",
    "history-too-late": "%(text)s is after the moment of the facts.",
    "history-too-early": "%(moment)s is before %(field)s, %(other)s.",
    "history-unknown-word": "%(text)s is not one of %(known)s.",
    "history-not-a-whole-number": "%(text)s is not a whole number.",
    "history-not-degrees": "%(text)s is not a number of degrees from -%(most)s to %(most)s.",
    "history-no-such-zone": "There is no time zone %(zone)s. Write one such as Asia/Shanghai.",
    "history-updates-need": "A table of updates needs the fields updated_at, and state or unit.",
    "history-updates-only": "updated_at, state, states and order belong to a table with rows: updates.",
    # Measures; MEASURES has those that name a place
    "measure-empty": "There is no measure here.",
}

# What can be wrong at a place in a measure.
MEASURES: dict[str, str] = {
    "measure-not-sql": "This cannot be parsed as SQL.",
    "measure-not-closed": "A quotation mark or a comment is not closed.",
    "measure-too-long": "A measure has at most %(most)s characters.",
    "measure-several": "Write one measure only.",
    "measure-not-a-select": "A measure begins with SELECT.",
    "measure-one-aggregate": "A measure has exactly one aggregate.",
    "measure-no-period": ("This counts all times alike. Use in_period(…), or compare with period_start or period_end."),
    "measure-no-relation": "A measure counts the rows of one of %(known)s.",
    "measure-unknown-relation": "%(name)s is not a relation. A measure counts the rows of one of %(known)s.",
    "measure-not-a-fact": "%(name)s only describes and is not counted. A measure counts the rows of one of %(known)s.",
    "measure-aggregates": "The only aggregates are %(known)s.",
    "measure-not-numeric": "Only whole and decimal numbers can be summed, not values of type %(type)s.",
    "measure-part": "%(part)s cannot be used here.",
    "measure-subquery": "A query cannot be used here.",
    "measure-prefix": "Write the name without a relation or schema before it.",
    "measure-quoted": "Write names without quotation marks.",
    "measure-no-condition": "This is not a condition that is true or false.",
    "measure-no-value": "Only columns, plain values and %(functions)s can be used here.",
    "measure-not-a-column": "Only a column can be used here.",
    "measure-is-null": "IS only tests for NULL. Compare with = instead.",
    "measure-list-values": "A list can have plain values only.",
    "measure-list-empty": "A list needs at least one value.",
    "measure-pattern": "LIKE needs a plain pattern of letters, %% and _.",
    "measure-not-text": "This needs a value of type text, not %(type)s.",
    "measure-one-moment": "in_period needs exactly one moment.",
    "measure-not-true-or-false": "A value of type %(type)s is not a condition. Compare it with something.",
    "measure-unknown-column": "%(relation)s has no column %(name)s.",
    "measure-mistyped-column": "%(relation)s has no column %(name)s. Did you mean %(near)s?",
    "measure-characters": "A text has no backslashes, line breaks or control characters.",
    "measure-number": "Numbers are whole or decimal, such as 12 or 0.5, and never floats.",
    "measure-no-such-moment": "There is no such day or moment.",
    "measure-moment": "Write DATE '2026-01-31' or TIMESTAMP '2026-01-31 08:00:00', in the city's own time.",
    "measure-substr": "substr needs a text, a position from 1 and a length from 1.",
    "measure-types": "Values of different types cannot be compared: %(types)s.",
    "measure-no-order": "true and false have no order.",
}
FIGURES |= {code: "Line %(line)s, column %(column)s: %(marked)s: " + sentence for code, sentence in MEASURES.items()}
