# Parts within parts: opaque from a depth on, one leaf from a number on.
covers 61 62

case a hundred thousand parts
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "Content-Type: multipart/mixed; boundary=b\r\n\r\n" "--b\r\n\r\nx\r\n"*100000 "--b--\r\n.\r\n"
S: 250
timer under 4
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b FETCH 1 (BODYSTRUCTURE)
S* b OK
C: c FETCH 1 (BODY.PEEK[10001] BODY.PEEK[1.MIME])
S* c OK
timer under 6

case a thousand messages in each other
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "Content-Type: message/rfc822\r\n\r\n"*1000 "Subject: inmost\r\n\r\nx\r\n.\r\n"
S: 250
timer under 2
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b FETCH 1 (BODY BODYSTRUCTURE ENVELOPE)
S* b OK

case boundaries of a kind: %EACH%
each "multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\nx\r\n--ab--\r\n--a--" "multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nnever closed" "multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n----" "multipart/mixed\r\n\r\n--\r\nx" "multipart/digest; boundary=a; boundary=b\r\n\r\n--a\r\n\r\n--b\r\n"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "Content-Type: %EACH%\r\n.\r\n"
S: 250
C: QUIT
S: 221
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b FETCH 1 (BODY BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1.1] BODY.PEEK[2.MIME])
S* b OK
mailbox INBOX last ends "%EACH%\r\n"

case a hundred thousand parameters
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "Content-Type: text/plain" ";\r\n a=b"*100000 "\r\n\r\nbody\r\n.\r\n"
S~ (250|554)
timer under 3
