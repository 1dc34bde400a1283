-- A database as schema 4 left it: one board of the scenario hello.
PRAGMA application_id = 1114401602;
BEGIN TRANSACTION;
CREATE TABLE activation (
	board_id TEXT NOT NULL, 
	id INTEGER NOT NULL, 
	agent TEXT NOT NULL, 
	binding TEXT NOT NULL, 
	trigger_seq INTEGER NOT NULL, 
	trigger_kind TEXT, 
	state TEXT NOT NULL, 
	rating INTEGER NOT NULL, 
	token INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	redone INTEGER NOT NULL, 
	snapshot_seq INTEGER, 
	owner TEXT, 
	lease_until FLOAT, 
	done_seq INTEGER, 
	due_at FLOAT, 
	waits_for TEXT, 
	PRIMARY KEY (board_id, id), 
	CONSTRAINT activation_refraction UNIQUE (board_id, agent, binding), 
	CONSTRAINT activation_state CHECK (state IN ('waiting', 'pending', 'running', 'parked', 'done', 'failed', 'moot'))
)
 WITHOUT ROWID

;
INSERT INTO "activation" VALUES('hello-1',1,'outside','seed',0,NULL,'done',0,1,0,0,0,NULL,NULL,1,NULL,NULL);
INSERT INTO "activation" VALUES('hello-1',2,'greeter','1',1,NULL,'done',0,1,1,0,1,'a534f3019cb84b83b2c031c2975542e5',NULL,3,NULL,NULL);
INSERT INTO "activation" VALUES('hello-1',3,'polisher','2',2,NULL,'done',0,1,1,0,3,'a534f3019cb84b83b2c031c2975542e5',NULL,4,NULL,NULL);
INSERT INTO "activation" VALUES('hello-1',4,'polisher','3',3,NULL,'done',0,1,1,0,3,'a534f3019cb84b83b2c031c2975542e5',NULL,5,NULL,NULL);
INSERT INTO "activation" VALUES('hello-1',5,'host','5',5,'greeting','done',0,1,1,0,5,'a534f3019cb84b83b2c031c2975542e5',NULL,6,NULL,NULL);
CREATE TABLE activation_read (
	board_id TEXT NOT NULL, 
	activation_id INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	strict BOOLEAN NOT NULL, 
	seq INTEGER, 
	"query" TEXT, 
	PRIMARY KEY (board_id, activation_id, ordinal)
)
 WITHOUT ROWID

;
INSERT INTO "activation_read" VALUES('hello-1',2,0,1,1,NULL);
INSERT INTO "activation_read" VALUES('hello-1',3,0,1,2,NULL);
INSERT INTO "activation_read" VALUES('hello-1',4,0,1,3,NULL);
INSERT INTO "activation_read" VALUES('hello-1',5,0,1,4,NULL);
INSERT INTO "activation_read" VALUES('hello-1',5,1,1,5,NULL);
INSERT INTO "activation_read" VALUES('hello-1',5,2,1,NULL,'{"kind": "greeting", "status": ["polished", "rough"], "about": null, "fields": [], "limit": null, "authors": [], "counted": false}');
CREATE TABLE agent (
	board_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	code_version TEXT NOT NULL, 
	watches TEXT NOT NULL, 
	cursor_seq INTEGER NOT NULL, 
	writes TEXT, 
	reads TEXT, 
	tools TEXT, 
	PRIMARY KEY (board_id, name)
)
 WITHOUT ROWID

;
INSERT INTO "agent" VALUES('hello-1','greeter','753235eb7e8c','guests posted',6,'["greeting"]',NULL,'[]');
INSERT INTO "agent" VALUES('hello-1','host','11765ce891c7','all greeting done',6,'["welcome"]',NULL,'[]');
INSERT INTO "agent" VALUES('hello-1','polisher','e61a2117a41c','greeting rough',6,'["greeting"]',NULL,'[]');
CREATE TABLE attempt (
	board_id TEXT NOT NULL, 
	activation_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (board_id, activation_id, number)
)
 WITHOUT ROWID

;
CREATE TABLE batch (
	board_id TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	activation_id INTEGER NOT NULL, 
	PRIMARY KEY (board_id, agent, seq)
)
 WITHOUT ROWID

;
CREATE TABLE board (
	id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	scenario TEXT NOT NULL, 
	params TEXT NOT NULL, 
	team TEXT NOT NULL, 
	options TEXT NOT NULL, 
	kinds TEXT NOT NULL, 
	status TEXT NOT NULL, 
	head INTEGER NOT NULL, 
	activations INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	ran_seconds FLOAT NOT NULL, 
	created_at FLOAT NOT NULL, 
	quiet INTEGER, 
	cancelled TEXT, 
	verdict TEXT, 
	beat_at FLOAT, 
	epoch_head INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT board_status CHECK (status IN ('open', 'closed')), 
	UNIQUE (number)
);
INSERT INTO "board" VALUES('hello-1',1,'hello','{"names":["Ada","Bo"]}','default','{"declared_in": "scenarios/hello.py", "budget": {"usd": null, "tokens": null, "calls": null, "activations": 10000, "seconds": 3600}, "agents": {}, "breaker": [10, 20], "least_rating": null, "more": false, "plugins": []}','{"guests": {"posted": []}, "greeting": {"rough": ["polished"]}, "welcome": {"posted": []}, "failure": {"posted": []}, "quiescence": {"posted": []}, "budget_alert": {"posted": []}}','closed',6,5,1,1.52253140004177112132e-02,1.79520910633214116091e+09,NULL,NULL,'{"ending": "complete", "reasons": []}',1.7952091063685894013e+09,0);
CREATE TABLE budget (
	scope TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	cap INTEGER, 
	settled INTEGER NOT NULL, 
	reserved INTEGER NOT NULL, 
	overrun INTEGER NOT NULL, 
	PRIMARY KEY (scope, unit), 
	CONSTRAINT budget_cap CHECK (settled - overrun + reserved <= cap), 
	CONSTRAINT budget_signs CHECK (settled >= 0 AND reserved >= 0 AND overrun >= 0)
)
 WITHOUT ROWID

;
INSERT INTO "budget" VALUES('board:hello-1','activations',10000,4,0,0);
CREATE TABLE entry (
	board_id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	status TEXT NOT NULL, 
	author TEXT NOT NULL, 
	activation_id INTEGER NOT NULL, 
	about TEXT NOT NULL, 
	integrity INTEGER NOT NULL, 
	confidentiality INTEGER NOT NULL, 
	origins TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	posted_at FLOAT NOT NULL, 
	born_seq INTEGER NOT NULL, 
	superseded_seq INTEGER, 
	body TEXT NOT NULL, 
	PRIMARY KEY (board_id, seq), 
	CONSTRAINT entry_version UNIQUE (board_id, "key", version), 
	CONSTRAINT entry_label CHECK (integrity BETWEEN 0 AND 2 AND confidentiality BETWEEN 0 AND 2), 
	CONSTRAINT entry_superseded_later CHECK (superseded_seq > seq)
);
INSERT INTO "entry" VALUES('hello-1',1,'guests-1',1,'guests','posted','person',1,'[]',1,0,'[]','12c868aa7979792edc4afa0274d5e1c64241661a1c8b885feee029293a7f2356',1.79520910633250617982e+09,1,NULL,'{"names":["Ada","Bo"]}');
INSERT INTO "entry" VALUES('hello-1',2,'greeting-1',1,'greeting','rough','greeter',2,'["guests-1"]',1,0,'[]','8e23f0cae24fa99b7535a74403ae7bfc3f9b6ce45b81211980b057a968987130',1.79520910635798192026e+09,2,4,'{"text":"hello Ada"}');
INSERT INTO "entry" VALUES('hello-1',3,'greeting-2',1,'greeting','rough','greeter',2,'["guests-1"]',1,0,'[]','095c62ae73eddfffe9e7d66ac174333987926b9353107ff37895bff0e6a52cda',1.79520910635798192026e+09,3,5,'{"text":"hello Bo"}');
INSERT INTO "entry" VALUES('hello-1',4,'greeting-1',2,'greeting','polished','polisher',3,'["guests-1"]',1,0,'[]','0f1ec2428657ad8c8f174fde641c91ea3e69ac569bf4622d88904dff8f50d1d2',1.79520910636067700387e+09,2,NULL,'{"text":"Hello Ada!"}');
INSERT INTO "entry" VALUES('hello-1',5,'greeting-2',2,'greeting','polished','polisher',4,'["guests-1"]',1,0,'[]','e8d33d32c412b630fcbd25da9bcecab79c171a3e8946520e9f3559dfd194a322',1.79520910636102032659e+09,3,NULL,'{"text":"Hello Bo!"}');
INSERT INTO "entry" VALUES('hello-1',6,'welcome-1',1,'welcome','posted','host',5,'["greeting-1", "greeting-2"]',1,0,'[]','345218b9cee8e609bc593937b74a42d21cc53084a5554f9c1eb1cad9024e5f7d',1.79520910636532378193e+09,6,NULL,'{"text":"Hello Ada! Hello Bo!"}');
CREATE TABLE field (
	board_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	PRIMARY KEY (board_id, kind, name, value, seq)
)
 WITHOUT ROWID

;
CREATE TABLE gathered (
	board_id TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	name TEXT, 
	seq INTEGER NOT NULL, 
	done BOOLEAN NOT NULL, 
	PRIMARY KEY (board_id, agent, "key")
)
 WITHOUT ROWID

;
CREATE TABLE gathering (
	board_id TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	name TEXT NOT NULL, 
	entries INTEGER NOT NULL, 
	done INTEGER NOT NULL, 
	last_seq INTEGER NOT NULL, 
	size INTEGER, 
	handed INTEGER, 
	PRIMARY KEY (board_id, agent, name)
)
 WITHOUT ROWID

;
CREATE TABLE kind_mark (
	board_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	status TEXT NOT NULL, 
	entries INTEGER NOT NULL, 
	last_seq INTEGER NOT NULL, 
	integrity INTEGER NOT NULL, 
	confidentiality INTEGER NOT NULL, 
	PRIMARY KEY (board_id, kind, status), 
	CONSTRAINT kind_mark_entries CHECK (entries >= 0)
)
 WITHOUT ROWID

;
INSERT INTO "kind_mark" VALUES('hello-1','greeting','polished',2,5,1,0);
INSERT INTO "kind_mark" VALUES('hello-1','greeting','rough',0,3,1,0);
INSERT INTO "kind_mark" VALUES('hello-1','guests','posted',1,1,1,0);
INSERT INTO "kind_mark" VALUES('hello-1','welcome','posted',1,6,1,0);
CREATE TABLE link (
	board_id TEXT NOT NULL, 
	about_key TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	PRIMARY KEY (board_id, about_key, seq)
)
 WITHOUT ROWID

;
INSERT INTO "link" VALUES('hello-1','greeting-1',6);
INSERT INTO "link" VALUES('hello-1','greeting-2',6);
INSERT INTO "link" VALUES('hello-1','guests-1',2);
INSERT INTO "link" VALUES('hello-1','guests-1',3);
INSERT INTO "link" VALUES('hello-1','guests-1',4);
INSERT INTO "link" VALUES('hello-1','guests-1',5);
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	applied_at FLOAT NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1,1.79520910632964015001e+09);
INSERT INTO "schema_version" VALUES(2,1.79520910632965016362e+09);
INSERT INTO "schema_version" VALUES(3,1.79520910632965397836e+09);
INSERT INTO "schema_version" VALUES(4,1.79520910632965588569e+09);
CREATE TABLE serving (
	board_id TEXT NOT NULL, 
	worker_id TEXT NOT NULL, 
	agents TEXT NOT NULL, 
	slots INTEGER NOT NULL, 
	since FLOAT NOT NULL, 
	beat_at FLOAT NOT NULL, 
	PRIMARY KEY (board_id, worker_id)
)
 WITHOUT ROWID

;
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('entry','sqlite_autoindex_entry_1','100000 50000 1');
INSERT INTO "sqlite_stat1" VALUES('entry','sqlite_autoindex_entry_2','100000 50000 3 1');
INSERT INTO "sqlite_stat1" VALUES('entry','entry_current','60000 30000 1');
INSERT INTO "sqlite_stat1" VALUES('entry','entry_by_kind','100000 50000 10000 2000 1 1');
INSERT INTO "sqlite_stat1" VALUES('link','link','100000 50000 5 1');
INSERT INTO "sqlite_stat1" VALUES('field','field','50000 25000 10000 10000 20 1');
INSERT INTO "sqlite_stat1" VALUES('activation','activation','50000 25000 1');
INSERT INTO "sqlite_stat1" VALUES('activation','sqlite_autoindex_activation_2','50000 25000 5000 1');
INSERT INTO "sqlite_stat1" VALUES('activation','activation_state','50000 25000 2500 500');
INSERT INTO "sqlite_stat1" VALUES('activation','activation_agenda','100 100 50 1');
INSERT INTO "sqlite_stat1" VALUES('activation','activation_running','10 10 5');
INSERT INTO "sqlite_stat1" VALUES('attempt','attempt','5000 2500 2 1');
INSERT INTO "sqlite_stat1" VALUES('activation_read','activation_read','200000 100000 4 1');
INSERT INTO "sqlite_stat1" VALUES('activation_read','activation_read_by_seq','200000 100000 4');
INSERT INTO "sqlite_stat1" VALUES('board','sqlite_autoindex_board_1','100 1');
INSERT INTO "sqlite_stat1" VALUES('worker','sqlite_autoindex_worker_1','100 1');
INSERT INTO "sqlite_stat1" VALUES('serving','serving','20 4 1');
INSERT INTO "sqlite_stat1" VALUES('gathering','gathering','10000 5000 1000 1');
INSERT INTO "sqlite_stat1" VALUES('gathered','gathered','50000 25000 5000 1');
INSERT INTO "sqlite_stat1" VALUES('gathered','gathered_by_group','50000 25000 5000 20');
INSERT INTO "sqlite_stat1" VALUES('batch','batch','50000 25000 5000 1');
INSERT INTO "sqlite_stat1" VALUES('batch','batch_by_activation','50000 25000 10');
CREATE TABLE worker (
	id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started_at FLOAT NOT NULL, 
	beat_at FLOAT NOT NULL, 
	left_at FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "worker" VALUES('a534f3019cb84b83b2c031c2975542e5','host',3812,1.79520910633391928674e+09,1.7952091063685894013e+09,1.79520910637019705767e+09);
CREATE INDEX activation_agenda ON activation (board_id, rating DESC, id) WHERE state = 'pending';
CREATE INDEX activation_read_by_seq ON activation_read (board_id, seq);
CREATE INDEX activation_running ON activation (board_id, owner) WHERE state = 'running';
CREATE INDEX activation_state ON activation (board_id, state, agent);
CREATE INDEX batch_by_activation ON batch (board_id, activation_id);
CREATE INDEX entry_by_kind ON entry (board_id, kind, superseded_seq, seq, status);
CREATE UNIQUE INDEX entry_current ON entry (board_id, "key") WHERE superseded_seq IS NULL;
CREATE INDEX gathered_by_group ON gathered (board_id, agent, name);
CREATE TRIGGER entry_is_immutable BEFORE UPDATE OF board_id, seq, key, version, kind, status, author, activation_id, about, integrity, confidentiality, origins, sha256, posted_at, born_seq, body ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry version never changes'); END;
CREATE TRIGGER entry_is_superseded_once BEFORE UPDATE OF superseded_seq ON entry
        WHEN OLD.superseded_seq IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'an entry version is superseded once'); END;
CREATE TRIGGER entry_is_new BEFORE INSERT ON entry
        WHEN EXISTS (SELECT 1 FROM entry WHERE board_id = NEW.board_id AND seq = NEW.seq)
          OR EXISTS (SELECT 1 FROM entry WHERE board_id = NEW.board_id AND key = NEW.key AND version = NEW.version)
        BEGIN SELECT RAISE(ABORT, 'an entry version never changes'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER link_UPDATE_refused BEFORE UPDATE ON link
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE TRIGGER link_DELETE_refused BEFORE DELETE ON link
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE TRIGGER field_UPDATE_refused BEFORE UPDATE ON field
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE TRIGGER field_DELETE_refused BEFORE DELETE ON field
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE TRIGGER activation_read_UPDATE_refused BEFORE UPDATE ON activation_read
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE TRIGGER activation_read_DELETE_refused BEFORE DELETE ON activation_read
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END;
CREATE VIEW board_now AS
        SELECT board_id, key, version, kind, status, author, about, integrity, confidentiality, origins, seq,
               datetime(posted_at, 'unixepoch') AS posted_at, body
        FROM entry WHERE superseded_seq IS NULL;
CREATE VIEW spend AS
        SELECT scope, unit, cap, settled, reserved, overrun, cap - settled + overrun - reserved AS remaining
        FROM budget;
CREATE VIEW provenance AS
        SELECT w.board_id, w.key, w.version, w.author, r.strict, s.key AS from_key, s.version AS from_version,
               s.author AS from_author
        FROM entry w JOIN activation_read r ON r.board_id = w.board_id AND r.activation_id = w.activation_id
        JOIN entry s ON s.board_id = r.board_id AND s.seq = r.seq;
CREATE VIEW boards AS
        SELECT number, id, scenario, status, json_extract(verdict, '$.ending') AS ending,
               (SELECT group_concat(r.value, '; ') FROM json_each(board.verdict, '$.reasons') r) AS reasons,
               head, epoch, ran_seconds, json_extract(options, '$.budget.seconds') AS seconds_cap,
               datetime(created_at, 'unixepoch') AS created_at, params
        FROM board;
CREATE VIEW history AS
        SELECT board_id, seq, key, version, kind, status, author, about, integrity, confidentiality, origins,
               strftime('%Y-%m-%d %H:%M:%f', posted_at, 'unixepoch') AS posted_at, superseded_seq, activation_id, body
        FROM entry;
CREATE VIEW workers AS
        SELECT s.board_id, s.worker_id, w.host, w.pid,
               (SELECT group_concat(a.key, ', ') FROM json_each(s.agents) a) AS agents, s.slots,
               datetime(s.since, 'unixepoch') AS since, datetime(s.beat_at, 'unixepoch') AS heard_at
        FROM serving s JOIN worker w ON w.id = s.worker_id;
CREATE VIEW agenda AS
        SELECT a.board_id, a.id, a.agent, a.state, a.rating, a.attempt, a.redone, a.owner,
               CASE WHEN a.binding LIKE 'batch %' THEN 'batch of ' || (
                   SELECT count(*) FROM batch m JOIN entry v ON v.board_id = m.board_id AND v.seq = m.seq
                   WHERE m.board_id = a.board_id AND m.activation_id = a.id
                   AND (v.superseded_seq IS NULL OR v.superseded_seq > a.snapshot_seq)) || ' ' || a.trigger_kind
               WHEN a.trigger_kind IS NOT NULL AND a.binding LIKE '% _%'
               THEN 'all ' || a.trigger_kind || substr(a.binding, instr(a.binding, ' '))
               ELSE coalesce('all ' || a.trigger_kind, e.key || ' v' || e.version) END AS woken_by,
               a.snapshot_seq, a.done_seq,
               (SELECT t.cause FROM attempt t WHERE t.board_id = a.board_id AND t.activation_id = a.id
                ORDER BY t.number DESC LIMIT 1) AS last_cause,
               a.waits_for, datetime(a.due_at, 'unixepoch') AS due_at
        FROM activation a LEFT JOIN entry e ON e.board_id = a.board_id AND e.seq = a.trigger_seq;
COMMIT;
