# Names of mailboxes are names, never paths.
covers 50 51

case cannot be: %EACH%
each "\"../../etc/passwd\"" "\"/abs\"" "\"a//b\"" "\".\"" "\"..\"" "\"INBOX/..\"" "\"a/./b\"" "\"a*\"" "\"a%\"" "\"&\"" "\"&-&\"" "\"&AAA-\"" "\"&AAo-\"" "\"&2AA-\"" "\"&3AA-\"" "\"&AGE-\"" "\"&U,BTFw-&ZeVnLIqe-\"" "\"&Jjo!\"" "\"\"" "\"/\"" "\"a\x7fb\"" "\"a\x01b\"" "\"&ICg-\""
connect imaps
log-in
C: a CREATE %EACH%
S~ a (NO|BAD)
C: b LIST "" *
S* b OK
C: c NOOP
S: c OK

case CR, LF and 8-bit in literals: %EACH%
each "3 a\rb" "3 a\nb" "4 a\r\nb" "2 a\xe9" "3 \xff\xfea"
connect imaps
log-in
C: a CREATE {%FIRST%+}
send "%REST%\r\n"
S~ a (NO|BAD)
C: c NOOP
S: c OK

case too long and too deep
connect imaps
log-in
send "a CREATE " "x"*10000 "\r\n"
S: a NO
send "b CREATE " "a/"*1000 "b\r\n"
S: b NO
C: c NOOP
S: c OK

case one name, however it is spelled
connect imaps
log-in
C: a CREATE "&AOk-"
S: a OK
C: b CREATE "e&AwE-"
S: b NO [ALREADYEXISTS]
C: c CREATE inbox
S: c NO
C: d SELECT iNbOx
S* d OK
C: e CREATE "INBOX/x"
S: e OK
C: f CREATE "inbox/x"
S: f NO [ALREADYEXISTS]

case renaming and deleting what must stay
connect imaps
log-in
C: a CREATE a/b
S: a OK
C: b RENAME a a/c
S~ b NO
C: c RENAME a/b a/b/c
S~ c NO
C: d RENAME a a
S~ d NO
C: e DELETE INBOX
S~ e NO
C: f DELETE a
S~ f (NO \[HASCHILDREN\]|OK)
C: g DELETE nowhere
S: g NO [NONEXISTENT]
C: h RENAME nowhere x
S: h NO [NONEXISTENT]
C: i RENAME a/b INBOX
S: i NO
C: k APPEND INBOX {14+}
C: Subject: x
C:
C:
S* k OK
C: l RENAME INBOX Old
S* l OK
C: m STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 0)
S: m OK
C: n STATUS Old (MESSAGES)
S: * STATUS Old (MESSAGES 1)
S: n OK

case patterns of many wildcards end soon
segments exact
connect imaps
log-in
send "a CREATE " "a"*250 "\r\n"
S: a OK
timer start
send "b LIST \"\" " "%*"*1000 "b\r\n"
S* b OK
timer under 2

case a mailbox that is deleted while it is selected
connect imaps as=one
log-in
C: a CREATE Gone
S: a OK
C: b SELECT Gone
S* b OK
connect imaps as=two
log-in
C: c DELETE Gone
S: c OK
on one
C: d NOOP
S: * BYE
closed

case UIDVALIDITY of a name that comes again is another one
connect imaps
log-in
C: a CREATE Again
S: a OK
C: b APPEND Again {14+}
C: Subject: x
C:
C:
S* b OK
C: c DELETE Again
S: c OK
C: d CREATE Again
S: d OK
C: e STATUS Again (MESSAGES UIDNEXT)
S: * STATUS Again (MESSAGES 0 UIDNEXT 1)
S: e OK
