# Parts that cannot be decoded cost their command, not the session; NUL octets are kept where they can be.
covers 59

case an encoding that cannot be undone: %EACH%
each "Content-Transfer-Encoding: base64\r\n\r\nSGVs*bG8=" "Content-Transfer-Encoding: base64\r\n\r\nA" "Content-Transfer-Encoding: base64\r\n\r\n\377\376\r\n" "Content-Transfer-Encoding: quoted-printable\r\n\r\na=XY\r\n" "A: b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3" "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#AAAA\r\nend\r\n"
connect imaps
log-in
send "a APPEND INBOX {%LENGTH%+}\r\n%EACH%\r\n"
S: a OK
C: b SELECT INBOX
S* b OK
C: c FETCH 1 (UID BINARY.SIZE[1] BINARY.PEEK[1])
S: * 1 FETCH (UID 1)
S: c NO [UNKNOWN-CTE]
C: d FETCH 1 BODY.PEEK[]
S* d OK

case NUL octets where they cannot be: %EACH%
each "Subject: \0\r\n\r\nx" "Content-Type: multipart/mixed; boundary=a\r\n\r\n\0\r\n--a\r\n\r\nx\r\n--a--\r\n" "Content-Transfer-Encoding: base64\r\n\r\nAAAA\0"
connect imaps
log-in
send "a APPEND INBOX ~{%LENGTH%+}\r\n%EACH%\r\n"
S: a NO [UNKNOWN-CTE]
C: b NOOP
S: b OK
mailbox INBOX has 0

case a million NUL octets come back
segments exact
connect imaps
log-in
timer start
send "a APPEND INBOX ~{1000002+}\r\n\r\n" "\0"*1000000 "\r\n"
S: a OK
C: b SELECT INBOX
S* b OK
C: c FETCH 1 BINARY.SIZE[1]
S: * 1 FETCH (BINARY.SIZE[1] 1000000)
S: c OK
C: d FETCH 1 BINARY.PEEK[1]<999998.9>
S: * 1 FETCH (BINARY[1]<999998> ~{2}
S: d OK
timer under 4

case literal8 elsewhere is a syntax error
connect imaps
log-in
C: a LOGIN ~{1+}
C: x y
S: a BAD
C: b CREATE ~{1+}
C: x
S: b BAD
C: c NOOP
S: c OK
