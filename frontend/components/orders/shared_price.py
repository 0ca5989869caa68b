"""That a price is the company's part only, and by which rule the bill is shared."""

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.pricing import Price
from backend.catalog.profiles import profile
from backend.catalog.splitting import rule_words
from frontend.page_context import PageContext


def shared_price(page: PageContext, price: Price) -> VdomDict | None:
    """The rules of the split profiles in words; nothing where the company pays all."""
    text, known = page.text, profile(page.profile.carrier)
    found = [one for code in price.shared_by if (one := known.split_profile(code))]
    if not found:
        return None
    return html.div(
        {"class": "stack stack-tight small", "key": "shared"},
        html.p(text("Only your company’s part of these fees; usage is shared by the same rule.")),
        *(
            html.p(
                {"class": "muted", "key": one.code},
                html.strong(text.pick(one.name)),
                html.br(),
                " ".join(rule_words(one, text.language)),
            )
            for one in found
        ),
    )
