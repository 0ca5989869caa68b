"""Refusals that a customer can meet, by their stable code, in words that say what to do."""

from frontend.i18n import translatable

ERROR_MESSAGES = {
    "not_found": translatable("This does not exist, or is not yours to see."),
    "forbidden": translatable("You lack the right for this action."),
    "conflict": translatable("Someone was faster. Look at what is there now and try again."),
    "price_changed": translatable(
        "The price or the effect has changed since it was shown: check it again before you send."
    ),
    "already_placed": translatable("This request has been sent already."),
    "undo_too_late": translatable("The time to undo is over: the request is being carried out."),
    "not_in_this_state": translatable("The request has moved on meanwhile."),
    "dispute_decided": translatable("This dispute was decided or withdrawn meanwhile."),
    "nothing_to_dispute": translatable("Nothing of this document is owed: there is nothing to dispute."),
    "too_soon": translatable("The list was refreshed less than a minute ago."),
    "unavailable": translatable("The network does not answer right now. Try again in a moment."),
    "debit_not_offered": translatable("Direct debit is not offered here."),
    "mandate_not_suspended": translatable("This mandate is not suspended."),
    "payment_not_offered": translatable("Paying online is not offered here. Pay by bank transfer."),
    "nothing_to_pay": translatable(
        "Nothing is to be paid of this invoice now: it was paid, or somebody else is paying it."
    ),
    "amount_not_online": translatable(
        "From 0.50 to 999,999.99 euros can be paid online. Pay any other amount by bank transfer."
    ),
    "amount_too_high": translatable("This is more than can be paid of the invoice now."),
    "nothing_selected": translatable("No line is left: choose at least one."),
    "too_many_lines": translatable("Too many lines match: narrow the filter."),
    "mixed_selection": translatable("The lines differ in plan type or status."),
    "option_conflict": translatable("These options exclude each other."),
    "not_invoice_reader": translatable("This person is no invoice reader any more."),
    "no_such_member": translatable("Nobody of your company signs in with this e-mail address."),
    "sees_all_invoices": translatable("An owner sees and pays every invoice already."),
    "no_customer_number": translatable("Choose at least one of your customer numbers."),
    "too_many_emails": translatable("Enter at most five addresses."),
    "email_wrong": translatable("No mail can be sent to one of these addresses."),
    "mobile_wrong": translatable("Enter a mobile number, such as 0470 12 34 56."),
    "file_missing": translatable("Choose a file."),
    "file_empty": translatable("The file is empty. Choose another one."),
    "file_too_large": translatable("The file is larger than 10 MB. Choose a smaller one."),
    "file_type": translatable("This kind of file cannot be used here."),
    "file_type_scan": translatable("Choose a PDF, JPEG or PNG file."),
    "file_type_table": translatable("Choose an Excel or CSV file."),
    "file_damaged": translatable("The file is damaged or incomplete. Make it again and choose it anew."),
    "file_encrypted": translatable("The file is protected by a password. Save it without one."),
    "file_unpacks_too_large": translatable("The file unpacks to far more than it should. Save it anew."),
    "file_characters": translatable("The characters cannot be read. Save the file as UTF-8."),
    "file_quotes": translatable("A quotation mark in the file is not closed. Correct the row."),
    "file_too_many_rows": translatable("The file has more than 20,000 rows. Divide it."),
    "file_too_many_columns": translatable(
        "The file has more than 40 columns. Remove those that are not needed."
    ),
    "file_header": translatable("The headings are not those of the template."),
    "bulk_not_now": translatable("The file is being checked or was ordered already."),
    "bulk_nothing_good": translatable("There is no good row to go on with."),
    "bulk_ordered": translatable("This file was ordered already."),
    "bulk_stale": translatable("What the file asks is no longer possible on every line: hand it in again."),
    "bulk_not_ready": translatable("The file is not ready to be ordered."),
    "sim_in_use": translatable("This SIM number is already in use. Take another blank card."),
    "esim_not_ready": translatable("The code of this eSIM is not ready yet: try again in a moment."),
    "esim_spent": translatable("The code of this eSIM was used: request a new eSIM for this line."),
    "esim_expired": translatable("The code of this eSIM has expired: request a new eSIM for this line."),
    "esim_not_confirmed": translatable("The user has to confirm this eSIM first, by the link in the mail."),
    "no_user": translatable("First enter the user of this line: the contract is personal."),
    "no_reference": translatable("No free reference was found: try again in a minute."),
    "line_taken": translatable("One of these lines has just got another open request: check again."),
    "cancel_too_late": translatable("This request can no longer be cancelled."),
    "held_too_long": translatable("The time for this is over: send a new request."),
    "not_refused": translatable("No invitation of this request has to be sent again."),
    "not_held": translatable("Nothing is missing for this line any more."),
    "reading_decided": translatable("No lines are waiting for this decision."),
    "reading_changed": translatable("The network was read again since: look at the lines once more."),
    "not_scheduled": translatable("This is only for a planned request: it has moved on meanwhile."),
    "number_taken": translatable("This number cannot be used: choose another one."),
    "too_many_transfers": translatable(
        "Too many of your transfers were refused lately. Try again tomorrow, or ask your operator."
    ),
    "many_transfers_open": translatable(
        "Many of your transfers still wait for their check. Ask for the next one when some are answered."
    ),
    "request_key_reused": translatable("This was sent before as another request. Load the page again."),
    "malformed": translatable("Part of what was sent cannot be read. Check it and send it again."),
    "invalid_text": translatable("The text holds a character that cannot be stored."),
    "signed_out": translatable("You are signed out. Sign in to go on."),
    "fresh_sign_in_needed": translatable("Sign in again to go on."),
    "view_name_taken": translatable("You have a view with this name already."),
    "too_many_views": translatable("You have 30 saved views of this page: delete one first."),
    "view_too_large": translatable(
        "A view holds at most 200 values and 8 kB. Choose fewer filters, then save it."
    ),
    "view_of_another": translatable("Only the member who saved this view may change it."),
    "bad_view_name": translatable("Give it a name of 1 to 60 characters."),
    "nothing_failed": translatable("Nothing of this request failed."),
}
