"""Text that is not English is told from English that is short, misspelt and full of abbreviations."""

from __future__ import annotations

from pathlib import Path

import pytest

from medrag_desktop.adapters.clinical_library import load_catalogue
from medrag_desktop.domain.languages import not_english

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = {
    "Spanish": (
        "Fiebre y tos desde hace tres días, no quiere comer",
        "dolor de pecho que va al brazo izquierdo",
        "Le duele la barriga desde anoche",
    ),
    "French": ("Douleur thoracique avec essoufflement depuis ce matin", "Mal de tête, vomissements, nuque raide"),
    "Portuguese": ("Febre e tosse há três dias, não quer comer", "dor de barriga e diarreia com sangue"),
    "Swahili": (
        "Mtoto anaumwa kichwa tangu jana usiku",
        "Ana homa na kikohozi kwa siku tatu",
        "Nina maumivu makali ya kichwa",
    ),
    "Hindi in Latin letters": (
        "Bachche ko teen din se bukhar aur khansi hai",
        "pet mein dard aur ulti do din se",
        "chhati mein dard ho raha hai aur saans phool rahi hai",
    ),
    "Indonesian": ("Anak demam dan batuk selama tiga hari", "sakit kepala dan muntah sejak kemarin"),
    "German": ("Das Kind hat seit drei Tagen Fieber und Husten", "Starke Kopfschmerzen mit Erbrechen seit gestern"),
    "Italian": ("mal di testa e febbre alta",),
    "Zulu": ("Ngifuna ukubona udokotela ngoba ngiyagula",),
    "Yoruba": ("Orí ń fọ́ mi láti àná",),
    "Sesotho": ("Sefuba se thata le fiberu matsatsi a mararo",),
    "Chichewa": ("Wasa ndinadwala mutu ndi kutentha thupi",),
    "Kinyarwanda": ("Umwana afite umuriro no gukorora iminsi itatu",),
    "Hausa": ("Yaron yana da zazzabi da tari kwana uku",),
    "Somali": ("Ilmuhu wuxuu qabaa qandho iyo qufac saddex maalmood",),
    "Tagalog": ("Masakit ang ulo at nagsusuka mula kahapon",),
    "Haitian": ("Timoun nan gen lafyèv ak tous depi twa jou",),
    "Malagasy": ("Zazakely manana tazo sy kohaka nandritra ny telo andro",),
    "Vietnamese": ("Trẻ bị sốt và ho ba ngày nay",),
    "Arabic": ("حمى وسعال منذ ثلاثة أيام", "صداع"),
    "Hindi": ("बच्चे को तीन दिन से बुखार है", "खांसी"),
    "Bengali": ("শিশুর তিন দিন ধরে জ্বর", "কাশি"),
    "Chinese": ("发烧咳嗽三天", "头痛"),
    "Amharic": ("ትኩሳት እና ሳል",),
    "Russian": ("У ребенка жар и кашель",),
    "Greek": ("πονοκέφαλος και πυρετός",),
}
ENGLISH = """\
c/o fever x 3/7, SOB, N/V/D. O/E T 38.5, chest clear. Hx DM, HTN. on metformin
SOB at rest, PND, orthopnoea, bilat pedal oedema, JVP raised
RUQ pain post prandial, Murphy +ve, no jaundice
abdo pain, D&V x 4, afebrile, BS present, PR NAD
on amlodipine, metformin, atorvastatin, aspirin
pt c/o headache, photophobia, neck stiff, T 39.2 GCS 14
child lethargic, not feeding, sunken eyes, skin pinch slow
LMP 6/52 ago, PV bleed, LIF pain, urine hCG pos
cut foot on nail, tetanus status unknown, wound dirty
chest tight, radiates L arm, sweaty, ECG pending
no known allergies, meds nil, smoker 20/day, ETOH occ
bilateral knee pain, crepitus, no effusion, ROM reduced
hx epilepsy, sz x2 today, post ictal, BM 5.2
vaginal discharge, itch, dysuria, no fever
rash trunk & limbs, maculopapular, Koplik spots, conjunctivitis
amoxicillin, paracetamol, ORS, zinc given
Multiple episodes emesis, non bilious, non bloody
dx malaria RDT pos, given artemether lumefantrine
baby 3/12 noisy breathing, poor feeding, cough x 2/7
hemoptysis, night sweats, wt loss, TB contact
diabetes, hypertension, asthma, COPD, CKD
feels hot, no apetite, vomitting since yestarday
headach and stomac pain for too days
mother says he is very sleepy and hot
man fell from bicycle, wrist swollen, deformed
tired, pale, palpitations
R iliac fossa tenderness, rebound, guarding
loin pain haematuria rigors
PMH: IHD, CABG 2010, T2DM, CKD3
furosemide bisoprolol ramipril spironolactone digoxin
COUGH AND FEVER 3 DAYS, CHEST PAIN ON BREATHING IN
G3P2 at 34/40, headache, BP 160/110, proteinuria 3+
PR bleed x 2/52, tenesmus, wt loss 6 kg
?UTI. dysuria, frequency, suprapubic tenderness. nitrites pos
on Tegretol and Epilim for fits since childhood
Bitten by dog yesterday, wound on R calf, not cleaned
itchy rash between fingers, whole family scratching
Na 138, K 4.1, creat 90 umol/l, Hb 9.2 g/dl, WBC 14
pCO2 42 mm Hg
HCO3 22 mmol/l
eyes yellow, urine dark, stools pale, RUQ discomfort
unable to walk since morning, face droop L side, slurred speech
she has pain when passing urine, burning, goes often
mild pallor, spleen 4 cm, liver not felt
β-hCG pos, α-blocker stopped
back pain radiating to leg, numb toes, no bladder problem
SOBOE, ankle swelling, sleeps on 3 pillows
diarhea wit blod, belly payn, very week
T 39 °C, HR 130, RR 44, SpO2 92 %, crackles R base
the pikin dey hot since yesterday and e no wan chop
baby cry plenty, stooling water 6 times, no dey suck
Coartem given, paracetamol supp 125mg PR, IV artesunate stat
on Glucophage, Diamicron, Lipitor, Norvasc and Zestril
Augmentin 625 bd, Flagyl 400 tds, Brufen prn
s/p appendicectomy, lap chole 2019, TAH BSO
O/E: alert, pink, CRT <2s, chest b/l AE good, no creps, no rhonchi
CVS S1S2 nil added, P/A soft NT ND, BS+
Plan FBC, U&E, LFT, CXR, MPS, widal, HIV
ambulant, conscious, orientated x3, not pale, anicteric
Grandmother reports twitching of face and rolling up of eyes
lacerated scalp after falling off boda boda
Hx of PUD, GERD, OSA, BPH, AF on warfarin
Presented with haemoptysis, dyspnoea, pleuritic pain
Murmur grade III/VI systolic apex radiating axilla
tonsils enlarged exudates, cervical LNs palpable
Kernig neg Brudzinski neg fundi normal
vesicles dermatomal T6 left, burning
gravida 4 para 3, EDD unsure, FH 32 cm, cephalic, FHR 140""".splitlines()


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    return load_catalogue(ROOT / "assets" / "library").words


@pytest.mark.parametrize("language", FOREIGN)
def test_every_note_in_another_language_is_flagged(language: str, known: frozenset[str]) -> None:
    for note in FOREIGN[language]:
        assert [note[u.start : u.end] for u in not_english(note, known)] == [note]


def test_there_are_notes_enough() -> None:
    assert len(ENGLISH) >= 40
    assert len(FOREIGN) >= 10


@pytest.mark.parametrize("note", ENGLISH)
def test_no_telegraphic_english_is_flagged(note: str, known: frozenset[str]) -> None:
    assert not_english(note, known) == ()


def test_all_english_notes_together_are_not_flagged(known: frozenset[str]) -> None:
    assert not_english("\n".join(ENGLISH), known) == ()


@pytest.mark.parametrize("language", FOREIGN)
def test_only_the_foreign_sentences_of_a_mixed_text_are_flagged(language: str, known: frozenset[str]) -> None:
    note = FOREIGN[language][0]
    text = f"Child of 3 years with fever. {note}.\nNo rash, drinks well. BP 100/60"
    assert [text[u.start : u.end].rstrip(".") for u in not_english(text, known)] == [note]


def test_short_foreign_sentences_are_judged_together(known: frozenset[str]) -> None:
    text = "Homa. Kikohozi. Anatapika. Hana nguvu."
    assert len(not_english(text, known)) == 4
    assert not_english("Homa.", known) == ()
    mixed = f"{text} BP 120/80. No cough."
    assert {mixed[u.start : u.end] for u in not_english(mixed, known)} == {
        "Homa.",
        "Kikohozi.",
        "Anatapika.",
        "Hana nguvu.",
    }


def test_shouted_text_is_read_as_words(known: frozenset[str]) -> None:
    assert not_english("MTOTO ANAUMWA KICHWA TANGU JANA USIKU", known)


@pytest.mark.parametrize("text", ["", " ", "...", "\ud800", "\0", "12 34 56", "a b c d e", "é" * 50, "\n" * 9, "?! ;;"])
def test_what_is_no_text_is_not_flagged(text: str, known: frozenset[str]) -> None:
    assert not_english(text, known) == ()
