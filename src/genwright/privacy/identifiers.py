"""Finding identifiers: what a form suggests, check digits or a library's own rules confirm.

Phone numbers by Google's libphonenumber (``phonenumberslite``), cards, IBANs and national numbers
by ``python-stdnum``, addresses of machines by ``ipaddress``. Names of people and postal addresses
have no form and are not found.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

KINDS = ("email", "phone", "card", "iban", "ip", "national_id")
"""What can be found."""

DEFAULT_REGIONS = ("US", "GB", "DE", "FR", "PL")


@dataclass(frozen=True)
class PiiMatch:
    """Characters ``start`` to ``end`` of a text are an identifier."""

    kind: str
    start: int
    end: int


Spans = Iterator[tuple[int, int]]

# Every pattern is linear: what is repeated without a bound is never followed by its like.
_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9][\w.+%-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)")
_IP4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")

_NATIONAL: dict[str, tuple[tuple[str, str, str], ...]] = {
    # By country: module of stdnum, form, and a word that must be near where the check is weak.
    "US": (("us.ssn", r"\d{3}-\d{2}-\d{4}", ""),),
    "GB": (
        ("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", "nhs"),
        ("gb.utr", r"\d{10}", "utr|taxpayer"),
        ("", r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]", ""),
    ),
    "DE": (("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "steuer|tax|idnr|id-nr"),),
    "FR": (("fr.nir", r"[12] ?\d{2} ?\d{2} ?\d[0-9AB] ?\d{3} ?\d{3} ?\d{2}", ""),),
    "PL": (("pl.pesel", r"\d{11}", ""),),
    "ES": (("es.dni", r"\d{8}-?[A-Z]", ""),),
    "IT": (("it.codicefiscale", r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", ""),),
    "NL": (("nl.bsn", r"\d{9}", "bsn|burgerservice"),),
    "SE": (("se.personnummer", r"(?:\d{2})?\d{6}[-+]\d{4}", ""),),
}
NEAR = 40
"""Characters on either side in which a word tells what a number is."""
_PHONE = re.compile(r"(?<![\w.,-])(?:\+|\()?\d(?:[\d ().\-/]{5,24})\d(?![\w-]|[.,]\d)")
"""What may be a phone number: the library judges each candidate alone, which keeps it linear."""


def find_identifiers(
    text: str, kinds: Sequence[str] = KINDS, regions: Sequence[str] = DEFAULT_REGIONS
) -> list[PiiMatch]:
    """The identifiers in a text, in order, none within another; where two overlap, the longer.

    Args:
        text: Any text; the time grows linearly with its length.
        kinds: Of ``KINDS``.
        regions: Countries (ISO 3166) whose phone and national numbers are known.

    Example:
        >>> find_identifiers("card 4111 1111 1111 1111", ["card"])
        [PiiMatch(kind='card', start=5, end=24)]
    """
    found = [
        PiiMatch(kind, start, end) for kind in kinds for start, end in _FINDERS[kind](text, regions)
    ]
    # A checked number is surer than a phone number of the same digits.
    found.sort(key=lambda each: (each.start, -each.end, each.kind == "phone"))
    kept: list[PiiMatch] = []
    for each in found:
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def redact(
    text: str, kinds: Sequence[str] = KINDS, regions: Sequence[str] = DEFAULT_REGIONS
) -> str:
    """The text with ``[email]``, ``[phone]`` and so on in the place of identifiers."""
    pieces, end = [], 0
    for each in find_identifiers(text, kinds, regions):
        pieces += [text[end : each.start], f"[{each.kind}]"]
        end = each.end
    return "".join([*pieces, text[end:]])


def mask(text: str, kinds: Sequence[str] = KINDS, regions: Sequence[str] = DEFAULT_REGIONS) -> str:
    """The text with a dot for each character of an identifier: every offset stays what it was.

    Example:
        >>> mask("ann@example.org wrote.")
        '••••••••••••••• wrote.'
    """
    characters = list(text)
    for each in find_identifiers(text, kinds, regions):
        characters[each.start : each.end] = "•" * (each.end - each.start)
    return "".join(characters)


def _find_emails(text: str, regions: Sequence[str]) -> Spans:
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text))


def _find_phones(text: str, regions: Sequence[str]) -> Spans:
    for match in _PHONE.finditer(text):
        if any(_is_phone(match[0], region) for region in regions):
            yield match.span()


def _is_phone(written: str, region: str) -> bool:
    """Whether it is a valid number that is written as one.

    A bare run of digits is as often a number of something else; one that begins with 0 is not.
    """
    from phonenumbers import NumberParseException, is_valid_number, parse

    if not (written[0] in "+(0" or re.search(r"\d[ )./-]+\d", written)) or _DATE.fullmatch(written):
        return False
    try:
        return is_valid_number(parse(written, region))
    except NumberParseException:
        return False


_DATE = re.compile(r"\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}.*|\d{1,2}[-./]\d{1,2}[-./]\d{4}.*")


def _find_cards(text: str, regions: Sequence[str]) -> Spans:
    from stdnum import luhn

    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        # ISO/IEC 7812: 3 to 6 begin the numbers of the card networks.
        if digits[0] in "3456" and luhn.is_valid(digits):
            yield match.span()


def _find_ibans(text: str, regions: Sequence[str]) -> Spans:
    from stdnum import iban

    for match in _IBAN.finditer(text):
        start, whole = match.span()[0], match[0]
        # A word in capitals may follow: the longest beginning that is valid counts.
        for end in range(len(whole), 14, -1):
            if whole[end - 1] != " " and iban.is_valid(whole[:end]):
                yield start, start + end
                break


def _find_ips(text: str, regions: Sequence[str]) -> Spans:
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            if not (address.is_unspecified or address.is_loopback):
                yield match.span()


def _find_national_ids(text: str, regions: Sequence[str]) -> Spans:
    for region in regions:
        for module, form, word in _NATIONAL.get(region, ()):
            valid = _load_checker(module)
            for match in re.finditer(rf"(?<![\w-]){form}(?![\w-])", text):
                if valid(match[0]) and (not word or _is_near(text, match.span(), word)):
                    yield match.span()


def _load_checker(module: str) -> Callable[[str], bool]:
    return import_module(f"stdnum.{module}").is_valid if module else lambda number: True


def _is_near(text: str, span: tuple[int, int], word: str) -> bool:
    around = text[max(0, span[0] - NEAR) : span[1] + NEAR]
    return re.search(word, around, re.IGNORECASE) is not None


_FINDERS: dict[str, Callable[[str, Sequence[str]], Spans]] = {
    "email": _find_emails,
    "phone": _find_phones,
    "card": _find_cards,
    "iban": _find_ibans,
    "ip": _find_ips,
    "national_id": _find_national_ids,
}
