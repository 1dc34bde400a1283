"""Words of general technical English that may stand for each other where people ask and documents answer."""

import re

from blackboard.tools.extractive.forms import any_form_of
from blackboard.tools.extractive.sentences import stem

GROUPS = """
invent introduce devise originate; rotate replace renew; maximum longest largest highest; minimum shortest smallest
lowest; duration period term; vocabulary word term; person people individual human somebody someone; delete remove
erase drop discard purge; create make build construct generate produce; start begin launch initiate commence boot;
stop end halt terminate quit cease; finish complete conclude end; limit maximum cap bound ceiling restrict; minimum
least floor fewest; big large huge great; small little tiny short; fast quick rapid speed; slow sluggish delay;
change modify alter edit update amend; replace substitute swap supersede; add append insert attach include; copy
duplicate clone replicate; move relocate transfer migrate; rename retitle; send transmit deliver dispatch; receive
accept get obtain; fetch retrieve get load obtain; return yield give; save store persist keep write; keep retain
preserve maintain hold; restore recover revert undo; show display present print view; hide conceal mask; find locate
discover search; look search query; choose select pick; choice option alternative; option setting parameter flag
switch; setting configuration preference; configure customize customise adjust tune; set assign define specify;
allow permit enable let; forbid prohibit deny disallow prevent ban; disable deactivate; enable activate; refuse
reject deny decline; accept approve admit; require need demand must mandatory; mandatory compulsory required;
optional voluntary; recommend suggest advise should; avoid prevent circumvent; prevent stop block inhibit; protect
secure guard defend safeguard; safe secure; security protection safety; danger risk hazard threat; dangerous risky
unsafe harmful; attack exploit; attacker adversary intruder; vulnerability weakness flaw; error mistake fault
failure problem; error exception; problem issue trouble difficulty; bug defect flaw; fail break crash; broken
corrupt damaged; repair fix mend correct; correct right valid proper; wrong incorrect invalid false; verify check
validate confirm; test check try; ensure guarantee assure; reason cause; cause trigger lead result; result outcome
consequence effect; effect impact influence; purpose goal aim objective; benefit advantage strength gain; drawback
disadvantage downside weakness; difference distinction; differ vary; same identical equal; similar alike comparable;
compare contrast; combine merge join unite; split divide separate partition; connect link join attach; disconnect
detach; connection link; group collection set; list enumerate; part component piece element; member participant;
order sequence; sort order arrange; rank order; number count amount quantity; size length extent; duration length
period interval; timeout deadline expiry; expire lapse elapse; expiration expiry timeout; date day time; before
prior; often frequently regularly; always every; currently presently; old former previous legacy; new recent fresh;
current present latest; version release edition; upgrade update migrate; install setup deploy; uninstall remove;
deploy publish ship; run execute perform invoke; call invoke; execution run; perform do carry; use employ utilize
utilise apply; usage use; author writer creator; creator inventor author; invent create devise; write author; read
parse; document file page; folder directory; path location; place location position; address location; name title
label identifier; identifier id key; value content; content body; message notification; notify inform alert tell;
warn caution; warning caution notice; tell inform describe; explain describe clarify; describe define; mean stand
signify denote; meaning definition sense; example instance sample; kind type sort category class; feature capability
function; function method routine procedure; method way technique approach; way manner means; procedure process
steps; step stage phase; job task work; work function operate; operate function run; worker process; manage
administer handle; administrator admin manager; handle process treat deal; control govern manage regulate;
responsible charge owner; owner holder; own possess hold; contain include comprise; consist comprise contain; share
common; public open; private internal hidden; secret confidential; password credential passphrase; login
authenticate signin; logout signout; authentication login; permission right privilege access; access reach; encrypt
cipher; encode serialize serialise; decode deserialize deserialise; convert transform translate; format layout
structure; structure layout organization; design architecture; model schema; schema structure; table relation;
record entry row; field column attribute; attribute property field; default standard initial; standard norm
specification; specification spec standard; rule policy; law rule; agreement consensus; determine decide find;
condition criterion; parallel concurrent simultaneous; concurrency parallelism; lock mutex; wait pause sleep block;
pause suspend; continue proceed resume; repeat again retry; loop cycle; ignore skip disregard omit; omit skip
exclude; empty blank; full complete whole; whole entire all; temporary transient; permanent persistent durable;
cache store; memory storage; storage store; disk drive; network net; server host; client consumer; machine computer
host; node machine peer; request query call; response reply answer; reply answer respond; ask request query; cost
price expense; cheap inexpensive; expensive costly; increase raise grow; decrease reduce lower shrink; reduce lower
cut decrease; improve enhance better; optimize optimise improve; performance speed efficiency; efficient fast;
measure metric; evaluate assess judge rate; monitor watch observe track; observe watch see; log record journal;
trace track; debug troubleshoot; support handle; help assist aid; learn train; teach train instruct; instruction
command directive; script program; program application software; application app program; library package module;
dependency requirement; import include load; export dump; backup copy dump; lost missing; lose drop miss; missing
absent; happen occur; event occurrence; appear occur; affect influence; contribute participate; contributor
committer developer; developer programmer; team group committee; vote ballot; elect choose; leader coordinator;
nominate propose; propose suggest; proposal suggestion; review inspect; discuss debate; publish release announce;
send mail; mail email; text string; character letter; sentence statement; language tongue; translate localize
localise; local regional; remote distant; near close; close shut; open unlock; transfer hand pass give convey; give
grant provide supply offer; grant permit award; grant concede; take seize grab; take acquire obtain get; bring carry
fetch; keep hold possess; keep prevent stop; leak disclose reveal expose steal; steal rob take; compromise break
steal; disappear vanish drop expire; fade decline wane weaken; decline decrease drop fall; rise grow increase climb;
appear emerge arise show; arise occur emerge; lose forfeit; interest attention; favour favor prefer bias; bias
prejudice preference; fair equal just; burn consume spend use; consume use eat spend; spend use pay; pay cost
charge; allowance budget quota limit; ordinary normal usual common regular; usual common typical normal; rare seldom
uncommon; special particular specific; strange odd unusual; unusual rare odd; unknown unfamiliar unrecognised
unrecognized; know recognise recognize understand; understand know grasp; recognise recognize identify know;
identify recognise recognize detect; detect notice discover find; notice detect observe see; forget lose drop;
remember recall keep store; believe trust think; rely depend trust; suspect fear doubt; fear worry suspect; worry
concern; concern matter affect regard; dead gone crash; die crash fail end; kill terminate stop crash; crash die
fail kill; survive outlive remain; stay remain keep; leave quit depart exit; enter join; arrive come reach; reach
arrive achieve; achieve reach accomplish; accomplish achieve complete; try attempt; succeed win work; win succeed
beat; beat outperform exceed; exceed surpass outgrow; leader chief head master primary; chief leader head main; main
primary principal chief; primary main first; secondary replica second; replica copy secondary; follower replica
secondary; colleague coworker staff; staff employee personnel; employee worker staff; boss manager head; head chief
manager; department division section unit; company firm organisation organization; school college university;
student pupil learner; teacher instructor tutor; customer client buyer; buyer customer purchaser; seller vendor
provider; vendor seller supplier; supplier provider vendor; visitor guest; child kid; parent ancestor; descendant
child; neighbour neighbor peer; friend mate; enemy opponent adversary; opponent adversary rival; rival competitor;
stranger outsider; agreement approval consent permission; approve agree accept consent; oppose object reject; thing
object item; item entry thing element; matter issue; topic subject theme; area field domain; region area zone;
country nation state; world globe; home house; house building; room space; water fluid; fire burn; road street way;
car vehicle; trip journey travel; travel journey move; food meal; money cash funds; fee charge price; price cost
fee; tax duty; profit gain earnings; debt loan; buy purchase acquire; sell trade; trade exchange deal; exchange swap
trade; swap exchange switch; switch change swap; rotate turn cycle; spread distribute scatter; distribute spread
share; share divide split; gather collect assemble; collect gather accumulate; assemble build gather; earn gain;
waste squander lose; rich wealthy; poor bad weak; bad poor wrong harmful; good fine suitable; suitable fit
appropriate good sensible; sensible reasonable wise good; reasonable sensible fair; appropriate suitable proper; fit
suit match; match fit correspond; strong robust powerful strict; robust strong stable reliable; reliable robust
dependable stable; stable steady reliable; weak poor fragile; fragile brittle weak; strict rigid severe; severe
serious grave; serious severe important; important significant crucial essential; essential necessary vital crucial;
necessary needed required essential; useful helpful handy; useless worthless; simple easy plain; plain simple clear;
clear plain obvious; obvious clear evident; vague unclear ambiguous; complex complicated difficult; difficult hard
tough; long lengthy; short brief; wide broad; narrow thin; thick dense; deep profound; high tall; low small; heavy
weighty; light lightweight; hot warm; cold cool; clean tidy clear; dirty unclean stale; stale outdated old dirty;
outdated obsolete stale old; obsolete outdated deprecated; ready prepared; prepare ready arrange; arrange organise
organize order; busy occupied loaded; idle inactive unused; active live running; live production active; alive
active running; unfinished incomplete partial pending; pending waiting queued; queue line backlog; line row; early
soon; late delayed; delay postpone defer wait; immediately instantly once; suddenly abruptly; finally eventually;
usually normally typically generally; generally usually commonly; rarely seldom; sometimes occasionally; almost
nearly; approximately roughly about; exactly precisely; accurate exact correct precise; estimate guess approximate;
guess estimate predict; predict forecast foresee; plan schedule intend; schedule plan timetable; intend plan mean;
wish want desire; want wish need; hope expect; expect anticipate await; await expect wait; surprise astonish; happy
glad; sad unhappy; angry annoyed; complain object; complaint objection; argue debate claim; claim assert state;
state say declare; declare state announce; say state tell; talk speak discuss; conversation dialogue chat; comment
remark note; note remark notice; hint clue tip; tip hint advice; advice recommendation guidance; guide lead direct;
lead guide head; follow obey observe; obey follow comply; comply obey conform; violate break breach; breach violate
violation; punish penalise penalize; penalty punishment fine; reward bonus prize; prize award reward; crime offence;
legal lawful; illegal unlawful forbidden; court judge; judge assess grade evaluate; grade judge mark score rate;
score grade rating; mark label tag; sign mark signal; symbol sign character; picture photo image; draw sketch; paint
draw; colour color; shape form; edge border boundary; boundary border limit; centre center middle; top peak summit;
bottom base; base basis foundation; root origin source; origin source beginning; beginning start; ending end finish;
gap hole space; hole gap opening; break gap pause; piece part fragment chunk; chunk piece block fragment; bit piece;
couple pair two; double twice; half part; majority most quorum; minority few; few several; several many multiple;
many numerous; sufficient enough adequate; extra additional further; further additional more; spare reserve extra;
reserve spare book; remaining left rest; rest remainder pause; sole only single; single one sole; unique single
distinct; distinct different separate; separate distinct apart; different distinct other; other another different;
various diverse different; diverse varied; common shared; mutual common; personal private own; social public;
official formal; automatic automated; automatically itself; manual hand; manually hand; deliberate intentional;
accidental unintentional; random arbitrary chance; arbitrary random any; fixed constant static; constant fixed
steady; dynamic changing; variable changing; changing varying; grow expand increase; expand grow extend widen;
extend expand lengthen prolong; cut reduce shorten trim; trim cut prune; compress squeeze shrink pack; pack wrap
bundle; wrap pack enclose; bundle pack package; enclose wrap surround; cover include; discover find learn; research
study investigate; study research examine; investigate examine research; examine inspect study analyse analyze;
analysis examination study; experiment trial test; evidence proof; show demonstrate prove reveal; reveal show
disclose; explain justify; describe portray; summarise summarize; summary overview abstract; detail particular;
overall general total; total sum overall; average mean; rate speed frequency; speed pace rate; throughput rate;
latency delay; lag delay; load traffic burden; burden load overhead; overhead cost burden; congestion jam; overload
flood; flow stream; channel route path; route path way; gateway router; proxy relay; forward relay pass; backward
back; return back; revert undo rollback; displace replace supersede; substitute replacement; alternative substitute
option
"""


def _related() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for group in GROUPS.split(";"):
        words = group.split()
        for word in words:
            found.setdefault(stem(word), {}).update(dict.fromkeys(w for w in words if stem(w) != stem(word)))
    return {word: tuple(others) for word, others in found.items()}


RELATED = _related()


def synonyms(word: str) -> tuple[str, ...]:
    """Words that may stand for this one in whatever form; none if it is not known here."""
    return RELATED.get(stem(word.lower()), ())


PHRASAL = {
    "back up": "backup copy",
    "break down": "fail crash",
    "bring back": "restore recover return",
    "bring up": "start raise",
    "carry on": "continue resume",
    "carry out": "perform execute",
    "come back": "return",
    "cut off": "disconnect truncate",
    "deal with": "handle treat",
    "do away with": "remove",
    "fall back": "default resort",
    "fill in": "complete enter",
    "find out": "discover determine learn",
    "get back": "recover restore",
    "get rid of": "remove delete drop",
    "give away": "transfer disclose",
    "give back": "return release",
    "give up": "abandon stop",
    "go back": "return revert",
    "go down": "fail fall decrease",
    "go on": "continue resume proceed",
    "go through": "pass",
    "go up": "rise increase",
    "go wrong": "fail",
    "hand over": "transfer give pass",
    "hold back": "delay retain",
    "hold on": "keep wait",
    "keep from": "prevent avoid stop",
    "leave out": "omit skip exclude",
    "let go": "release",
    "log in": "login authenticate",
    "log out": "logout",
    "look after": "maintain manage",
    "look for": "search find",
    "look up": "search find resolve",
    "make sure": "ensure verify",
    "make up": "form invent",
    "pass on": "forward transfer",
    "pick up": "collect resume",
    "put off": "postpone defer delay",
    "put together": "assemble combine",
    "roll back": "rollback undo revert",
    "rule out": "exclude prevent",
    "run into": "encounter",
    "run out": "exhaust expire",
    "send back": "return reject",
    "set up": "install configure create",
    "shut down": "stop shutdown terminate",
    "slow down": "delay throttle",
    "speed up": "accelerate optimize",
    "start over": "restart",
    "switch off": "disable",
    "switch on": "enable",
    "take away": "remove revoke",
    "take back": "revoke withdraw retract",
    "take over": "assume replace",
    "take part": "participate",
    "throw away": "discard delete drop",
    "turn down": "reject refuse",
    "turn off": "disable",
    "turn on": "enable",
    "use up": "exhaust consume",
    "wait for": "await",
    "wear out": "exhaust",
    "work out": "compute determine",
    "write down": "record",
}
"""Verbs that mean another thing together with a small word."""


def phrasal(text: str) -> dict[str, tuple[str, ...]]:
    """The phrasal verbs in a text: the verb as it stands there, and single words for it."""
    found: dict[str, tuple[str, ...]] = {}
    for phrase, others in PHRASAL.items():
        verb, _, rest = phrase.partition(" ")
        # `keep a judge from favouring`: up to three words between.
        near = rf"\b({any_form_of(verb)})\s+(?:[^\W_]+\s+){{0,3}}?{rest}\b"
        if match := re.search(near, text, re.IGNORECASE):
            found[match.group(1)] = tuple(others.split())
    return found
