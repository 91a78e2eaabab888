"""mipolicy: what Chinese medical-insurance policy says, computed exactly to the fen, every figure with its clause.

>>> import mipolicy
>>> mipolicy.yuan("12.30")
1230
"""

from mipolicy.api import (
    clear,
    explain,
    explain_case,
    explain_clearing,
    explain_rate,
    explain_settlement,
    load,
    loads,
    pay,
    rates,
    resettle,
    reverse,
    settle,
)
from mipolicy.batch import BatchGap, TableResult
from mipolicy.benefits.bill import Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.benefits.settlement import Settlement
from mipolicy.benefits.totals import Totals
from mipolicy.errors import (
    AmountError,
    CodeError,
    DocumentError,
    IdentityError,
    InputError,
    MipolicyError,
    NotInForce,
    PolicyError,
    PolicyGap,
    RecordError,
    RepealedPolicy,
    TableError,
)
from mipolicy.money import factor, points, rate, yuan, yuan_text
from mipolicy.policy import Policy, diff, dumps
from mipolicy.texts import Coded

__version__ = "0.1.0"

__all__ = [
    "AmountError",
    "BatchGap",
    "Bill",
    "CodeError",
    "Coded",
    "DocumentError",
    "IdentityError",
    "InputError",
    "Line",
    "MipolicyError",
    "NotInForce",
    "Policy",
    "PolicyError",
    "PolicyGap",
    "RecordError",
    "RepealedPolicy",
    "Settlement",
    "TableError",
    "TableResult",
    "Totals",
    "__version__",
    "clear",
    "diff",
    "dumps",
    "explain",
    "explain_case",
    "explain_clearing",
    "explain_rate",
    "explain_settlement",
    "factor",
    "load",
    "loads",
    "pay",
    "points",
    "rate",
    "rates",
    "resettle",
    "reverse",
    "settle",
    "yuan",
    "yuan_text",
]
