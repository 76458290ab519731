"""Everyday English words of patients' stories, beside those that the clinical library itself uses."""

from __future__ import annotations

EVERYDAY = frozenset(
    """
    able abnormal abnormality about above accident across activity actually add admit admitted afraid after again
    against age ago agree air alcohol alive all allow almost alone along alpha already also although always am among
    amount and angry animal another anxious any anyone anything apart appear appears are area arm around arrive
    arrived as ask asked asleep at ate awake away baby back bad bag bath bathroom became because become bed bedroom
    been before began begin beginning behaviour behind being believe below belt bend best better between bicycle big
    bike bit bite black blue body boil boiled book born both bottle bought box boy boyfriend bread break breakfast
    breath breathe bring brother brought brown building burn bus business but buy by call called calm came can cannot
    car care carried carry case cat caught cause center centre certain chair change check chew child children choking
    church claims class clean clear climb clinic close clothes cold collapsed colour come comes coming complain
    complained complaining complains constant continue continued cook cooked cooking cope could couple course cover
    cross cry crying cup current currently cut dad daily damage dark daughter day days dead decided deep denied denies
    describe described describes despite detailed did die died diet difference different difficult difficulty dinner
    dirty discharge do doctor does dog doing done door dose down drank dress drink drinking drive driver driving drop
    dropped drug dry due during each ear earlier early eat eaten eating eight either else employed empty end enough
    episode especially evening eventually ever every everyone everything exactly examination examined except exercise
    experience explain eye face fact factor factory fall fallen falling falls family far farm farmer fast father feed
    feeding feel feeling feels feet fell felt female few field fight find fine finger finish finished fire first fish
    five fluid follow followed following food foot for force forgot found four fresh friend friends from front fruit
    full further game garden gave general get gets getting girl girlfriend give given gives glass go goes going gone
    good got gradually great green ground grow guess gym had half hand hands happen happened happens happy hard has
    hat have having he head health hear heard heat heavy help her here herself high him himself his history hit hold
    holding holiday home hospital hot hour hours house how however hungry hurt hurts husband i ice if ill illness
    immediately in including increased inside instead into investigation is it its itself job jump just keep keeps
    kept kick kind knee knife knocked know known laboratory large last late lately later law lay lead leave left leg
    less let level levels lie life lift lifting light like line little live lives living long longer look looked
    looking looks lose lost lot loud low lunch lying made mainly make makes male man many married max may me meal
    meals mean measured measurement meat medication medications medicine mention mentioned metal middle might mild
    milk minute minutes miss missed moment money month monthly months more morning most mostly mother motorcycle mouth
    move movement moving much mum must my myself nail name near nearly need needed needle needs neighbour never new
    next night nights nobody noise none normal normally nose not noted nothing notice noticed notices now number nurse
    occasional occasionally occurs off office often oil old on once one only onset open or oral other others our out
    outside over own pain painful pains paint parent parents park part partner past patient pattern people period
    person phone physical picked piece place plan plastic play played playing please point poor positive possible
    possibly pot present presented presenting presents pressure previous previously probably problem problems pull
    pulled push put quick quickly quiet quite rain ran rash reach read ready really recent recently red refused
    refuses refusing regular regularly relieved remember rest resting result results return returned returning reveal
    revealed reveals rice right road room round rub run running runs said same sat saw say saying says school scratch
    second see seeing seem seemed seems seen self sell sent seven several severe sex sexual shaking share sharp she
    shoe shop short should shoulder shout show showed shower shown shows sick side simple since single sister sit
    sitting six skin sleep sleeping sleeps slept slight slightly slow slowly small smell smells smoke smoked smokes
    snake so social soft sold some someone something sometimes son soon sore sort soup speak speaking spend spent
    spicy spoke sport spread stairs stand standing start started starting starts state stated states stay stayed step
    stick still stomach stone stood stop stopped stops story straight strange street stress strong student study stung
    such sudden suddenly sugar summer sun sure suspect suspected sweet swim swimming table take taken takes taking
    talk talking tea teacher tell telling tells ten test tested tests than that the their them then there these they
    thick thin thing things think thinking thinks third this those though thought three threw through throw tight time
    times tired to today toe together toilet told tomorrow tonight too took tooth top touch touched toward town train
    travel traveled travelled treated tree tried truck try trying turn turned turns twenty twice two type under
    understand underwent unemployed unit units unremarkable until up upon upset urinalysis urine us use used uses
    using usual usually vehicle very village visit visited volume wait wake wakes waking walk walked walking walks
    wall want wanted wants warm was wash washed washing watch water way we weak wear wears week weekend weeks well
    went were wet what when where whether which while white who whole why wife will wind window winter wish with
    within without woke woman women wood word work worked worker working works worried worse worsening would wound
    wrong year years yellow yes yesterday yet you young your zero
    """.split()
)

NOTE_WORDS = frozenset(
    "alb alk alt ast bid bilat bili cbc cephalic cl creat crp dx ecg edd esr gcs ggt gravida hb hct hr hx inr "
    "meds multi neg nil occ od para phos plt pmh po pos primi prn pt pts qid rbc rr rx sats sx tds temp tid tx "
    "umol unsure vertex wbc wt yo yr yrs".split()
)
"""Abbreviations of notes in lower case."""

PLAINLY_ENGLISH = frozenset(
    "the and with since from after before when which she they their them his been had have but not this that these "
    "there who what without because about could would should only into for".split()
)
"""Small words of English that hardly any other language writes."""

SHARED = frozenset(
    "a ai al am an ana as at aur con de del den der des di die do du e el em en es et ha hai hat he i il in is ja "
    "je ka ke ki ko la le les ma mal man me mi mit na ne no non nu o og om on pa para per por se si so su sur te "
    "to tu un una und van von was we y ya ye yo cm dl fl hg iu kg mcg meq mg ml mm mmol ng pg".split()
)
"""Small words that more than one language writes, and units: they tell nothing."""
