# Sequence sets and ranges at the edges of 32 and 64 bits; none is expanded.
covers 45 46

case sets that are none: %EACH%
each "0" "4294967296" "1:0" "" "1," ",1" "1::2" "a" "-1" "1:*:2" "99999999999999999999"
connect imaps
log-in
C: s SELECT INBOX
S* s OK
C: a FETCH %EACH% UID
S: a BAD
C: b UID FETCH %EACH% FLAGS
S: b BAD
C: c UID SEARCH UID %EACH%
S: c BAD
C: d NOOP
S: d OK

case sets of an empty and of a full mailbox
connect imaps
log-in
C: s SELECT INBOX
S* s OK
C: a UID FETCH 1:* FLAGS
S: a OK
C: b UID FETCH 4294967295:* FLAGS
S: b OK
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: d UID FETCH 999:* UID
S~ \* 1 FETCH \(UID 1\)
S: d OK
C: e UID FETCH *:4294967295 UID
S: * 1 FETCH
S: e OK
C: f FETCH *:1 UID
S: * 1 FETCH
S: f OK
C: g UID SEARCH UID 4294967295:*
S~ \* SEARCH 1\r\n
S: g OK
send "h UID FETCH " "1:4294967295,"*4000 "1 UID\r\n"
S: * 1 FETCH
S: h OK
send "i FETCH " "1,"*30000 "1 UID\r\n"
S: * 1 FETCH
S: i OK
C: j UID STORE 1:4294967295 +FLAGS.SILENT (\\Seen)
S: j OK
C: k UID COPY 4294967294 INBOX
S: k OK
mailbox INBOX has 1

case parts: <%EACH%>
each "0.4294967295" "4294967295.1" "9223372036854775807.9223372036854775807" "0.18446744073709551615"
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: s SELECT INBOX
S* s OK
C: a FETCH 1 BODY.PEEK[]<%EACH%>
S~ \* 1 FETCH|a BAD
C: b NOOP
S* b OK

case parts that are none: <%EACH%>
each "18446744073709551616.1" "1" "0.0" "-1.5" "1." ".1" "0.1.2" "a.b"
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
C: s SELECT INBOX
S* s OK
C: a FETCH 1 BODY.PEEK[]<%EACH%>
S: a BAD
C: b NOOP
S: b OK
