"""The names of the national interface's records: what each holds, which are needed, and what wrong ones mean.

Names and meanings as seen in public implementations; the official text was not read.  Envelope and fee lines:
newtouch-cloud/openhis @ ffa7e66 (`InputPost.cs`, `Input_2204.cs`, `Input_2301.cs`), liwerAKM/YbRefund @ c585c95
(`InputRoot.cs`, `OutputRoot.cs`, `T2204.cs`, `T2301.cs`); requests: the same (`Input_2206.cs`, `Input_2207.cs`,
`Input_2303.cs`, `Input_2304.cs`, `T2207.cs`, `T2304.cs`); settlements: the same (`Output_2207VO.cs`, `Output_2304.cs`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs
from attrs import frozen

from mipolicy.benefits.bill import AMOUNTS, Bill
from mipolicy.benefits.fee_lines import Line
from mipolicy.benefits.statement import Setlinfo

__all__ = [
    "ANSWER",
    "CENTRE_ALIASES",
    "DETAIL",
    "ENVELOPE",
    "FEES",
    "REPLY",
    "REQUESTS",
    "SETLINFO",
    "UNREAD",
    "Name",
    "Names",
    "hint",
]

UNREAD: Final = "unread"
"""The kind of a name that is known, and whose value nothing here takes: identity, prose, extensions."""


@frozen
class Name:
    """A name of the interface: how its value is read (a kind of `mipolicy.records`), its label, if it is needed."""

    kind: str
    zh: str
    needed: bool = False


Names: TypeAlias = Mapping[str, Name]


def _of(record: type[Any], *names: str, needed: bool = False) -> dict[str, Name]:
    """Names that a public record of the library has too, with its kinds and labels."""
    fields = attrs.fields_dict(record)
    return {name: Name(fields[name].metadata["kind"], fields[name].metadata["zh"], needed) for name in names}


def _unread(**labels: str) -> dict[str, Name]:
    return {name: Name(UNREAD, zh) for name, zh in labels.items()}


_EXTENSION: Final = _unread(exp_content="字段扩展", expContent="字段扩展")  # both spellings are seen
_PARTS: Final = {
    "fulamt_ownpay_amt": Name("fen", "全自费金额"),
    "overlmt_amt": Name("fen", "超限价金额"),
    "preselfpay_amt": Name("fen", "先行自付金额"),
    "inscp_scp_amt": Name("fen", "符合政策范围金额"),
}

# ---- envelopes -------------------------------------------------------------------------------------------------------

ENVELOPE: Final[Names] = MappingProxyType(
    {
        "infno": Name("code", "交易编号"),
        "msgid": Name("text", "发送方报文ID"),
        "mdtrtarea_admvs": Name("code", "就医地医保区划"),
        "insuplc_admdvs": Name("code", "参保地医保区划"),
        "inf_time": Name("time", "交易时间"),
        "fixmedins_code": Name("id", "定点医药机构编号"),
        "input": Name(UNREAD, "交易输入", True),
        **_unread(
            recer_sys_code="接收方系统代码",
            dev_no="设备编号",
            dev_safe_info="设备安全信息",
            cainfo="数字签名信息",
            signtype="签名类型",
            infver="接口版本号",
            opter_type="经办人类别",
            opter="经办人",
            opter_name="经办人姓名",
            fixmedins_name="定点医药机构名称",
            sign_no="交易签到流水号",
            fixmedins_soft_fcty="定点医药机构软件厂商",
            enc_type="加密方式",
        ),
    }
)
REPLY: Final[Names] = MappingProxyType(
    {
        **_unread(
            infcode="交易状态码",
            inf_refmsgid="接收方报文ID",
            refmsg_time="接收报文时间",
            respond_time="响应报文时间",
            enctype="加密方式",
            signtype="签名类型",
            err_msg="错误信息",
        ),
        "output": Name(UNREAD, "交易输出", True),
    }
)

# ---- fee lines -------------------------------------------------------------------------------------------------------

_ANSWERED: Final = {
    **_of(Line, "chrgitm_lv", "selfpay_prop", "pric_uplmt_amt", "lmt_used_flag"),
    **_PARTS,
    "med_chrgitm_type": Name("code", "医疗收费项目类别"),
    **_unread(
        bas_medn_flag="基本药物标志",
        hi_nego_drug_flag="医保谈判药品标志",
        chld_medc_flag="儿童用药标志",
        list_sp_item_flag="目录特项标志",
        drt_reim_flag="直报标志",
        memo="备注",
    ),
    **_EXTENSION,
}
ANSWER: Final[Names] = MappingProxyType(
    {**_of(Line, "feedetl_sn", "det_item_fee_sumamt", "cnt", "pric", needed=True), **_ANSWERED}
)
"""A row of `result`, the answer to 2204 and 2301."""

_UPLOADED: Final = {
    **_of(Line, "feedetl_sn", "mdtrt_id", needed=True),
    "psn_no": Name("id", "人员编号", True),
    **_of(Line, "fee_ocur_time", "med_list_codg", "det_item_fee_sumamt", "cnt", "pric", needed=True),
    **_of(Line, "hosp_appr_flag"),
    "chrg_bchno": Name("id", "收费批次号"),
    "dise_codg": Name("code", "病种编码"),
    **_unread(
        rxno="处方号",
        rx_circ_flag="外购处方标志",
        medins_list_codg="医药机构目录编码",
        sin_dos_dscr="单次剂量描述",
        used_frqu_dscr="使用频次描述",
        prd_days="周期天数",
        medc_way_dscr="用药途径描述",
        bilg_dept_codg="开单科室编码",
        bilg_dept_name="开单科室名称",
        bilg_dr_codg="开单医生编码",
        bilg_dr_name="开单医师姓名",
        acord_dept_codg="受单科室编码",
        acord_dept_name="受单科室名称",
        orders_dr_code="受单医生编码",
        orders_dr_name="受单医生姓名",
        tcmdrug_used_way="中药使用方式",
        etip_flag="外检标志",
        etip_hosp_code="外检医院编码",
        dscg_tkdrug_flag="出院带药标志",
        matn_fee_flag="生育费用标志",
    ),
}
FEES: Final[Mapping[str, Names]] = MappingProxyType(
    {
        "2204": {**_ANSWERED, **_UPLOADED, "chrg_bchno": Name("id", "收费批次号", True)},
        "2301": {
            **_ANSWERED,
            **_UPLOADED,
            **_of(Line, "init_feedetl_sn"),
            **_of(Bill, "med_type"),
            **_unread(drord_no="医嘱号"),
        },
    }
)
"""A row of `feedetail`, by transaction: the upload's names, and the answer's, as tables that keep both have them."""

# ---- requests --------------------------------------------------------------------------------------------------------

_REQUEST: Final = {
    **_of(Bill, "psn_no", "mdtrt_id", "insutype", "medfee_sumamt", needed=True),
    **_of(Bill, *AMOUNTS[1:], "med_type", "acct_used_flag"),
    "chrg_bchno": Name("id", "收费批次号"),
    "psn_setlway": Name("code", "个人结算方式"),
    **_unread(mdtrt_cert_type="就诊凭证类型", mdtrt_cert_no="就诊凭证编号", invono="发票号"),
    **_EXTENSION,
}
_OUTPATIENT: Final = {
    **_REQUEST,
    **_of(Bill, "med_type", "acct_used_flag", needed=True),
    "chrg_bchno": Name("id", "收费批次号", True),
}
_INPATIENT: Final = {
    **_REQUEST,
    **_of(Bill, "mid_setl_flag", needed=True),
    "dscgTime": Name("date", "出院时间"),  # written so in public code, unlike every other name
}
REQUESTS: Final[Mapping[str, Names]] = MappingProxyType(
    {
        "2206": _OUTPATIENT,
        "2207": _OUTPATIENT,
        "2303": _INPATIENT,
        "2304": {**_INPATIENT, **_of(Bill, "acct_used_flag", needed=True)},
    }
)
"""`data` of a request to settle, by transaction."""

# ---- settlements -----------------------------------------------------------------------------------------------------

SETLINFO: Final[Names] = MappingProxyType(  # hifdm_pay: 2304 has it, 2207 has not
    {
        **_of(Bill, "mdtrt_id", "psn_no", needed=True),
        **_of(Bill, "setl_id", "insutype", "psn_type", "cvlserv_flag", "setl_time", "med_type"),
        **{each.name: Name("fen", each.metadata["zh"], each.name != "hifdm_pay") for each in attrs.fields(Setlinfo)},
        "balc": Name("fen", "余额"),
        "acct_mulaid_pay": Name("fen", "个人账户共济支付金额"),
        **_unread(
            pool_prop_selfpay="基本医疗保险统筹基金支付比例",
            psn_name="人员姓名",
            psn_cert_type="人员证件类型",
            certno="证件号码",
            gend="性别",
            naty="民族",
            brdy="出生日期",
            age="年龄",
            mdtrt_cert_type="就诊凭证类型",
            medins_setl_id="医药机构结算ID",
            clr_optins="清算经办机构",
            clr_way="清算方式",
            clr_type="清算类别",
        ),
        **_EXTENSION,
    }
)
DETAIL: Final[Names] = MappingProxyType(
    {
        "fund_pay_type": Name("code", "基金支付类型", True),
        "fund_payamt": Name("fen", "基金支付金额", True),
        "fund_pay_type_name": Name("text", "基金支付类型名称"),
        "inscp_scp_amt": Name("fen", "符合政策范围金额"),
        "crt_payb_lmt_amt": Name("fen", "本次可支付限额金额"),
        "setl_proc_info": Name("text", "结算过程信息"),
    }
)
"""A row of `setldetail`."""

# ---- wrong names -----------------------------------------------------------------------------------------------------

CENTRE_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {"inscp_amt": "inscp_scp_amt", "cash_payamt": "psn_cash_pay", "ownpay_hosp_part": "hosp_part_amt"}
)
"""Names that tables of insurance centres (`setl_d`, `fee_list_d`) use instead of the interface's."""

_MEANT: Final[Mapping[str, tuple[str, str]]] = {
    **{wrong: (right, "tables of insurance centres") for wrong, right in CENTRE_ALIASES.items()},
    "prese_ifpay_amt": ("preselfpay_amt", "one province's programs"),
    "psn_cashpay": ("psn_cash_pay", "the settlement list, 4101"),
    "overlmt_amt": ("overlmt_selfpay", "fee lines"),
    "overlmt_selfpay": ("overlmt_amt", "requests and settlements"),
}
"""Wrong names whose meaning is known, with what uses them."""
_NO_NAME: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("dedc_std", "crt_dedc", "psn_pay", "othfund_pay", "bkkp_sn", "hilist_code"),
        "is a name of tables of insurance centres, and none of the interface",
    ),
    **dict.fromkeys(
        ("psn_pay_sumamt", "setl_totlnum"), "is a wrong name that public copies of the interface hold; no record has it"
    ),
}
_PLACES: Final[Mapping[str, Iterable[str]]] = {
    "the envelope": ENVELOPE,
    "the envelope of an answer": REPLY,
    "fee lines of 2204": FEES["2204"],
    "fee lines of 2301": FEES["2301"],
    "requests of 2206 and 2207": _OUTPATIENT,
    "requests of 2303 and 2304": _INPATIENT,
    "setlinfo": SETLINFO,
    "setldetail": DETAIL,
}


def _squeezed(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def hint(name: str, known: Names) -> str:
    """What is said of a name that a record does not have: what it was meant for, as far as that is known."""
    meant = {_squeezed(each): each for each in known} | {known[each].zh: each for each in known}
    right = meant.get(_squeezed(name)) or meant.get(name.strip())
    if right:
        return f"is no name here; did you mean {right} ({known[right].zh})?"
    if name in _MEANT and _MEANT[name][0] in known:
        right, where = _MEANT[name]
        return f"is a name of {where}; here it is {right} ({known[right].zh})"
    if name in _NO_NAME:
        return _NO_NAME[name]
    places = [place for place, names in _PLACES.items() if name in names]
    if places:
        return f"is a name of {' and of '.join(places)}, and none here"
    near = difflib.get_close_matches(name, list(known), 1)
    if near:
        return f"is no name here; did you mean {near[0]} ({known[near[0]].zh})?"
    return "is no name here; what a place adds goes into exp_content, or is passed as local=(...)"
