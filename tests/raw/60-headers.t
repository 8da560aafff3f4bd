# Header sections that are none, or too many: accepted, or refused by a limit, never a stop.
covers 60 63 64

case not a header: %EACH%
each "\r\nbody\r\n" " starts with a space\r\nSubject: x\r\n\r\nbody\r\n" "no colon\r\n\r\nbody\r\n" "Subject: only\r\n" ": no name\r\n\r\n" "Subject\r\n\r\n" "\r\n\r\n\r\n" "Subject : space\r\n\r\nx\r\n" "From: =?utf-8?B?=?=\r\nSubject: =?x-\x01?Q?=00?= =?utf-8?Q?=ED=A0=80=C0=AF=E2=80=AE?=\r\n\r\n" "Date: Mon, 99 Foo 9999999 99:99:99 +9999\r\nFrom: <<<>>>\r\nTo: a:b:c:;,,,;\r\n\r\n" "Date: Mon, 02 Mar 0000 10:00:00 -9999\r\nMessage-ID: <>\r\n\r\n" "Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n" "Content-Type: text/plain; name*0*999999999999=a; name*1=b; name*=utf-8''%00%0A\r\n\r\n"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
wait
send "%EACH%.\r\n"
S: 250 2.0.0
C: QUIT
S: 221
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b FETCH 1 (ENVELOPE BODYSTRUCTURE BODY RFC822.SIZE INTERNALDATE)
S~ \* 1 FETCH (?!.*\x00)
S: b OK
mailbox INBOX last ends "%EACH%"

case too many fields
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "X: y\r\n"*1000000 "\r\nbody\r\n.\r\n"
S: 554 5.6.0
timer under 3
C: QUIT
S: 221
closed
mailbox INBOX has 0

case %EACH%
segments exact
each "To" "References" "Cc"
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "%EACH%: " "<a@b.example>,\r\n "*100000 "<a@b.example>\r\n\r\nbody\r\n.\r\n"
S: 554 5.6.0
timer under 3
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "%EACH%: " "<a@b.example>,\r\n "*3000 "<a@b.example>\r\n\r\nbody\r\n.\r\n"
S: 250
timer under 3
C: QUIT
S: 221
connect imaps
log-in
C: a SELECT INBOX
S* a OK
C: b FETCH 1 (ENVELOPE)
S* b OK

case groups and groups
segments exact
connect smtp hello
C: MAIL FROM:<eve@remote.example>
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 354
timer start
send "To: " "g:;"*100000 "x\r\nSubject: " "=?utf-8?Q?a"*50000 "\r\n\r\nbody\r\n.\r\n"
S~ (250|554)
timer under 3
