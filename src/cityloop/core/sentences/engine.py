"""What the core finds wrong: procedures, clocks, conditions, places."""

ENGINE: dict[str, str] = {
    # Limits, shifts, codes
    "limit-not-readable": "%(value)s is not a limit. Write an amount and one of %(units)s, such as 5 day.",
    "limit-not-positive": "A limit must be positive, not %(amount)s.",
    "not-a-shift": "%(value)s is not a shift. Write when it begins and ends, such as 20:00-08:00.",
    "not-a-class-reference": "%(value)s is not the reference of a class.",
    "credit-code-length": "%(value)s has %(count)s characters; a unified social credit code has 18.",
    "credit-code-character": (
        "%(value)s contains %(character)s; a unified social credit code has digits and capital letters, without "
        "I, O, S, V and Z."
    ),
    "id-character": "A code cannot contain %(characters)s.",
    "id-length": "A code has 1 to %(most)s characters; this has %(count)s.",
    "id-not-digits": "An id has only digits; this contains %(characters)s.",
    "id-digit-count": "An id has 17 digits, or 16 in the old list; this has %(count)s.",
    "id-serial-zero": "The serial number of this id is 000000. The first one is 000001.",
    "id-class-unknown": "The class %(code)s in this id is not in the catalogue.",
    "id-other-district": "This id begins with %(area)s, but its position lies in %(district)s.",
    "id-class-without-successor": "The class %(code)s has no successor in the present list. Give the new id.",
    "id-class-with-successors": ("The class %(code)s became several (%(codes)s) in the present list. Give the new id."),
    # Conditions
    "condition-too-long": "A condition has at most %(most)s characters.",
    "condition-not-readable": "Column %(column)s: this cannot be read as a condition.",
    "condition-not-a-claim": "Column %(column)s: this is neither true nor false. Compare it with something.",
    "condition-operator": "Column %(column)s: only == != < <= > >= in and not in can compare.",
    "condition-list": ("Column %(column)s: in and not in compare with a list in brackets; the other operators do not."),
    "condition-list-member": "Column %(column)s: a list contains only texts and whole numbers.",
    "condition-unknown-name": "Column %(column)s: there is no %(name)s. Known names: %(known)s.",
    "condition-operand": ("Column %(column)s: only names, texts, whole numbers and lists of them can be compared."),
    "condition-function": "Column %(column)s: the only functions are %(known)s.",
    "condition-arguments": "Column %(column)s: %(name)s takes %(count)s text(s).",
    "condition-time": "Column %(column)s: write a time of day as 22:00.",
    # Of procedures, names
    "procedure-no-such-stage": "There is no stage %(name)s. Declared are: %(known)s.",
    "procedure-no-such-task": "There is no task %(name)s. Declared are: %(known)s.",
    "procedure-no-such-document": "There is no document %(name)s. Declared are: %(known)s.",
    # Of procedures, tasks
    "procedure-task-never-opened": ("Nothing opens such a task. Add it to the opens of an action, or remove it."),
    "procedure-task-never-ended": ("No action ends it, so it could never be done. Add an action on it without keeps."),
    "procedure-begins-without-task": "Nobody would hold a new case. Open a task.",
    "procedure-no-unit": (
        "%(task)s is held by a unit, and nothing says by which. Ask for it with a required need named %(unit)s of the "
        "kind unit or units, or write unit: own, or again: continued."
    ),
    # Of procedures, actions
    "procedure-on-or-at": ("Say either on which kind of task it is done (on), or in which stages of the case (at)."),
    "procedure-no-role": "Nobody may do it. Say which role may.",
    "procedure-strands": ("After it nobody would hold a task. Open one, keep this one, or lead to a final stage."),
    "procedure-opens-in-closed": "The case is closed in %(stage)s. No task can be opened there.",
    "procedure-branch-opens-in-closed": ("It closes the case in %(stage)s, and a task is opened. Remove one of them."),
    "procedure-reopens-without-stage": (
        "It opens a task in %(stage)s, where the case is closed. Say to which stage it goes back."
    ),
    "procedure-automatic-asks": ("The system answers no questions. An automatic action cannot have required needs."),
    "procedure-automatic-own-unit": ("The system has no unit of its own. An automatic action cannot say unit: own."),
    "procedure-sets-fact-of-the-city": "The city keeps the fact %(name)s itself. Set one with another name.",
    "procedure-not-an-outcome": ("%(action)s does not end a task %(task)s. The actions that do: %(known)s."),
    # Of procedures, timers
    "procedure-no-timer-action": "There is no action %(action)s. Declare one with automatic: true.",
    "procedure-timer-action-by-people": (
        "%(action)s is done by people. An action that a timer does says automatic: true."
    ),
    "procedure-timer-action-not-on-task": "%(action)s is not done on this task. Give it on: %(task)s.",
    "procedure-timer-action-not-on-case": "%(action)s is not done on the case. Give it at: and the stages.",
    # Of procedures, needs
    "procedure-needs-same-name": "Two needs have the same name.",
    "procedure-needs-same-fact": "Two needs set the category, the condition or the district.",
    "procedure-need-without-choices": "Nothing can be chosen for %(name)s. Give its choices.",
    "procedure-need-least-above-most": (
        "At least %(least)s and at most %(most)s contradict each other. Change one of them."
    ),
    "procedure-task-limit-not-asked": (
        "Nothing asks for %(name)s. Add a need of that name to the beginning or to an action that opens it."
    ),
    "procedure-case-limit-not-asked": (
        "Nothing asks for %(name)s. Add a need of that name to the beginning or to the action that starts it."
    ),
    "procedure-limit-kind": "The need %(name)s gives a limit. It must be a number or a date.",
    "procedure-extension-not-asked": "There is no need %(name)s that could give more time.",
    "procedure-extension-kind": "The need %(name)s gives more time. It must be a number or a date.",
    "procedure-no-such-need": "There is no need %(name)s. Known needs: %(known)s.",
    # Of procedures, documents
    "procedure-document-unused": (
        "Nothing produces this document. Add it to the documents of an action, or remove it."
    ),
    "procedure-document-unknown-name": "%(action)s has no %(name)s for a document. Known names: %(known)s.",
    "procedure-beginning-unknown-name": "The beginning has no %(name)s for a document. Known names: %(known)s.",
    "procedure-document-braces": "The braces do not match (%(error)s). Write a literal brace twice.",
    # Of procedures, clocks, stages
    "procedure-case-clock-never-started": (
        "Nothing starts the case's clock. Give an action, or the beginning, case_clock: start."
    ),
    "procedure-case-clock-without-limit": (
        "The case's clock is used, but has no limit. Give the procedure a case_limit."
    ),
    "procedure-case-clock-never-resumed": "An action pauses the case's clock and none resumes it.",
    "procedure-case-clock-stopped": ("The case's clock has stopped. Say whether it is to restart or to continue."),
    "procedure-stage-not-reached": (
        "No path leads there that leaves somebody with a task. Let an action go to it, or remove it."
    ),
    "procedure-stage-never-ends": "No path leads from there to a final stage. The case could never be closed.",
}
