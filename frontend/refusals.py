"""Refusals that a customer can meet, by their stable code, in words that say what to do."""

from frontend.text import mark

REFUSALS = {
    "not_found": mark("This does not exist, or is not yours to see."),
    "forbidden": mark("You lack the right for this action."),
    "conflict": mark("Someone was faster. Look at what is there now and try again."),
    "price_changed": mark("The price or the effect changed since you looked. Check it again before you send."),
    "too_late": mark("It is too late to undo: the request has been sent."),
    "too_soon": mark("The list was refreshed less than a minute ago."),
    "unavailable": mark("The network does not answer right now. Try again in a moment."),
    "nothing_chosen": mark("Tick at least one option to add or to remove."),
    "nothing_to_change": mark("Nothing would change on these lines."),
    "lines_differ": mark("The lines differ in plan type or status."),
}
