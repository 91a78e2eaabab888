"""Records of the national platform's interface: fee lines and requests to settle as bills, settlements as `setlinfo`.

`read_fees` reads 2204 and 2301, `read_request` 2206, 2207, 2303 and 2304; `write_output` writes the answer to a request
and `read_setlinfo` reads one, its identities checked.  Names and codes are those seen in public implementations; the
official text was not read.  Amounts are yuan in a record and fen here.
"""

from mipolicy.interop.nhsa.envelope import Envelope
from mipolicy.interop.nhsa.fees import Fee, FeeParts, FeeUpload, read_fees, with_answer
from mipolicy.interop.nhsa.names import CENTRE_ALIASES
from mipolicy.interop.nhsa.requests import SettlementRequest, read_request
from mipolicy.interop.nhsa.settled import (
    FUND_PAY_TYPES,
    FundPaid,
    SettledRecord,
    output,
    read_setlinfo,
    setldetail,
    setlinfo,
    write_output,
)

__all__ = [
    "CENTRE_ALIASES",
    "FUND_PAY_TYPES",
    "Envelope",
    "Fee",
    "FeeParts",
    "FeeUpload",
    "FundPaid",
    "SettledRecord",
    "SettlementRequest",
    "output",
    "read_fees",
    "read_request",
    "read_setlinfo",
    "setldetail",
    "setlinfo",
    "with_answer",
    "write_output",
]
