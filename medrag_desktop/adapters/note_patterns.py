"""Findings that free text names with a number, a place or another word in between."""

from __future__ import annotations

import re

_WEIGHT = (
    r"(?:about|approximately|approx\.?|around|almost|nearly|over|more than|some|at least|by|~|>)?\s?"
    r"(?:\d{1,3}(?:[.,]\d{1,2})?(?:\s?(?:-|to)\s?\d{1,3})?|a few|several)\s?"
    r"-?(?:kgs?|kilos?|kilograms?|kilogrammes?|lbs?|pounds?|stones?)\b(?: (?:of|in) (?:body )?weight\b)?"
)
_BESIDES = r"(?:dysuria|urgency|frequency|nocturia|haematuria|hematuria|burning|hesitancy|incontinence)"
_ANIMAL = r"(?:dog|monkey|bat|rat|fox|jackal|cow|donkey|horse|pig|hyena|mongoose|goat|camel|baboon|animal)"
_NOT_SKIN = (
    r"(?:mass|masses|lumps?|clots?|tissue|material|membranes?|retinas?|stools?|motions?|faeces|feces|urine|discharge|fluid|"
    r"sputum|mucus|vomit\w*|patch(?:es)?|spots?|lesions?|areas?|rash|macules?|plaques?|cells?|optic dis[ck])"
)
"""What may be pale without the patient being so."""
OF_SOMETHING_ELSE = {
    "burn": re.compile(
        r"\b(?:not|does|do|did|it|will|that|can|eye|skin|foot|urine|throat|chest|stomach) burn\b"
        r"|\bburn (?:when|while|on|after|if|as) (?:\w+ )?"
        r"(?:passing|pass|urine|eating|eat|swallow|swallowing|drinking|drink)\b",
        re.IGNORECASE,
    ),
    "pale": re.compile(
        rf"(?:urine|stools?|motions?|nose|mucosa of the nose) (?:is |are |was |were |look |looks |turned )?pale\b"
        rf"|\bpale (?:(?!with |and |passing )\w+ ){{0,2}}?{_NOT_SKIN}\b",
        re.IGNORECASE,
    ),
}
"""Names of one word -> where the words around them tell that it is not said of the patient."""
PATTERNS = {
    rf"\b(?:lost|losing|loss of|weight (?:loss|reduction|drop) of|(?:weight|wt)\.? (?:is |has )?(?:gone |dropped )?"
    rf"(?:down|reduced|decreased|dropped|fell)(?: by)?) {_WEIGHT}": "weight loss",
    rf"\b(?:gained|gaining|gain of|put on|(?:weight|wt)\.? (?:is |has )?(?:gone )?up(?: by)?) {_WEIGHT}": (
        "weight gain"
    ),
    r"(?:(?<=numbness and )|(?<=tingling and )|(?<=numbness or ))weakness\b"
    r"|\bweakness\b(?= (?:and|or) (?:numbness|tingling)\b)": "limb weakness",
    r"\b(?<!bowel )(?<!rectal )(?<!fecal )(?<!faecal )(?<!hypertensive )(?<!urinary )(?<!of )urgency\b"
    r"(?! (?:of|to|in)\b)": "urinary urgency",
    rf"\b(?<!urinary )(?<!increased )(?<!in )(?<!the )frequency\b(?=(?:,? and|,| or|,? but no| with)? {_BESIDES}\b)"
    r"|(?:(?<=dysuria and )|(?<=dysuria, )|(?<=urgency and )|(?<=urgency, )|(?<=nocturia and )|(?<=nocturia, )"
    r"|(?<=dysuria or )|(?<=urgency or ))frequency\b": "urinary frequency",
    r"\b(?:urin\w+|micturition|dysuria|pee\w*)\b[^.;\n]{0,40}?(?:,|/|\band|\bwith)\s?(frequency)\b(?! of)": (
        "urinary frequency"
    ),
    # counted, and tests with their result
    r"(?<![\w/.])(?-i:V) ?(?:x|\u00d7) ?\d": "vomiting",
    r"(?<![\w/.])(?-i:D) ?(?:x|\u00d7) ?\d": "diarrhoea",
    r"\b(upt|(?:urine )?pregnancy test|(?:urine |serum )?b?-?hcg)\b"
    r"(?=:? ?(?:is |was |came back )?(?:neg|pos|\+|-ve|\(-|-(?!\w)))": "positive pregnancy test",
    # an illness that does not respond to a medicine is no coma
    r"\b(?:not|n't|never) respond(?:s|ed|ing)? to (?!(?:\w+ )?(?:pain|painful|voices?|touch|verbal|stimul\w*|"
    r"anything|name|calls?|calling|commands?|speech|light|sounds?)\b)": "uncertain",
    # what someone does not remember is no loss of memory
    r"\bremember (?:if|whether|when|what|how|why|which|any|the (?:date|name|exact))\b": "uncertain",
    # sides, places and animals in a gap
    r"(?<![\w/.])(?-i:L)(?=[) ]{1,2}(?-i:[a-z]){3})": "left",
    r"(?<![\w/.])(?-i:R)(?=[) ]{1,2}(?-i:[a-z]){3})": "right",
    rf"\b(?:bitten|bit|scratched|attacked|mauled)\b[^.;,\n]{{0,15}}? by (?:[\w'\u2019]+ ){{0,3}}?{_ANIMAL}s?\b"
    rf"|\b{_ANIMAL} (?:bit|has bitten|scratched)\b": "animal bite",
    r"\b(?:bitten|bit|scratched|attacked)\b[^.;,\n]{0,15}? by (?:[\w'\u2019]+ ){0,3}?(?:cat|kitten)s?\b"
    r"|\b(?:cat|kitten) (?:bit|has bitten|scratched)\b": "cat bite",
    r"\b(?:bitten|bit)\b[^.;,\n]{0,15}? by (?:\w+ ){0,3}?(?:snake|viper|cobra|mamba|adder|python)s?\b": "snake bite",
    r"\bcuts? (?:\w+ )?(?:on|to|of|in|across) (?:(?:the|his|her|my|left|right|l|r) ){0,2}"
    r"(?:foot|hand|leg|arm|head|scalp|face|finger|toe|knee|forehead|thumb|shin|thigh|forearm)s?\b": "laceration",
    r"\b(?:cut|slashed) (?:\w+ ){0,4}?(?:with|by) (?:an? |the )?"
    r"(?:panga|knife|machete|glass|axe|hoe|razor|blade|tin)\b": "laceration",
    r"\bitch\w*\b[^.;\n]{0,30}?\b(?:worse|more|mainly|mostly|especially|only) (?:at|in the|during the) night\b": (
        "itching worse at night"
    ),
    r"\bpatch(?:es)?\b[^.;\n]{0,25}?\b(?:no feeling|without feeling|numb|no sensation|loss of (?:feeling|sensation)|"
    r"cannot feel|does not feel)\b": "numb patch",
    r"\bsputum\b,? (?:is |was )?(streaked with blood)\b": "blood streaked sputum",
    r"\bnois[ey]\w* (?:breathing )?(?:when|as|while) (?:he|she|it|the (?:child|baby)|baby|child) (?:is )?"
    r"breath\w* in\b": "stridor",
    r"\b(?:fit|fits|fitting|seizures?|convuls\w+|jerking)\b(?:(?!\b(?:no|not|ago)\b)[^.;,\n]){0,20}?"
    r"(?:(?:for|lasting|lasted|of|x|>|about|over|more than)\s?){1,3}(?:[5-9]|[1-9]\d)\s?(?:min|minute)s?\b": (
        "prolonged seizure"
    ),
    # a quality after a comma
    r"\b(?:testic\w+|scrotal|testis) pain\b[, -]{1,3}(?:of |it was )?(?:very )?sudden(?:ly| onset)?\b": (
        "sudden testicular pain"
    ),
    r"\b(?:abdo(?:minal|men)?|belly|stomach|tummy) pain\b[, -]{1,3}(?:of |it was )?(?:very )?sudden(?:ly| onset)?\b": (
        "sudden abdominal pain"
    ),
    r"\b(?:sores?|ulcers?|wounds?) (?:on|in|at) (?:the |his |her )?(?:private parts?|penis|vulva|vagina|genitals?)\b"
    r"(?:,| and| which (?:is|are)| that (?:is|are)) ?(?:very )?painful\b": "painful genital ulcer",
    r"\bvomit\w* (?:out |up )?(?:all|everything|anything|whatever)(?: that| which| of what)? "
    r"(?:(?:he|she|it|they|is|the|child|baby) ){1,2}(?:takes?|eats?|drinks?|swallows?|given|gets?|feeds?)\b": (
        "vomits everything"
    ),
    r"\b(?:diarrh?o?ea|loose (?:stools?|motions?)|watery (?:stools?|motions?)|running stomach)\b[^.;,\n]{0,20}?"
    r"(?:\bwith|w/|\bmixed with|\bcontaining) ?(?:some )?blood\b": "bloody diarrhoea",
    # time without a period
    r"\b(?:last (?:menstrual )?period|lmp|last menses|last bleed)\b(?: was| seen)?[\s:]{0,2}(?:about |over )?"
    r"(?:(?:[6-9]|[1-3]\d|six|seven|eight|nine|ten)\s?(?:weeks?|wks?|/52)|(?:[2-9]|two|three|four|five|six)\s?"
    r"(?:months?|mths?|/12))(?: ago| back)?\b": "missed period",
    r"\b(?:no|missed) (?:period|menses|menstruation)s? (?:for|x|since)? ?(?:\d{1,2}|two|three|four|five|six) ?"
    r"(?:weeks|months|/12|/52)": "missed period",
    r"\b(?:delivered|gave birth|born)\b[^.;,\n]{1,25}?\b(at home)\b": "home delivery",
    r"\b(?:thinks?|believes?|says|convinced)\b (?:that )?(?:\w+ ){1,3}?"
    r"(?:wants?|wanting|trying|plotting|planning|going)(?: to)? (?:harm|kill|poison|hurt|bewitch|attack)\b": (
        "false beliefs"
    ),
}
"""Words around a number, or words that mean something in their company only -> the words that stand for them.

A group that a pattern holds is the place that is read; without one it is the whole.
"""
