# IDLE ends with DONE and nothing else; keywords have limits.
covers 55 56

case something else than DONE: %EACH%
each "NOOP" "" "DONE x" "b NOOP" "{5}" "{5+}" "\0" "DON"
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b IDLE
S: +
C: %EACH%
S: b BAD
C: c NOOP
S: c OK
C: d IDLE
S: +
C: dOnE
S: d OK

case IDLE and gone
connect imaps
log-in
C: b IDLE
S: +
wait
half-close
closed
logged

case an endless line in IDLE
segments exact
connect imaps
log-in
C: b IDLE
S: +
send "x"*1000000
S: * BYE [TOOBIG]
closed

case no keyword: %EACH%
each "(" "a(b" "a%b" "a]b" "a*b" "a\"b" "a\\b" "\\Foo" "\\Recent" "\xe9" "{1}"
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: s SELECT INBOX
S* s OK
send "a STORE 1 +FLAGS (%EACH%)\r\n"
S: a BAD
C: b NOOP
S: b OK

case a keyword of a kilobyte, and sixty keywords
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: s SELECT INBOX
S* s OK
send "a STORE 1 +FLAGS (" "k"*1024 ")\r\n"
S: a BAD
C: b STORE 1 +FLAGS (k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11 k12 k13 k14 k15 k16 k17 k18 k19 k20 k21 k22 k23 k24 k25 k26 k27 k28 k29 k30 k31 k32 k33 k34 k35 k36 k37 k38 k39 k40 k41 k42 k43 k44 k45 k46 k47 k48 k49 k50 k51 k52 k53 k54 k55 k56 k57 k58 k59)
S* b OK
C: d STORE 1 +FLAGS (k60)
S: d NO [LIMIT]
C: e NOOP
S: e OK
