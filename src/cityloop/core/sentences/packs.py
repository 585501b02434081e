"""What the files of a pack can have wrong."""

PACKS: dict[str, str] = {
    # Folders and packs
    "no-pack-folder": "This folder contains no folder with a pack.yaml.",
    "not-a-shipped-pack": "%(name)s is not a pack that CityLoop ships, so it cannot be left out.",
    "pack-name-taken": "There is another pack %(name)s.",
    "unknown-pack": "There is no pack %(name)s. The packs are: %(known)s.",
    "title-languages": "Give a title in zh and in en.",
    # Tables
    "table-unreadable": "This table cannot be read: %(error)s",
    "columns-missing": "The heading lacks %(missing)s. The columns are: %(needed)s.",
    "unknown-columns": "The heading has %(names)s, which are not columns of this table.",
    "cell-count": "This line does not have %(count)s cells, as the heading has.",
    "not-one-of": "%(value)s is not one of: %(choices)s.",
    "catalogue-code-digits": "%(code)s is not a code of this catalogue: its codes have %(digits)s digits.",
    "national-number": (
        "%(code)s is a number of the national list. A city's own numbers go from %(first)s down to %(last)s."
    ),
    "line-repeated": "Line %(line)s has the same already.",
    "same-catalogue": "This is the catalogue that the line comes from.",
    # Between packs
    "unknown-catalogue": "No pack has a catalogue %(name)s.",
    "not-in-catalogue": "%(catalogue)s has no %(kind)s %(code)s.",
    "given-twice": "%(name)s is in %(place)s already.",
    # Layers, grids, calendar
    "layer-name-taken": "The pack %(pack)s has a layer of this name.",
    "layer-name-reserved": "The city itself uses the name %(name)s. Choose another.",
    "layer-field": "where: %(names)s cannot narrow %(source)s. Use %(known)s.",
    "layer-without-category": "where: name the category of the facilities that everybody may see.",
    "grid-kind-name": "%(name)s: write a kind of grid in small letters, such as cleaning_grid.",
    "grid-kind-taken": "%(name)s is a kind of grid already.",
    "hours-or-seasons": "Give either hours or seasons.",
    "not-hours": "%(value)s are not hours. Write them as 08:00-12:00.",
    "day-off-and-on": "%(day)s is given as a day off and as a working day.",
    "unknown-time-zone": "%(name)s is not a time zone. Write one such as Asia/Shanghai.",
    "calendar-unsound": "This calendar cannot be used: %(error)s.",
    # Law
    "law-fines": (
        "%(title)s counts money of penalties. Article 74 of 行政处罚法 forbids any tie between fines and assessment: "
        "mark it use: statistic."
    ),
    "law-penalties": (
        "%(title)s counts penalties. As a target their number would be the tie to assessment that article 74 of "
        "行政处罚法 forbids: mark it use: statistic."
    ),
    "law-petitions": (
        "%(title)s counts petitions. Nobody is ranked by their number, only by timely acceptance, timely answer, "
        "settlement and satisfaction: mark it use: statistic."
    ),
    "law-app-use": (
        "%(title)s counts the use of an app. A ranking by it is 指尖上的形式主义 (formalism at the fingertips): mark "
        "it use: statistic."
    ),
    "statistic-better": "A statistic is not ranked or scored: write better: neither.",
    "law-veto": "%(title)s is a veto (一票否决). It needs a basis: name the document that allows it in legal_basis.",
    "law-letter": (
        "%(title)s is a letter of responsibility (责任书). It needs a basis: name the document that allows it in "
        "legal_basis."
    ),
    "law-list": (
        "%(title)s is a list of persons or enterprises. Such a list needs a law or a policy of the State Council "
        "(国办发〔2020〕49号): name it in legal_basis."
    ),
    "law-campaign": (
        "%(title)s is a campaign of creation or evaluation (创建、评比、示范). It needs a basis: name the document "
        "that allows it in legal_basis."
    ),
    "legal-basis-form": (
        "%(value)s is not a legal basis. Give the name, number or article of a document, such as 《…》, 〔2020〕49号 "
        "or article 5."
    ),
    # Procedures
    "unknown-reasons": "There is no list of reasons %(name)s. The lists are: %(known)s.",
    "no-reasons": "There is no list of reasons %(name)s, nor any other.",
    "one-count": "Give only one of %(names)s. Write a second requirement for the other.",
    "count-or-when": "Give one of all, any, quorum and no_open, or give when.",
    "quorum-and-of": "quorum says how many, and of says of which kind of task. Give both.",
    "by-without-count": "by belongs to all, any or quorum.",
    "pack-role-unknown": "There is no role %(name)s. The roles are: %(known)s.",
    "procedure-version-taken": "Version %(version)s of %(name)s exists already. Give this one the next number.",
    "procedure-changed": (
        "This is not what it was when this version was taken up, and cases follow it. Restore the file, and give your "
        "changes the next version in a file of their own next to it."
    ),
    # Further cases
    "unknown-procedure": "No pack has a procedure %(name)s. The procedures are: %(known)s.",
    "asks-for-other": "%(procedure)s does not ask for %(name)s when it begins. It asks for: %(known)s.",
    "asks-for-nothing": "%(procedure)s asks for nothing when it begins, so %(name)s cannot be given.",
    "asked-at-beginning": "%(procedure)s asks for %(name)s when it begins. Name it in gives or given.",
    "need-of-other-kind": "This is a %(kind)s, and %(procedure)s asks for a %(wanted)s.",
    "need-may-be-empty": "%(name)s may be left out here, and %(procedure)s cannot begin without it. Make it required.",
}
