# What a sender asks beyond delivery (RFC 3461, 4865, 2852, 6710, 8689): twice, too long, wrong, or where it is not offered.
covers 11 13 69

case of a message, wrong: %EACH%
each "ENVID=a+00" "ENVID=a+0D+0A" "ENVID=+7F" "ENVID=+E9" "ENVID=a+2b" "ENVID=a+" "ENVID=" "ENVID" "ENVID=\xe9" "ENVID=a ENVID=a" "RET=HEADERS" "RET=" "RET" "RET=HDRS RET=HDRS" "RET=FULL,HDRS" "REQUIRETLS=" "REQUIRETLS=1" "HOLDFOR=0" "HOLDFOR=-1" "HOLDFOR=1000000000" "HOLDFOR=18446744073709551617" "HOLDFOR=1 HOLDFOR=1" "HOLDFOR=1 HOLDUNTIL=2099-01-01T00:00:00Z" "HOLDUNTIL=now" "HOLDUNTIL=2099-02-30T00:00:00Z" "HOLDUNTIL=2099-01-01T00:00:00" "HOLDUNTIL=99999-01-01T00:00:00Z" "BY=0;R" "BY=-1;R" "BY=1000000000;N" "BY=1" "BY=1;X" "BY=--1;N" "BY=1;N BY=1;N" "MT-PRIORITY=10" "MT-PRIORITY=-0" "MT-PRIORITY=+1" "MT-PRIORITY=-" "MT-PRIORITY=1 MT-PRIORITY=1" "BODY=BINARYMIME BODY=BINARYMIME"
connect smtp hello
send "MAIL FROM:<a@b.example> %EACH%\r\n"
S: 501 5.5.4
C: MAIL FROM:<a@b.example>
S: 250 2.1.0
C: QUIT
S: 221
log lacks "a\r\n"

case of a recipient, wrong: %EACH%
each "NOTIFY=" "NOTIFY" "NOTIFY=ALWAYS" "NOTIFY=NEVER,SUCCESS" "NOTIFY=SUCCESS," "NOTIFY=,SUCCESS" "NOTIFY=NEVER NOTIFY=NEVER" "ORCPT=rfc822;a+00" "ORCPT=rfc822;a+0D+0ABcc:+20x@y" "ORCPT=rfc822;+E9" "ORCPT=rfc822;" "ORCPT=rfc822" "ORCPT=;a" "ORCPT=rfc822;a ORCPT=rfc822;a" "ORCPT=utf-8;\\x{0}" "ORCPT=utf-8;\\x{D}\\x{A}" "ORCPT=utf-8;\\x{D800}" "ORCPT=utf-8;\\x{110000}" "ORCPT=utf-8;\\x{FC" "ORCPT=utf-8;\xc3\xbc@b.example" "ORCPT=rfc822;\xff"
connect smtp hello
C: MAIL FROM:<a@b.example>
S: 250
send "RCPT TO:<%USER%> %EACH%\r\n"
S: 501 5.5.4
C: DATA
S: 503
wait
C: QUIT
S: 221

case at the limits of RFC 3461 §4.2 and §4.4
connect smtp hello
send "MAIL FROM:<a@b.example> ENVID=" "x"*101 "\r\n"
S: 501 5.5.4
send "MAIL FROM:<a@b.example> ENVID=" "x"*100 " RET=FULL SIZE=1 BODY=8BITMIME SMTPUTF8 AUTH=<> BY=1;N MT-PRIORITY=1\r\n"
S: 250 2.1.0
send "RCPT TO:<%USER%> ORCPT=rfc822;" "x"*494 "\r\n"
S: 501 5.5.4
send "RCPT TO:<%USER%> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;" "x"*493 "\r\n"
S: 250 2.1.5
send "RCPT TO:<%USER%> NOTIFY=" "DELAY,"*1000 "DELAY\r\n"
S: 500 5.5.6
C: QUIT
S: 221

case more parameters than there are: %EACH%
each "MAIL FROM:<a@b.example>" "RCPT TO:<%USER%>"
connect smtp hello
C: MAIL FROM:<a@b.example>
S: 250
wait
C: RSET
S: 250
wait
send "MAIL FROM:<a@b.example>" " A=1"*17 "\r\n"
S: 555 5.5.4
C: QUIT
S: 221

case not offered here: %EACH%
each "530 REQUIRETLS" "555 HOLDFOR=60" "555 HOLDUNTIL=2099-01-01T00:00:00Z" "555 SOLICIT=x" "555 TRANSID=1"
connect smtp hello
send "MAIL FROM:<a@b.example> %REST%\r\n"
S: %FIRST% 5.
C: QUIT
S: 221

case what is held can only be for others
connect submission hello
C: STARTTLS
S: 220
wait
starttls
C: EHLO client.example
S~ 250-(?s:.*)250-FUTURERELEASE 2592000 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?s:.*)
wait
log-in
C: MAIL FROM:<%USER%> HOLDFOR=2592001
S: 501 5.5.4
C: MAIL FROM:<%USER%> HOLDUNTIL=2020-01-01T00:00:00Z
S: 501 5.5.4
C: MAIL FROM:<%USER%> HOLDFOR=60 BY=30;R
S: 501 5.5.4
C: MAIL FROM:<%USER%> HOLDFOR=60
S: 250 2.1.0
C: RCPT TO:<%USER%>
S: 554 5.3.3
C: RCPT TO:<eve@elsewhere.example>
S: 250 2.1.5
C: QUIT
S: 221
mailbox INBOX has 0

case success is told once, and never to nobody
connect smtp hello
C: MAIL FROM:<>
S: 250
C: RCPT TO:<%USER%> NOTIFY=SUCCESS
S: 250
C: DATA
S: 354
wait
send "Subject: from nobody\r\n\r\nbody\r\n.\r\n"
S: 250 2.0.0
C: MAIL FROM:<%USER%> ENVID=once RET=FULL
S: 250
C: RCPT TO:<%USER%> NOTIFY=SUCCESS
S: 250
C: RCPT TO:<%USER%> NOTIFY=SUCCESS
S: 250
C: DATA
S: 354
wait
send "Subject: to myself\r\n\r\nbody\r\n.\r\n"
S: 250 2.0.0
C: QUIT
S: 221
mailbox INBOX has 3
log has "dsn_sent"

case binary by DATA
connect smtp hello
C: MAIL FROM:<a@b.example> BODY=BINARYMIME
S: 250
C: RCPT TO:<%USER%>
S: 250
C: DATA
S: 503 5.5.1
wait
send "BDAT 9 LAST\r\nA:\r\n\r\n\0\n\r"
S: 250 2.0.0
C: QUIT
S: 221
mailbox INBOX last ends "A:\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAAoN\r\n"

case binary that no part can hold: %EACH%
each "A: \0\r\n\r\nb\r\n" "A: b\nB: c\r\n\r\nx\r\n" "A: b\r\nB\r\rC: x\r\n\r\n" "Content-Type: multipart/mixed; boundary=x\r\n\r\na\n--x\r\n\r\nb\r\n--x--\r\n"
connect smtp hello
C: MAIL FROM:<a@b.example> BODY=BINARYMIME
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT %LENGTH% LAST\r\n%EACH%"
S: 554 5.6.0
C: QUIT
S: 221
mailbox INBOX has 0

case binary is not smuggled into commands
connect smtp hello
C: MAIL FROM:<a@b.example> BODY=BINARYMIME
S: 250
C: RCPT TO:<%USER%>
S: 250
send "BDAT 56 LAST\r\nA:\r\n\r\nbody\n.\nMAIL FROM:<smuggled@remote.example>\r\nRSET\r\n"
S: 250 2.0.0
C: QUIT
S: 221
mailbox INBOX has 1
log lacks "from=smuggled"
