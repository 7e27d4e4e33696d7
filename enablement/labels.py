"""The words for codes that are stored or raised as codes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    "active_content": _(
        "It contains macros, controls or other parts that run. Save it without them and send it again."
    ),
    "broken": _("It is damaged or uses a form we cannot check. Save it again and send the new file."),
    "empty": _("It is empty."),
    "external": _("It loads parts from another place when it is opened. Save it with those parts inside."),
    "incomplete": _("It arrived incomplete. Send it again."),
    "leads_outside": _("Its parts point outside the file. Save it again with your office program."),
    "locked": _("It is protected by a password, so it cannot be checked. Send it without one."),
    "lost": _("It did not arrive. Send it again."),
    "nested": _("It contains an archive or another file we cannot check. Send that one by itself."),
    "not_what_it_says": _("Its content does not match the ending of its name."),
    "too_many_parts": _("It has too many parts to be checked."),
    "too_many_pixels": _("The picture is too large: at most 25 megapixels and 16,000 pixels on a side."),
    "two_in_one": _("There is a second file hidden in it."),
    "unpacks_too_large": _("It unpacks to far more than its size."),
    "unreadable": _("It could not be checked. Save it again and send the new file."),
    "virus": _("The virus scanner found something in it."),
}
