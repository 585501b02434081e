"""What the registry finds wrong: areas, units, facilities, catalogues, packs."""

CITY: dict[str, str] = {
    # Areas, facilities, catalogues, gazetteer, calendar
    "area-stays-ended": "An area that has ended cannot be opened again. A new area gets a new code.",
    # Files of areas
    "layer-not-a-zip": "This is not a zip file that can be read: %(error)s",
    "layer-zip-content": "A zip file must contain one Shapefile, GeoPackage, KML or GeoJSON. It has: %(names)s.",
    "layer-zip-too-large": "It unpacks to more than 4 GiB. Unpack it first.",
    "layer-not-geojson": "This is not a GeoJSON file that can be read: %(error)s",
    "layer-not-a-collection": "This is not a FeatureCollection of GeoJSON.",
    "layer-unreadable": "The file cannot be read: %(error)s",
    "layer-one-of-several": "The file has %(count)s layers. Name one in the mapping: %(names)s.",
    "layer-encoding": (
        "The text of the file is not in %(encodings)s. Name the encoding in the mapping, as in `encoding: gb18030`."
    ),
    "layer-empty": "The file has no features.",
    "layer-swapped": "The longitudes and latitudes of the file are exchanged. Longitude comes first.",
    "layer-without-system": (
        "The file names no coordinate system. Name it in the mapping, as in `crs: EPSG:4547` or `crs: gcj02`."
    ),
    "layer-of-other-system": (
        "The file calls its coordinate system %(own)s. It is read as %(named)s, as the mapping says."
    ),
    "layer-shifted": (
        "It lies %(metres)s m %(direction)s of the %(count)s areas of the same codes already known. A wrong "
        "coordinate system is likely."
    ),
    "layer-shifted-in-file": (
        "It lies %(metres)s m %(direction)s of the %(count)s areas of the same codes already known. A wrong "
        "coordinate system is likely: this file seems to be drawn in %(system)s and read as another system."
    ),
    "layer-shifted-in-known-areas": (
        "It lies %(metres)s m %(direction)s of the %(count)s areas of the same codes already known. A wrong "
        "coordinate system is likely: the known areas seem to be drawn in %(system)s and read as another system."
    ),
    "coarse-conversion": "%(system)s can be converted to WGS-84 only to within %(metres)s m.",
    "coarse-conversion-unknown": "%(system)s can be converted to WGS-84 only to within an unknown distance.",
    "doubtful-shift": (
        "%(count)s areas lie so near the edge of the mainland that it is doubtful whether they were drawn shifted. "
        "Compare them with places you know."
    ),
    "no-such-coordinate-system": (
        "The coordinate system %(value)s is not known. Use WGS-84, CGCS2000, GCJ-02, BD-09, or an EPSG code such as "
        "EPSG:4547."
    ),
    # Mappings of areas
    "unknown-encoding": "The encoding %(value)s is not known.",
    "unknown-level": (
        "%(level)s is not a level and not a kind of grid. Known are %(known)s. A pack may declare further ones."
    ),
    "unknown-property": "No feature has the property %(name)s. They have: %(names)s.",
    "mapping-without-level": "`area` needs `level`, which says what the features are.",
    "mapping-without-area": "`level` needs `area` or `%(level)s`, which names the properties with code and name.",
    "mapping-without-properties": ("The mapping names no properties. Give one of %(levels)s, or `level` and `area`."),
    "mapping-says-twice": "`%(field)s` and `%(other)s` say the same. Leave one of them out.",
    "mapping-smaller-level": "`%(smaller)s` is smaller than `%(level)s`, the level of the features.",
    "mapping-dates-around": "grade, valid_from and valid_until can be given only for the features' own level.",
    # Areas of a file
    "left-out-no-code": "It was left out: its code (%(property)s) is empty.",
    "left-out-no-code-around": "It was left out: the code of its %(level)s (%(property)s) is empty.",
    "left-out-id-character": "It was left out: a code cannot contain %(characters)s.",
    "left-out-id-length": "It was left out: a code has at most %(most)s characters, this has %(count)s.",
    "left-out-ends-early": "It was left out: it ends (%(last)s) before it begins (%(first)s).",
    "left-out-not-a-day": "It was left out: %(value)s (%(property)s) is not a date.",
    "left-out-no-geometry": "It was left out: it has no geometry that can be read.",
    "left-out-empty": "It was left out: its geometry is empty.",
    "left-out-antimeridian": "It was left out: it crosses the antimeridian (180°).",
    "left-out-not-degrees": (
        "It was left out: its coordinates are not degrees. Name their system in the mapping, as in `crs: EPSG:4547`."
    ),
    "left-out-not-a-polygon": "It was left out: its geometry is not a polygon, or encloses nothing.",
    "polygon-repaired": "It was repaired (%(reason)s): %(before)s m² before, %(after)s m² after.",
    "code-in-full-width": "Its code is written with full-width characters. It is read as %(code)s.",
    "code-of-several-features": (
        "The features %(numbers)s have this code. If they are parts of one area, write `parts: join` in the mapping."
    ),
    "code-of-two-levels": "This is the code of a %(level)s and of a %(other)s.",
    "code-of-another-level": "This code is already that of a %(level)s.",
    "code-had-ended": "It ended on %(day)s, and an ended code is never used again. Give the area a new code.",
    "outline-changes-later": (
        "Its outline changes on %(day)s, which is still to come, and a code has one outline at a time. Give it a new "
        "code (the old one then ends), or import it on that day."
    ),
    "area-without-name": "It has no name. Its code is used as its name.",
    "area-of-two-names": "It is also named %(other)s. %(name)s is kept.",
    "area-of-two-parents": "It is also in the %(level)s %(other)s. %(parent)s is kept.",
    "larger-area-unknown": "It is not known. Import it first, or give the property with its name.",
    "parent-unknown": "Its parent %(parent)s is not known. Import it first.",
    "in-no-known-area": "It lies in no %(level)s that is known.",
    "area-crosses-boundary": "It crosses a boundary: %(shares)s. It is put into the first.",
    "area-ends": "It is not in the file and ends on %(day)s.",
    "area-ends-with-areas-inside": (
        "It is not in the file and ends on %(day)s. Areas inside it that do not end: %(count)s."
    ),
    "area-overlaps": "It overlaps %(other)s by %(size)s m² at %(place)s.",
    "area-outside-parent": "It lies outside %(parent)s by %(size)s m² at %(place)s.",
    "area-uncovered": "%(size)s m² of it at %(place)s lie in no %(level)s.",
    "area-gap": "%(size)s m² at %(place)s lie in no %(level)s. Around it: %(names)s.",
    "area-code-has-letters": "Its code has letters instead of digits. %(digits)s may be meant.",
    "area-code-of-other-level": "Its code has %(count)s digits, as the code of a %(level)s has.",
    "area-code-not-of-parent": "It lies in %(parent)s, but its code begins with %(beginning)s.",
    # Facilities
    "facility-without-class": "Give the class. The id does not tell it.",
    "facility-id-of-other-class": "Its id has the class %(id_class)s, the row says %(row_class)s. The id counts.",
    "facility-name-of-other-class": (
        "It is called %(name)s, which is the class %(other)s, and its id says %(category)s %(title)s."
    ),
    "not-a-component-class": "%(value)s is not a class of components of %(catalogue)s.",
    "id-class-not-in-catalogue": "The class %(code)s in this id is not in %(catalogue)s.",
    "facility-without-position": "It has no position.",
    "not-a-facility-state": (
        "%(value)s is not one of 完好, 破损, 丢失, 废弃, 移除. Say in `words` of the mapping what it means."
    ),
    "changed-before-it-began": "It was changed on %(changed)s before it began on %(began)s.",
    "facility-twice": "%(code)s is in %(word)s %(first)s and again in %(word)s %(second)s. The first one counts.",
    "facility-on-same-spot": "It has the class and the position of %(word)s %(first)s.",
    "outside-city": "%(lon)s, %(lat)s lies outside the city.",
    "outside-city-unless-exchanged": (
        "%(lon)s, %(lat)s lies outside the city, and within it if its coordinates are exchanged."
    ),
    "census-names-other-area": "The census says %(level)s %(code)s, its point lies in %(placed)s.",
    "census-unit-unknown": "%(value)s is not a unit of the city. It is kept as text.",
    "unit-name-of-several": "Several units are called %(name)s: %(codes)s.",
    # Tables of filing conditions
    "no-limit": "The limit “%(limit)s” was not understood: it has no amount with a unit.",
    "several-limits": "The limit “%(limit)s” was not understood: it names more than one.",
    "unclear-hours": (
        "The limit “%(limit)s” was not understood: these may be working hours and days or those of the clock. The "
        "mapping must give plain_units."
    ),
    "no-such-amount": "The limit “%(limit)s” was not understood: there is no such amount of this unit.",
    "condition-of-two-limits": "The same condition has the limit %(limit)s in %(place)s. Only one can be right.",
    "class-code-of-no-such-name": (
        "It is not clear which class this is: in %(catalogue)s %(code)s is %(known)s, not %(name)s."
    ),
    "class-code-of-another-name": (
        "It is not clear which class this is: in %(catalogue)s %(code)s is %(known)s, and %(name)s is %(codes)s."
    ),
    "class-became-several": "It is not clear which class this is: %(code)s became %(codes)s.",
    "class-name-of-several": "It is not clear which class this is: %(name)s may be %(codes)s.",
    "class-numbers-taken": (
        "It is not clear which class this is: in the major class %(major)s every number of a city's own is taken."
    ),
    # Units, duties, accounts, history
    "unknown-role": "%(value)s is not a role of the city.",
    "unknown-person": "%(value)s is not a person with an account.",
    "listed-for-department": (
        "This is on the list of powers and duties of %(unit)s, so it cannot be given to a community."
    ),
    "shift-too-long": "A shift is at most %(most)s days long.",
    "unknown-reference": "Its %(field)s %(value)s is not known.",
    "password-too-short": "A password has at least %(min_length)s characters.",
    "password-too-similar": "A password must neither hold nor resemble the user name or the name.",
    "password-too-common": "This password is too common.",
    "password-entirely-numeric": "A password must not consist of digits only.",
}
