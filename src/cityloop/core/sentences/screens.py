"""What the screens and the API find wrong themselves."""

SCREENS: dict[str, str] = {
    "wrong-password": "This is not your present password.",
    "wrong-code": "This code is not right. Wait for the next one, and check the clock of the telephone.",
    "passwords-differ": "The two passwords are not the same.",
    # OGC API – Features
    "no-token": "Sign in, or send a valid token: Authorization: Bearer TOKEN.",
    "no-such-collection": "There is no collection %(name)s.",
    "no-such-feature": "There is no feature %(key)s in %(collection)s.",
    "unknown-parameter": "This parameter is not offered here. Offered are: %(offered)s.",
    "repeated-parameter": "This parameter is given more than once.",
    "not-crs84": "This must be %(crs)s.",
    "not-json-or-html": "This must be json or html.",
    "not-a-box": "Write west,south,east,north, or six numbers with heights.",
    "north-below-south": "North is below south.",
    "not-numbers-of-degrees": "Write numbers of degrees, separated by commas.",
    "not-a-moment-or-two": "Write a moment such as 2026-11-21T15:00:00Z, or two with / between them.",
    # The body of a request, read by its schema
    "schema-error": "This does not fit the schema: %(error)s.",
}
