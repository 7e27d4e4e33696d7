from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deals.importing.mapping import MappedRate, load_map, parse_map
from deals.importing.refusals import MapRefusedError
from tests.deals.files import MAP, map_with

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/online_retail.toml"


def test_map_names_the_columns_it_needs() -> None:
    mapping = parse_map(
        map_with(
            partner={"name_column": "firm"},
            amount={"column": None, "product": ["n", "price"], "currency": None, "currency_column": "cur"},
            kind={"column": "type", "reversal": ["CN"]},
        ),
        title="m",
    )
    assert mapping.columns == ("account", "firm", "invoice", "day", "n", "price", "cur", "type")


def test_map_example_of_the_documentation_is_valid() -> None:
    mapping = load_map(EXAMPLE)
    assert mapping.source == "online-retail"
    assert mapping.known_at_event is True
    assert mapping.rates == (
        MappedRate("GBP", "EUR", date(2010, 12, 1), Decimal("1.15223"), "mean of the euro reference rates of 2011"),
    )


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, 'The map needs source = "…"'),
        (map_with(source="No Spaces"), 'The map needs source = "…"'),
        (map_with(partner={"key": None}), "The map needs key in [partner]."),
        (map_with(entry={"id": None}), "The map needs id in [entry]."),
        (map_with(date={"formats": None}), "The map needs formats in [date]."),
        (map_with(partnr={"key": "x"}), "The map has partnr, which means nothing here. Did you mean partner?"),
        (map_with(partner={"kye": "x"}), "[partner] has kye, which means nothing there. Did you mean key?"),
        (map_with(entry={"group": "yes"}), "[entry] group must be true or false."),
        (map_with(date={"formats": "%Y"}), "[date] formats must be a list."),
        (map_with(date={"formats": ["%d.%m"]}), "“%d.%m” does not give year, month and day"),
        (map_with(date={"formats": [3]}), "[date] formats must be a list of texts."),
        (map_with(date={"time_zone": "Mars/Phobos"}), "[date] time_zone Mars/Phobos is unknown"),
        (map_with(date={"known": "yesterday"}), '[date] known is "import" or "event".'),
        (map_with(amount={"product": ["a", "b"]}), "[amount] needs either column or product"),
        (map_with(amount={"column": None, "product": ["a"]}), "names 1 columns; it takes two"),
        (map_with(amount={"currency": None}), "[amount] needs either currency"),
        (map_with(amount={"currency": "EURO"}), "[amount] EURO is not a currency code"),
        (map_with(amount={"decimal": ",", "thousands": ","}), "are the same sign"),
        (map_with(amount={"decimal": "x"}), "decimal is a point or a comma"),
        (map_with(partner={"name": "Account"}), "[partner] name must contain {key}"),
        (map_with(partner={"name": None}), "[partner] needs name_column, or name such as"),
        (map_with(partner={"without": "assign"}), "go together"),
        (map_with(partner={"without": "guess"}), '[partner] without is "refuse" or "assign".'),
        (map_with(kind={"column": "type"}), "[kind] column and reversal"),
        (map_with(kind={"sale": ["S"]}), "[kind] sale needs column."),
        (map_with(file={"encoding": "ebcdic"}), "[file] encoding ebcdic is unknown"),
        (map_with(file={"delimiter": "~"}), "[file] delimiter is"),
        (map_with(file=3), "[file] must be a section of the map"),
        (map_with(rates=[{"currency": "GBP"}]), "The map needs to in [rates]."),
        (
            map_with(rates=[{"currency": "GBP", "to": "EUR", "valid_on": "2011-13-01", "rate": "1", "source": ""}]),
            "[rates] writes rate",
        ),
        (
            map_with(rates=[{"currency": "GBP", "to": "EUR", "valid_on": "2011-12-01", "rate": "0", "source": ""}]),
            "[rates] rate must be above zero.",
        ),
        (map_with(rates={}), "Rates are written as [[rates]] sections."),
    ],
)
def test_map_refuses_with_the_place_and_the_cure(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(MapRefusedError) as refusal:
        parse_map(data, title="m")
    assert complaint in refusal.value.message


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"source = \n", "is not TOML"),
        (b"a = 1\na = 2\n", "is not TOML"),
        (b"source = '\xff'\n", "is not text in UTF-8"),
        (b"#" * 200_000, "is too long for a map"),
    ],
)
def test_load_map_refuses_files_that_are_no_maps(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(content)
    with pytest.raises(MapRefusedError) as refusal:
        load_map(path)
    assert complaint in refusal.value.message


def test_load_map_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MapRefusedError, match="There is no map"):
        load_map(tmp_path / "none.toml")
    with pytest.raises(MapRefusedError, match="is a folder"):
        load_map(tmp_path)


def test_plain_map_of_the_tests_is_valid() -> None:
    mapping = parse_map(MAP, title="m")
    assert (mapping.grouped, mapping.known_at_event, mapping.decimal, mapping.create_partners) == (
        True,
        False,
        ".",
        True,
    )
