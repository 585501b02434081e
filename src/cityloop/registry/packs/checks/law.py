"""What the law lets packs declare only as a statistic, or only with a document behind it: one table of words.

Pure. Where figures add up is checked in evaluation/indicators/law.py; the sentences are in core/sentences/packs.py.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cityloop.registry.packs.faults import FieldFault, Where

About = Literal["fines", "penalties", "petitions", "app_use"]


@dataclass(frozen=True, slots=True)
class LawRule:
    """A row of the table: the fault, the words of a title that bring it about, what is taken out of a title first.

    `chinese` is searched without blanks and punctuation, `english` with single blanks; both in small, half-width
    letters.
    """

    code: str
    chinese: str
    english: str
    harmless: str = r"(?!)"  # nothing

    def fits(self, title: str) -> bool:
        """Return whether a title, in either language, has the words."""
        text = unicodedata.normalize("NFKC", title).lower()
        joined = re.sub(self.harmless, "", re.sub(r"[\W_]+", "", text))
        return bool(re.search(self.chinese, joined) or re.search(self.english, " ".join(text.split())))


# A figure about one of these is a statistic: no rank, no score, no direction that is better.
FIGURES: Mapping[About, LawRule] = {
    "fines": LawRule(  # 行政处罚法 74 para. 3; 国发〔2024〕5号
        "law-fines",
        r"罚款|罚没|罚金|罚单|处罚.{0,4}金额|没收.{0,4}(?:金额|款|所得|财物)|创收",
        r"\bfines\b|\bconfiscat|\bamounts? of (?:\w+ )?(?:fine|penalt)",
        r"(?:不予|免予|免于|免除|免)(?:行政)?罚款|罚款缓拆(?!.*额)",
    ),
    "penalties": LawRule(  # 行政处罚法 74 para. 3: their number is a target in disguise
        "law-penalties",
        r"处罚(?:率|.{0,8}(?:(?<![质裁衡])量|数(?![据字])))",
        r"\bnumber of (?:\w+ )*?penalt|^(?:\w+ )?penalties(?: (?:imposed|issued))?$|\bpenalty (?:count|rate)",
        r"(?:不予|免予|免于|免除|未予)(?:行政)?处罚",
    ),
    "petitions": LawRule(
        "law-petitions",
        r"^(?!.*(?:及时|按时|按期|时效|受理率|答复率|办结|结案|化解|满意)).*(?:信访|集体访|进京访|越级访|上访)",
        r"^(?!.*(?:in time|timel|settle|closed|satisf|share)).*\bpetition",
    ),
    "app_use": LawRule(
        "law-app-use",
        r"登[录陆](?:系统|平台|app)?(?:总|人均|平均)?(?:次|人数|天|数|量|率|频|时长)"
        r"|在线(?:总|人均|平均)?(?:时长|时间|分钟|小时)|[员人]在线率|点击(?:总|人均|平均)?(?:次|数(?![据字])|量|率)|(?:app|小程序)(?:使用|打开|活跃|登[录陆]|点击)"
        r"|(?:平台|系统|软件)使用(?:率|次|时|频)|日活|月活|活跃用户",
        r"\b(?:log-?ins?|sign-?ins?|clicks?|(?:time|hours|minutes) on-?line|app us(?:e|age)|use of the app)\b",
        r"(?:设备|传感器|摄像机|摄像头|探头|视频|监控|监测点|站点|车辆|车载|终端)在线(?:时长|时间)",
    ),
}
ALWAYS: frozenset[About] = frozenset({"fines"})  # of fines no share either, such as how much of them was collected

# A file that names one of these says in `legal_basis` what allows it.
NAMED: tuple[LawRule, ...] = (
    LawRule("law-veto", r"一票否决", r"\bveto\b"),
    LawRule("law-letter", r"责任(?:书|状(?![态况]))", r"\b(?:responsibility letter|letter of responsibility)"),
    LawRule(  # 国办发〔2020〕49号
        "law-list",
        r"黑名单|黑榜|失信|重点(?:人|人员|人群|对象|企业)(?:名单|清单|台账)|(?:人员|个人|当事人|企业|商户|主体|从业者)(?:名单|清单)",
        r"\bblack ?-?list|\blist of (?:dishonest|persons|enterprises)",
        r"(?:参会|参加|参与|出席|到会|值班|值守|执法|检查|工作|联络|评审|应急)人员(?:名单|清单)",
    ),
    LawRule(
        "law-campaign",
        r"评比|示范(?!文本|视频|操作|数据)|(?:文明|卫生|园林|森林|城市|城区|街区|社区|小区|县城|达标|星级|品牌).{0,4}创建"
        r"|创建(?!$|人|者|时间|日期|于|.{0,2}(?:案件|任务|工单|记录|账[号户]|用户|文件|表|台账|计划))",
        r"\bmodel (?:cit|street|communit|unit)",
    ),
)  # fmt: skip


def figure_about(*titles: Mapping[str, str]) -> set[About]:
    """Return which matters of the table the titles of a figure name."""
    return {
        about for about, rule in FIGURES.items() if any(rule.fits(text) for each in titles for text in each.values())
    }


def basis_faults(content: Mapping[str, Any]) -> list[FieldFault]:
    """Return a fault for every title in a file that needs a legal basis, and none if the file gives one."""
    if content.get("legal_basis"):
        return []
    return [
        (where, rule.code, {"title": words["zh"]})
        for where, words in _titles(content)
        for rule in NAMED
        if any(map(rule.fits, words.values()))
    ]


def _titles(part: Any, where: Where = ()) -> Iterator[tuple[Where, Mapping[str, str]]]:
    """Yield every text in two languages within a part of a file, with its place, but what a count means."""
    if isinstance(part, Mapping):
        if part.keys() == {"zh", "en"}:
            yield where, part
            return
        for name, value in part.items():
            if name != "meaning":
                yield from _titles(value, (*where, str(name)))
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _titles(value, (*where, str(number)))
