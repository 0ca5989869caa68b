"""Refusals that a customer can meet, by their stable code, in words that say what to do."""

from frontend.text import mark

REFUSALS = {
    "not_found": mark("This does not exist, or is not yours to see."),
    "forbidden": mark("You lack the right for this action."),
    "conflict": mark("Someone was faster. Look at what is there now and try again."),
    "price_changed": mark(
        "The price or the effect has changed since it was shown: check it again before you send."
    ),
    "already_placed": mark("This request has been sent already."),
    "undo_too_late": mark("The time to undo is over: the request is with the carrier."),
    "not_in_this_state": mark("The request has moved on meanwhile."),
    "too_soon": mark("The list was refreshed less than a minute ago."),
    "unavailable": mark("The network does not answer right now. Try again in a moment."),
    "nothing_to_change": mark("Nothing would change on these lines."),
    "nothing_selected": mark("No line is left: choose at least one."),
    "too_many_lines": mark("Too many lines match: narrow the filter."),
    "mixed_selection": mark("The lines differ in plan type or status."),
    "option_conflict": mark("These options exclude each other."),
    "no_reference": mark("No free reference was found: try again in a minute."),
}
