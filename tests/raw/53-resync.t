# CONDSTORE and QRESYNC: mod-sequences that are none, mailboxes that are others, sets without end.
covers 53

case a mod-sequence that is none: %EACH%
each "0" "9223372036854775808" "18446744073709551615" "-1" "x" "1.5" ""
connect imaps
log-in
C: a ENABLE QRESYNC
S: * ENABLED QRESYNC
S: a OK
C: b SELECT INBOX (QRESYNC (1 %EACH%))
S: b BAD
C: c SELECT INBOX
S* c OK
C: d UID FETCH 1:* (FLAGS) (CHANGEDSINCE %EACH% VANISHED)
S: d BAD
C: e NOOP
S: e OK

case sets that are none: %EACH%
each "1:*" "$" "3:1" "2,1" "1,1" "1 (1:3 1:2)" "(1 1" "1 (* 1)" "1 (1 1) 2" "0"
connect imaps
log-in
C: a ENABLE QRESYNC
S: * ENABLED QRESYNC
S: a OK
C: b SELECT INBOX (QRESYNC (1 1 %EACH%))
S: b BAD
C: c NOOP
S: c OK

case another UIDVALIDITY, the last mod-sequence and all UIDs
connect imaps
log-in
C: a APPEND INBOX {14+}
C: Subject: x
C:
C:
S* a OK
C: b ENABLE QRESYNC
S: * ENABLED QRESYNC
S: b OK
C: c SELECT INBOX (QRESYNC (4294967295 1 1:4294967295 (1:4294967295 1:4294967295)))
S* c OK
C: d UID FETCH 1:4294967295 (UID) (CHANGEDSINCE 9223372036854775807 VANISHED)
S: d OK
C: e UID FETCH 4294967295:1 (UID) (CHANGEDSINCE 1 VANISHED)
S: * 1 FETCH (UID 1 MODSEQ (
S: e OK
# nothing passes a test against 0
C: f STORE 1 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\Deleted)
S: * 1 FETCH (UID 1 FLAGS (\Recent) MODSEQ (
S: f OK [MODIFIED 1]
C: g UID STORE 1 (UNCHANGEDSINCE 9223372036854775807) +FLAGS.SILENT (\Deleted)
S: * 1 FETCH (UID 1 MODSEQ (
S: g OK
C: h EXPUNGE
S: * VANISHED 1
S* h OK [HIGHESTMODSEQ
# what is gone is told whether it is remembered or not
C: i UID FETCH 1:* (UID) (CHANGEDSINCE 1 VANISHED)
S: * VANISHED (EARLIER) 1
S: i OK

case not before it is enabled
connect imaps
log-in
C: a SELECT INBOX (QRESYNC (1 1))
S: a BAD
C: b SELECT INBOX (CONDSTORE)
S* b OK
C: c UID FETCH 1:* (UID) (CHANGEDSINCE 1 VANISHED)
S: c BAD
C: d ENABLE QRESYNC
S: d BAD

case known UIDs of forty thousand octets, and of a hundred thousand
connect imaps
log-in
C: a ENABLE QRESYNC
S: * ENABLED QRESYNC
S: a OK
send "b SELECT INBOX (QRESYNC (1 1 1" ",3"*20000 "))\r\n"
S: b BAD
C: c NOOP
S: c OK
send "d SELECT INBOX (QRESYNC (1 1 1" ",3"*50000 "))\r\n"
S: * BYE [TOOBIG]
closed
