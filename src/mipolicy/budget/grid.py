"""Who settles with whom (网格化结算): the agency of each institution, who clears it, and whose contracts count.

Rules S25-S28; reading A57.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import frozen

from mipolicy.axes import LEVEL
from mipolicy.errors import CodeError, InputError
from mipolicy.policy.kinds import ChoiceKind, CodesKind, RecordsKind, TextKind, terms_field

__all__ = ["GridInstitution", "Recognition", "SettlementGridTerms", "Settling", "recognised", "settling", "several"]

CITY: Final = "city"


@frozen
class Recognition:
    """Which other agencies count a contract that one agency has signed."""

    signer: str = terms_field(TextKind(), "签约经办机构", "agency that signed")
    agencies: tuple[str, ...] = terms_field(CodesKind(), "互认经办机构", "agencies that recognise the contract")


@frozen
class SettlementGridTerms:
    """What a document fixes about who settles with whom; agencies are "city" and the codes of its districts."""

    city_levels: tuple[str, ...] = terms_field(
        CodesKind(LEVEL.members), "市级结算的医院等级", "levels whose institutions settle with the city"
    )
    platform_cleared_by: str = terms_field(
        ChoiceKind((CITY, "settling_agency")),
        "异地平台机构清算",
        "who clears institutions on the platform of care out of area",
    )
    recognition: tuple[Recognition, ...] = terms_field(
        RecordsKind(Recognition, "signer"), "协议互认", "contracts that other agencies recognise"
    )


@frozen
class GridInstitution:
    """An institution: its level, the district (GB/T 2260) of this campus, whether it is on the platform."""

    fixmedins_code: str
    level: str
    district: str
    on_platform: int = 0


@frozen
class Settling:
    """Who settles an institution's cost, and who clears it: two acts (A57)."""

    fixmedins_code: str
    settles: str
    clears: str


def settling(terms: SettlementGridTerms, of: GridInstitution) -> Settling:
    """The agency of an institution (rules S25, S27; reading A57): the city by level, else the county where it lies.

    Being on the platform moves the clearing only.
    Raises CodeError for an unknown level and a district that is no code of six digits; InputError for a flag that is
    none.
    Source: 常德 2023 二(七).

    >>> grid = SettlementGridTerms(("tertiary",), "city", ())
    >>> settling(grid, GridInstitution("H1", "secondary", "430702", 1))
    Settling(fixmedins_code='H1', settles='430702', clears='city')
    """
    LEVEL.position(of.level)
    if not (isinstance(of.district, str) and of.district.isascii() and of.district.isdigit() and len(of.district) == 6):
        raise CodeError(f"{of.fixmedins_code}: district {of.district!r} is no code of six digits (GB/T 2260)")
    if type(of.on_platform) is not int or of.on_platform not in (0, 1):
        raise InputError(f"{of.fixmedins_code}: on_platform is {of.on_platform!r}; state 0 or 1")
    settles = CITY if of.level in terms.city_levels else of.district
    cleared_by_city = of.on_platform and terms.platform_cleared_by == CITY
    return Settling(of.fixmedins_code, settles, CITY if cleared_by_city else settles)


def several(found: Iterable[Settling]) -> Mapping[str, tuple[str, ...]]:
    """Institutions that would settle with more than one agency, such as those with several campuses (rule S26).

    原则上 makes this a warning: the agencies are listed, in order, and nothing is refused.
    Source: 常德 2023 二(七).
    """
    agencies: dict[str, set[str]] = {}
    for each in found:
        agencies.setdefault(each.fixmedins_code, set()).add(each.settles)
    return {code: tuple(sorted(those)) for code, those in sorted(agencies.items()) if len(those) > 1}


def recognised(terms: SettlementGridTerms, signer: str, agency: str) -> int:
    """1 where an agency counts a contract that the signer made, its own always; else 0 (rule S28).

    Raises CodeError for an agency without a name.
    Source: 常德 2023 二(七).
    """
    if not signer or not agency:
        raise CodeError("an agency has a name: city, or the code of a district")
    return int(agency == signer or any(each.signer == signer and agency in each.agencies for each in terms.recognition))
