"""The identifier rules of the domain reference 4.1, each with its test values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.catalog import identifiers
from backend.catalog.schemas import SimNumberRule

SHORT = SimNumberRule(pattern=r"\d{13}")
FULL = SimNumberRule(pattern=r"893203\d{13}")


@pytest.mark.parametrize(
    "text",
    [
        "0492 12 34 56",
        "0492/12.34.56",
        "0492-12-34-56",
        "+32492123456",
        "+32 492 12 34 56",
        "+32 (0)492 12 34 56",
        "0032 492 123 456",
        "32492123456",
        "  0492123456\n",
        "0492\u00a012\u202f34 56",
        # What spreadsheets, contacts and web pages make of it
        "492123456",
        "\u202a+32492123456\u202c",
        "\u200e0492123456",
        "\ufeff0492123456",
        "(0492) 12 34 56",
        "(+32) 492 12 34 56",
        "+32 0492 12 34 56",
        "tel:+32492123456",
        "+32\u2212492\u2212123456",
        "\uff10\uff14\uff19\uff12\uff11\uff12\uff13\uff14\uff15\uff16",
    ],
)
def test_every_usual_spelling_of_a_number_becomes_one(text: str) -> None:
    assert identifiers.normalise_msisdn(text) == "+32492123456"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0492",
        "04 221 23 45",  # a landline of the Liège area: one digit fewer
        "+3242212345",
        "+32421234567",  # mobile length, but 042x is not a mobile range
        "02 512 34 56",
        "0492 12 34 56 7",
        "+33612345678",
        "0492 12 34 5A",
        "0492 12 34 56 / 0493 12 34 56",
        "4,92E+08",
        "tel:0492 12 34 56 0493 12 34 56",
        "00492123456",
        "٠٤٩٢١٢٣٤٥٦",
        "+32077700000000000",  # machine-to-machine
    ],
)
def test_what_is_not_a_belgian_mobile_number_is_refused(text: str) -> None:
    assert identifiers.normalise_msisdn(text) is None


@given(st.integers(min_value=5, max_value=9), st.integers(min_value=0, max_value=9_999_999))
def test_a_number_shown_in_national_form_is_read_back(block: int, rest: int) -> None:
    number = f"+324{block}{rest:07}"
    assert identifiers.normalise_msisdn(identifiers.format_msisdn(number)) == number
    assert identifiers.normalise_msisdn(number) == number


@given(st.text(alphabet="0123456789+ ./()-", max_size=24))
def test_whatever_is_typed_gives_a_storable_number_or_nothing(text: str) -> None:
    number = identifiers.normalise_msisdn(text)
    assert number is None or identifiers.MSISDN.fullmatch(number)


def test_the_national_form_is_grouped_as_people_write_it() -> None:
    assert identifiers.format_msisdn("+32470123456") == "0470 12 34 56"
    assert identifiers.format_msisdn("not a number") == "not a number"


@pytest.mark.parametrize("digits", ["9100000123454", "1150000678906"])
def test_short_sim_numbers_end_with_a_luhn_digit(digits: str) -> None:
    assert identifiers.sim_number(digits, SHORT) == digits
    assert identifiers.sim_number(f"{digits[:4]} {digits[4:8]}-{digits[8:]}", SHORT) == digits


@pytest.mark.parametrize("text", ["9100000123455", "910000012345", "91000001234540", "910000012345A", ""])
def test_a_wrong_short_sim_number_is_refused(text: str) -> None:
    assert identifiers.sim_number(text, SHORT) is None


def test_a_full_sim_number_follows_its_carriers_prefix() -> None:
    assert identifiers.sim_number("8932 0300 0000 0000 018", FULL) == "8932030000000000018"
    assert identifiers.sim_number("8932030000000000019", FULL) is None
    assert identifiers.sim_number(identifiers.with_luhn("893202000000000001"), FULL) is None
    assert identifiers.sim_number("9100000123454", FULL) is None


def test_a_carrier_may_do_without_the_check_digit() -> None:
    assert (
        identifiers.sim_number("9100000123455", SimNumberRule(pattern=r"\d{13}", luhn=False))
        == "9100000123455"
    )


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(0, 12), st.integers(1, 9))
def test_one_mistyped_digit_of_a_sim_number_is_always_caught(digits: str, place: int, shift: int) -> None:
    number = identifiers.with_luhn(digits)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert identifiers.sim_number(number, SHORT) == number
    assert identifiers.sim_number(wrong, SHORT) is None


def test_iccid() -> None:
    assert identifiers.iccid_valid("8932030000000000018")
    assert not identifiers.iccid_valid("8932030000000000019")
    assert identifiers.iccid_valid(identifiers.with_luhn("8932030000000000018"))  # the 19+1 form
    assert not identifiers.iccid_valid(identifiers.with_luhn("793203000000000001"))


def test_imei_and_imeisv() -> None:
    assert identifiers.imei_valid("260531793113837")
    assert not identifiers.imei_valid("260531793113838")
    assert not identifiers.imei_valid("9100000123454")
    assert identifiers.imei("26-053179-311383-7") == "260531793113837"
    assert identifiers.imei("2605317931138301") == "260531793113837"
    assert identifiers.imei("260531793113838") is None


def test_eid() -> None:
    assert identifiers.eid_valid("89034011560010000000000000000121")
    assert not identifiers.eid_valid("89034011560010000000000000000122")
    assert not identifiers.eid_valid("8903401156001000000000000000012")


@pytest.mark.parametrize(
    "code",
    [
        "LPA:1$smdp.example.com$ABC-123",
        "1$smdp.example.com$ABC-123",
        "LPA:1$smdp.example.com$ABC-123$$1",
        "LPA:1$smdp.example.com$ABC-123$1.3.6.1.4.1$1",
        "LPA:1$smdp.example.com$",
    ],
)
def test_activation_codes(code: str) -> None:
    assert identifiers.activation_code_valid(code)


@pytest.mark.parametrize(
    "code",
    [
        "LPA:2$smdp.example.com$ABC",
        "LPA:1$localhost$ABC",
        "LPA:1$smdp.example.com$AB_C",
        "LPA:1$smdp.example.com",
        "LPA:1$smdp.example.com$ABC$$2",
        "LPA:1$-smdp.example.com$ABC",
    ],
)
def test_wrong_activation_codes(code: str) -> None:
    assert not identifiers.activation_code_valid(code)


def test_enterprise_and_vat_numbers() -> None:
    assert identifiers.enterprise_number("0123456749") == "0123456749"
    assert identifiers.enterprise_number("BE 0123.456.749") == "0123456749"
    assert identifiers.enterprise_number("0123456700") is None
    assert identifiers.enterprise_number("2123456749") is None


def test_belgian_ibans_of_any_bank() -> None:
    assert identifiers.belgian_iban_valid("BE68 5390 0754 7034")
    assert identifiers.belgian_iban_valid("BE62510007547061")
    assert not identifiers.belgian_iban_valid("BE68539007547035")
    assert not identifiers.belgian_iban_valid("BE41091811735141")  # the national check digits are wrong
    assert not identifiers.belgian_iban_valid("NL91ABNA0417164300")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("010/8068/17183", "010806817183"),
        ("+++010/8068/17183+++", "010806817183"),
        ("000000009797", "000000009797"),  # a base that divides by 97 is checked by 97
        ("123456789002", "123456789002"),  # two digits always
        ("010806817184", None),
        ("12345678902", None),
    ],
)
def test_structured_communications(text: str, digits: str | None) -> None:
    assert identifiers.structured_communication(text) == digits


def test_references_carry_a_belgian_minute() -> None:
    assert identifiers.reference_valid("OBE-2601311405-KXTR")
    assert not identifiers.reference_valid("OBE-2602311405-KXTR")  # 31 February
    assert not identifiers.reference_valid("OBE-2603290230-KXTR")  # skipped when summer time began
    assert identifiers.reference_valid("OBE-2610250230-KXTR")  # happened twice
    assert not identifiers.reference_valid("OBE-2601311405-KXT1")
    assert not identifiers.reference_valid("O-2601311405-KXTR")
    assert not identifiers.reference_valid("OBE-2601311405-KXTR\n")
    assert identifiers.reference_valid("OBE-2601311405-KXTR", prefix="OBE")
    assert not identifiers.reference_valid("OBE-2601311405-KXTR", prefix="OB")
    for prefix in ("", "O", "OBELX", "obe", "OB1"):
        with pytest.raises(ValueError, match="no prefix"):
            identifiers.new_reference(prefix, datetime(2026, 1, 31, tzinfo=UTC))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2068, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_new_reference_is_valid(at: datetime) -> None:
    reference = identifiers.new_reference("MND", at)
    assert identifiers.reference_valid(reference)
    assert set(reference[-4:]) <= set(identifiers.REFERENCE_LETTERS)


def test_a_new_reference_reads_the_belgian_clock() -> None:
    assert identifiers.new_reference("OBE", datetime(2026, 1, 31, 13, 5, tzinfo=UTC)).startswith(
        "OBE-2601311405-"
    )
    assert identifiers.new_reference("OBE", datetime(2026, 7, 1, 22, 30, tzinfo=UTC)).startswith(
        "OBE-2607020030-"
    )
