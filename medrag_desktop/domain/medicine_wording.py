"""Whether a sentence offers a medicine that it names, or warns against it, or names it for another reason.

Conservative: only closed patterns count as a warning. What they do not understand offers the medicine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medrag_desktop.domain.medicine_facts import MedicineName
from medrag_desktop.domain.tokens import Token

# A sentence is read with the medicine in question as `#` and every other one as `@`.
_GLUE = (
    r"(?:@|,|and|or|other|such as|also|a|an|the|any|all|most|short|long|acting|oral|inhaled|injectable|intravenous|"
    r"intramuscular|systemic|vaginal|topical|steroid|anti|inflammatory|antiviral|painkiller|medicine|drug|drop|tablet|"
    r"capsule|cream|gel|eye|ointment|spray|injection|treatment|therapy|antibiotic|mixture|preparation|similar|\([^()]*\))"
)
_LIST = rf"(?:{_GLUE} )*"
_PLACE = (
    r"(?:(?:for|in|of|under|by|after|before|with|during|at) "
    r"(?:(?!(?:and|but|or|which|that|who|where|is|are|not|never|no)\b)[\w'@]+ ){1,6})?"
)
_ADVERB = r"(?:(?:also|usually|generally|always|strictly|best|better|therefore|normally|routinely|ever|be) )*"
_BE = r"(?:is|are|was|were|should|must|may|can|will|could|has to|have to|need to)"
_USE = (
    r"(?:given|used|taken|recommended|advised|indicated|prescribed|started|suitable|safe|put|needed|appropriate|allowed|"
    r"offered|useful|helpful|effective|reliable|mixed in|an option|routine)"
)
_AVOIDED = (
    r"(?:avoided|contraindicated|contra indicated|withheld|forbidden|unsafe|dangerous|harmful|unsuitable|stopped)"
)
_PREDICATE = (
    rf"(?:{_BE} {_ADVERB}{_AVOIDED}|(?:{_BE} |can)(?:not|never|no longer) {_ADVERB}{_USE}|"
    r"(?:do|does) not (?:reliably )?(?:help|cure|treat|work|suit|reach)|(?:have|has) no (?:place|role)|"
    r"(?:can |may |could )?(?:harm|worsen)|(?:can |may )?increase bleeding|(?:can |may )?add to the risk|"
    r"need (?:caution|specialist advice))\b"
)
_CLAUSE_START = r"(?:^|[;:] |, (?:and|but) |\b(?:while|whereas|where|because|since|so|but|although|though|if|when) )"
_SUBJECT = re.compile(rf"{_CLAUSE_START}{_LIST}# {_LIST}{_PLACE}{_PREDICATE}")
_LONE_SUBJECT = re.compile(rf"(?:, |\band |\bor )(?:a |an |the )?# (?:\( [^()]*\) )?{_PLACE}{_PREDICATE}")
_ORDER = re.compile(
    r"\b(?:avoid|avoiding|stop|stopping|withhold|withholding|without|not|no|"
    r"never (?:give|use|take|start|put|receive)|"
    rf"(?:do|must|should|may|can|could) not (?:give|use|take|start|receive|have)) {_LIST}#"
)
_OTHER_REASON = re.compile(
    rf"# (?:allerg|hypersensitiv|overdose|poisoning|toxicity|intoleran|resistance)|\bnon #|"
    rf"\b(?:cannot (?:take|receive|have|use)|unable to take) {_LIST}#|\b(?:caused by|triggers? such as)\b[^;]*#|"
    rf"\b(?:allerg(?:y|ic|ies)|hypersensitiv\w+|intoleran\w+|reaction|anaphylaxis) (?:to|after|from) {_LIST}#|"
    rf"\b(?:instead of|in place of|rather than|replace|replaces|replacing|than) {_LIST}#"
)
_DENIED = re.compile(r"\b(?:not|never|no|nor|cannot|without|\w+n't)\b")
_UNSURE = re.compile(
    r"\b(?:unless|except|only|until|alone|but|however|although|though|then|later|afterward|afterwards|instead|otherwise|"
    r"apart|yet)\b|\band (?:is|are|may|can|should|must|will)\b(?! (?:not|never|avoided))"
)
_OWN_PREDICATE = re.compile(
    rf"# {_LIST}(?:is|are|was|were|can|may|should|must|will|has|have|do|does|treat|relieve|ease|help|replace|prevent|"
    r"suit|reduce|cure|work|remain|cover)\b"
)
_FORM = r"(?:ointment|drop|cream|gel|lotion|spray|pessary|shampoo|mouthwash|patch)"
_TOPICAL = re.compile(
    rf"# (?:(?:and|or) @ )?(?:(?:eye|ear|nose|nasal|skin|vaginal|mouth|oral) )?{_FORM}\b|"
    rf"\b(?:{_FORM}|vaginal|topical|inhaled|nebulized|nebulised)(?: (?:or|and) {_FORM})?(?: ,)? "
    rf"(?:(?:such as|like|of) )?{_LIST}#"
)


def masked(tokens: Sequence[Token], names: Sequence[MedicineName], name: MedicineName) -> str:
    """Return the folded words of a sentence with one medicine as `#` and the others as `@`."""
    signs = {n.first: ("@", n.last) for n in names} | {name.first: ("#", name.last)}
    words: list[str] = []
    index = 0
    while index < len(tokens):
        sign, after = signs.get(index, (tokens[index].text, index + 1))
        words.append(sign)
        index = after
    return " ".join(words).rstrip(" .!")


def offers(sentence: str) -> bool:
    """Tell whether a masked sentence may be read as offering the medicine `#`."""
    if _OTHER_REASON.search(sentence):
        return False
    return not (_is_refused(sentence) or _is_advised_against(sentence))


def is_topical(sentence: str) -> bool:
    """Tell whether a masked sentence speaks of `#` on the skin, in the eye, ear, nose or vagina, or inhaled."""
    return _TOPICAL.search(sentence) is not None


def _is_refused(sentence: str) -> bool:
    """Tell whether the medicine is the subject of an avoidance: `# and @ are avoided in dengue`."""
    match = _SUBJECT.search(sentence) or _LONE_SUBJECT.search(sentence)
    return match is not None and _UNSURE.search(sentence, match.end()) is None


def _is_advised_against(sentence: str) -> bool:
    """Tell whether the medicine is the object of an avoidance: `avoid @ and #`."""
    match = _ORDER.search(sentence)
    if match is None or _OWN_PREDICATE.match(sentence, match.end() - 1):
        return False
    clause = re.split(r"[,;:]", sentence[: match.start()])[-1]
    return not (_DENIED.search(clause) or _UNSURE.search(sentence, match.end()))
