"""The words of the issuer's own pages, in the four languages of the product."""

from collections.abc import Mapping

LANGUAGES = ("fr", "nl", "de", "en")
LANGUAGE_NAMES = {"fr": "Français", "nl": "Nederlands", "de": "Deutsch", "en": "English"}

WORDS: dict[str, dict[str, str]] = {
    "sign_in": {"en": "Sign in", "fr": "Se connecter", "nl": "Aanmelden", "de": "Anmelden"},
    "language": {"en": "Language", "fr": "Langue", "nl": "Taal", "de": "Sprache"},
    "audience": {
        "en": "For business customers of {operator}",
        "fr": "Pour les clients professionnels de {operator}",
        "nl": "Voor zakelijke klanten van {operator}",
        "de": "Für Geschäftskunden von {operator}",
    },
    "again": {
        "en": "Give your password again to go on.",
        "fr": "Donnez à nouveau votre mot de passe pour continuer.",
        "nl": "Geef uw wachtwoord opnieuw om verder te gaan.",
        "de": "Geben Sie Ihr Passwort noch einmal ein, um fortzufahren.",
    },
    "login": {"en": "Login", "fr": "Identifiant", "nl": "Gebruikersnaam", "de": "Benutzername"},
    "login_hint": {
        "en": "Your mobile number or your e-mail address",
        "fr": "Votre numéro de mobile ou votre adresse e-mail",
        "nl": "Uw mobiele nummer of uw e-mailadres",
        "de": "Ihre Mobilnummer oder Ihre E-Mail-Adresse",
    },
    "password": {"en": "Password", "fr": "Mot de passe", "nl": "Wachtwoord", "de": "Passwort"},
    "error": {"en": "Error", "fr": "Erreur", "nl": "Fout", "de": "Fehler"},
    "problem": {
        "en": "There is a problem",
        "fr": "Il y a un problème",
        "nl": "Er is een probleem",
        "de": "Es gibt ein Problem",
    },
    "login_missing": {
        "en": "Enter your mobile number or your e-mail address",
        "fr": "Saisissez votre numéro de mobile ou votre adresse e-mail",
        "nl": "Vul uw mobiele nummer of uw e-mailadres in",
        "de": "Geben Sie Ihre Mobilnummer oder Ihre E-Mail-Adresse ein",
    },
    "password_missing": {
        "en": "Enter your password",
        "fr": "Saisissez votre mot de passe",
        "nl": "Vul uw wachtwoord in",
        "de": "Geben Sie Ihr Passwort ein",
    },
    "wrong": {
        "en": "This login and this password do not go together. Check both and try again",
        "fr": "Cet identifiant et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez",
        "nl": "Deze gebruikersnaam en dit wachtwoord horen niet bij elkaar. Controleer beide en probeer opnieuw",
        "de": "Benutzername und Passwort passen nicht zusammen. Prüfen Sie beide und versuchen Sie es noch einmal",
    },
    "wait_minutes": {
        "en": "Too many failed tries. Try again in {count} min",
        "fr": "Trop d’essais sans succès. Réessayez dans {count} min",
        "nl": "Te veel mislukte pogingen. Probeer het over {count} min opnieuw",
        "de": "Zu viele Fehlversuche. Versuchen Sie es in {count} Min. noch einmal",
    },
    "wait_seconds": {
        "en": "Too many failed tries. Try again in {count} s",
        "fr": "Trop d’essais sans succès. Réessayez dans {count} s",
        "nl": "Te veel mislukte pogingen. Probeer het over {count} s opnieuw",
        "de": "Zu viele Fehlversuche. Versuchen Sie es in {count} s noch einmal",
    },
    "fleet_title": {
        "en": "All your numbers at hand",
        "fr": "Tous vos numéros sous la main",
        "nl": "Al uw nummers bij de hand",
        "de": "Alle Ihre Rufnummern zur Hand",
    },
    "fleet_text": {
        "en": "Search, filter and export the whole fleet.",
        "fr": "Chercher, filtrer et exporter toute la flotte.",
        "nl": "Zoek, filter en exporteer de hele vloot.",
        "de": "Die ganze Flotte suchen, filtern und exportieren.",
    },
    "options_title": {
        "en": "Options within minutes",
        "fr": "Des options en quelques minutes",
        "nl": "Opties in enkele minuten",
        "de": "Optionen in wenigen Minuten",
    },
    "options_text": {
        "en": "The price is shown before, and you can undo for a moment after.",
        "fr": "Le prix est affiché avant, l’annulation reste possible un instant après.",
        "nl": "U ziet de prijs vooraf en kunt daarna nog even ongedaan maken.",
        "de": "Der Preis steht vorher da, und danach können Sie noch kurz zurücknehmen.",
    },
    "history_title": {
        "en": "Every request on record",
        "fr": "Chaque demande reste visible",
        "nl": "Elke aanvraag blijft zichtbaar",
        "de": "Jeder Auftrag bleibt nachvollziehbar",
    },
    "history_text": {
        "en": "Who changed what and when, with its reference.",
        "fr": "Qui a changé quoi et quand, avec sa référence.",
        "nl": "Wie wat wanneer heeft gewijzigd, met de referentie.",
        "de": "Wer was wann geändert hat, mit der Referenz.",
    },
    "sign_out": {"en": "Sign out", "fr": "Se déconnecter", "nl": "Afmelden", "de": "Abmelden"},
    "sign_out_text": {
        "en": "You will be signed out of Fleetline in this browser.",
        "fr": "Vous serez déconnecté de Fleetline dans ce navigateur.",
        "nl": "U wordt in deze browser afgemeld bij Fleetline.",
        "de": "Sie werden in diesem Browser von Fleetline abgemeldet.",
    },
    "signed_out": {
        "en": "You are signed out",
        "fr": "Vous êtes déconnecté",
        "nl": "U bent afgemeld",
        "de": "Sie sind abgemeldet",
    },
    "refused": {
        "en": "This sign-in could not be completed",
        "fr": "Cette connexion n’a pas pu aboutir",
        "nl": "Deze aanmelding kon niet worden voltooid",
        "de": "Diese Anmeldung konnte nicht abgeschlossen werden",
    },
    "refused_text": {
        "en": "It took too long, or was begun in another window. Start again.",
        "fr": "Elle a pris trop de temps, ou a commencé dans une autre fenêtre. Recommencez.",
        "nl": "Ze duurde te lang, of begon in een ander venster. Begin opnieuw.",
        "de": "Sie hat zu lange gedauert oder in einem anderen Fenster begonnen. Fangen Sie neu an.",
    },
    "public_gone": {
        "en": "This link does not work any more",
        "fr": "Ce lien ne fonctionne plus",
        "nl": "Deze link werkt niet meer",
        "de": "Dieser Link funktioniert nicht mehr",
    },
    "public_gone_text": {
        "en": "It has expired, or was not copied completely. Ask whoever sent it for a new one, or {support}.",
        "fr": "Il a expiré, ou n’a pas été copié en entier. Demandez-en un nouveau à l’expéditeur, ou à {support}.",
        "nl": "Hij is verlopen, of werd niet volledig gekopieerd. Vraag de afzender om een nieuwe, of {support}.",
        "de": "Er ist abgelaufen oder wurde nicht ganz kopiert. Bitten Sie den Absender um einen neuen, oder {support}.",
    },
    "public_slow": {
        "en": "Too many tries",
        "fr": "Trop d’essais",
        "nl": "Te veel pogingen",
        "de": "Zu viele Versuche",
    },
    "public_slow_text": {
        "en": "Wait a minute, then open the link of your mail again.",
        "fr": "Attendez une minute, puis rouvrez le lien de votre e-mail.",
        "nl": "Wacht een minuut en open dan de link in uw e-mail opnieuw.",
        "de": "Warten Sie eine Minute und öffnen Sie dann den Link in Ihrer E-Mail noch einmal.",
    },
    "unavailable_text": {
        "en": "The sign-in service does not answer. Try again in a moment.",
        "fr": "Le service de connexion ne répond pas. Réessayez dans un instant.",
        "nl": "De aanmelddienst antwoordt niet. Probeer het zo dadelijk opnieuw.",
        "de": "Der Anmeldedienst antwortet nicht. Versuchen Sie es gleich noch einmal.",
    },
    "no_access": {
        "en": "You have no access yet",
        "fr": "Vous n’avez pas encore d’accès",
        "nl": "U heeft nog geen toegang",
        "de": "Sie haben noch keinen Zugang",
    },
    "no_access_text": {
        "en": "Your login is known, but no company has given you access. Ask your fleet manager, or {support}.",
        "fr": "Votre identifiant est connu, mais aucune entreprise ne vous a donné accès. Demandez à votre gestionnaire de flotte, ou à {support}.",
        "nl": "Uw gebruikersnaam is bekend, maar geen enkel bedrijf gaf u toegang. Vraag het uw vlootbeheerder, of {support}.",
        "de": "Ihr Benutzername ist bekannt, aber kein Unternehmen hat Ihnen Zugang gegeben. Fragen Sie Ihre Flottenverwaltung oder {support}.",
    },
    "choose": {
        "en": "Choose a company",
        "fr": "Choisissez une entreprise",
        "nl": "Kies een bedrijf",
        "de": "Wählen Sie ein Unternehmen",
    },
    "choose_text": {
        "en": "You have access to several. You can change later, in the account menu.",
        "fr": "Vous avez accès à plusieurs. Vous pourrez en changer plus tard, dans le menu du compte.",
        "nl": "U heeft toegang tot meerdere. U kunt later wisselen, in het accountmenu.",
        "de": "Sie haben Zugang zu mehreren. Wechseln können Sie später im Kontomenü.",
    },
}


def say(key: str, language: str, /, **values: object) -> str:
    """The words for a key, with values filled in."""
    return WORDS[key][language].format(**values)


def choose_language(wanted: str, header: str, fallback: str = "en") -> str:
    """The first of the wished languages (OpenID `ui_locales`, then Accept-Language by weight) that we speak."""
    weighed = sorted(_weights(header).items(), key=lambda pair: -pair[1])
    for tag in [*wanted.replace("_", "-").split(), *(tag for tag, weight in weighed if weight > 0)]:
        if (language := tag.lower().split("-")[0]) in LANGUAGES:
            return language
    return fallback


def _weights(header: str) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    for part in header.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weights.setdefault(tag.strip(), float(quality or 1))
        except ValueError:
            continue
    return weights
