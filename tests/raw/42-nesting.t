# Nested deeper than anybody needs: refused before any stack notices.
covers 42

case parentheses without end, before and after the login
connect imap
send "a " "("*8000 "\r\n"
S: a BAD
C: b NOOP
S: b OK
connect imap
send "("*1000000 "\r\n"
S: * BYE [TOOBIG]
closed
connect imaps
log-in
C: s SELECT INBOX
S* s OK
send "a SEARCH " "("*60000 "\r\n"
S: a BAD
send "b FETCH 1 " "("*60000 "\r\n"
S: b BAD
C: c NOOP
S: c OK
send "d SEARCH " "("*1000000 "\r\n"
S: * BYE [TOOBIG]
closed

case fifty levels are taken, fifty-one are not
connect imaps
log-in
C: s SELECT INBOX
S* s OK
send "a SEARCH " "("*49 "ALL" ")"*49 "\r\n"
S: * SEARCH
S: a OK
send "b SEARCH " "("*60 "ALL" ")"*60 "\r\n"
S: b BAD

case NOT and OR: %EACH%
each "NOT " "OR ALL " "OR "
connect imaps
log-in
C: s SELECT INBOX
S* s OK
send "a SEARCH " "%EACH%"*60 "ALL ALL\r\n"
S: a BAD
send "b SEARCH " "%EACH%"*8000 "ALL ALL\r\n"
S: b BAD
C: c NOOP
S: c OK

case a section of many levels
connect imaps
log-in
C: s SELECT INBOX
S* s OK
send "a FETCH 1 BODY[1" ".1"*30000 "]\r\n"
S: a BAD
send "b FETCH 1 BODY[" "1."*200 "MIME]\r\n"
S: b BAD
C: c NOOP
S: c OK
