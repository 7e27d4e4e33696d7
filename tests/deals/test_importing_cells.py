from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from deals.importing.cells import DateCell, Memory, NumberCell, TextCell
from deals.importing.refusals import Reason, Refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "decimal", "thousands", "value"),
    [
        ("12", ".", "", "12"),
        (" -12.50 ", ".", "", "-12.50"),
        ("+3", ".", "", "3"),
        (".5", ".", "", "0.5"),
        ("7.", ".", "", "7"),
        ("1.234,56", ",", ".", "1234.56"),
        ("1,234,567.8", ".", ",", "1234567.8"),
        ("1\u202f234,5", ",", "\u202f", "1234.5"),
        ("\N{MINUS SIGN}4", ".", "", "-4"),
        ("000000000000000000042", ".", "", "42"),
    ],
)
def test_number_is_read_exactly(raw: str, decimal: str, thousands: str, value: str) -> None:
    assert NumberCell("amount", decimal, thousands)(raw) == Decimal(value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.NUMBER),
        ("twelve", Reason.NUMBER),
        ("1,5", Reason.NUMBER),
        ("12,34,567", Reason.NUMBER),
        ("1e309", Reason.NUMBER),
        ("NaN", Reason.NUMBER),
        ("Infinity", Reason.NUMBER),
        ("--1", Reason.NUMBER),
        ("€5", Reason.NUMBER),
        ("١٢", Reason.NUMBER),
        ("0x10", Reason.NUMBER),
        ("1_000", Reason.NUMBER),
        ("9" * 300, Reason.NUMBER),
        ("1234567890123456", Reason.RANGE),
        ("0.000000000000000000001", Reason.RANGE),
    ],
)
def test_number_refuses_what_it_would_have_to_guess(raw: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as refusal:
        NumberCell("amount", ".", "")(raw)
    assert (refusal.value.reason, refusal.value.column, refusal.value.value) == (reason, "amount", raw)


def read_date(raw: str, *formats: str, zone: str = "UTC") -> datetime:
    return DateCell("day", formats, ZoneInfo(zone), NOW)(raw)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-02-28", datetime(2026, 2, 28, tzinfo=UTC)),
        ("28.02.2026", datetime(2026, 2, 28, tzinfo=UTC)),
        ("28 Feb 2026 14:30", datetime(2026, 2, 28, 14, 30, tzinfo=UTC)),
    ],
)
def test_date_is_read_in_three_styles(raw: str, moment: datetime) -> None:
    assert read_date(raw, "%Y-%m-%d", "%d.%m.%Y", "%d %b %Y %H:%M") == moment


def test_date_takes_the_time_zone_of_the_map() -> None:
    summer = read_date("2025-07-01 00:30", "%Y-%m-%d %H:%M", zone="Europe/Berlin")
    assert summer == datetime(2025, 6, 30, 22, 30, tzinfo=UTC)


def test_date_with_its_own_offset_keeps_it() -> None:
    assert read_date("2025-07-01T00:30:00Z", "%Y-%m-%dT%H:%M:%S%z", zone="Asia/Tokyo") == datetime(
        2025, 7, 1, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Reason.DATE),
        ("soon", Reason.DATE),
        ("2026-02-30", Reason.DATE),
        ("2025-02-29", Reason.DATE),
        ("2026-01-01 24:00", Reason.DATE),
        ("0001-01-01", Reason.PAST),
        ("1969-12-31", Reason.PAST),
        ("9999-12-31", Reason.FUTURE),
        ("2026-03-03", Reason.FUTURE),
    ],
)
def test_date_refuses(raw: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as refusal:
        read_date(raw, "%Y-%m-%d")
    assert refusal.value.reason == reason


def test_date_at_the_end_of_time_is_refused_in_any_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        for raw in ("9999-12-31", "0001-01-01"):
            with pytest.raises(Refusal):
                read_date(raw, "%Y-%m-%d", zone=zone)


def test_date_that_two_formats_read_differently_is_refused() -> None:
    assert read_date("13/02/2026", "%d/%m/%Y", "%m/%d/%Y") == datetime(2026, 2, 13, tzinfo=UTC)
    assert read_date("02/02/2026", "%d/%m/%Y", "%m/%d/%Y") == datetime(2026, 2, 2, tzinfo=UTC)
    with pytest.raises(Refusal) as refusal:
        read_date("01/02/2026", "%d/%m/%Y", "%m/%d/%Y")
    assert refusal.value.reason == Reason.AMBIGUOUS_DATE


def test_text_is_trimmed_and_composed() -> None:
    assert TextCell("name", 20)("  Zu\u0308rich AG ") == "Z\u00fcrich AG"
    assert TextCell("name", 20)("مرحبا 😀") == "مرحبا 😀"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a\0b", Reason.NUL),
        ("a\tb", Reason.CONTROL),
        ("a\nb", Reason.CONTROL),
        ("caf\udce9", Reason.ENCODING),
        (f"caf{chr(0xFFFD)}", Reason.ENCODING),
        ("x" * 21, Reason.TOO_LONG),
    ],
)
def test_text_refuses(raw: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as refusal:
        TextCell("name", 20)(raw)
    assert refusal.value.reason == reason


def test_memory_reads_each_value_once_and_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def length(raw: str) -> int:
        seen.append(raw)
        return len(raw)

    monkeypatch.setattr("deals.importing.cells.REMEMBERED", 2)
    memory = Memory(length)
    assert [memory["a"], memory["a"], memory["bb"], memory["ccc"], memory["a"]] == [1, 1, 2, 3, 1]
    assert seen == ["a", "bb", "ccc", "a"]
    assert len(memory) <= 2
