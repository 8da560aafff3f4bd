# POP3 (RFC 1939): numbers, lines and orders that are none; a maildrop is one session's; only QUIT removes anything.
covers 57

case what it can do, before and behind a login
connect pop3
C: CAPA
S: +OK
S. (?=.*^STLS\r$)(?=.*^USER\r$)(?=.*^SASL SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN\r$)(?=.*^TOP\r$)(?=.*^UIDL\r$)(?=.*^RESP-CODES\r$)(?=.*^AUTH-RESP-CODE\r$)(?=.*^PIPELINING\r$)(?=.*^UTF8 USER\r$).*
wait
log-in
C: capa
S: +OK
S. (?=.*^UIDL\r$)(?!.*^STLS).*
C: QUIT
S: +OK
closed

case numbers that are none: %EACH%
each "0" "-1" "+1" "2" "4294967295" "4294967296" "18446744073709551617" "99999999999999999999999999" "1 1" "1.0" "0x1" "x" "\0" "1\r2" "\xb9" "*" "1:2"
connect pop3s
log-in
C: RETR %EACH%
S: -ERR
C: DELE %EACH%
S: -ERR
C: LIST %EACH%
S: -ERR
C: UIDL %EACH%
S: -ERR
C: TOP %EACH% 0
S: -ERR
C: NOOP
S: +OK
C: STAT
S: +OK 0 0

case lines of TOP that are none: %EACH%
each "" "-1" "4294967296" "99999999999999999999" "x" "1 1" "0x0"
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: TOP 1 %EACH%
S: -ERR
C: TOP 1
S: -ERR
C: TOP 1 4294967295
S: +OK
S. Subject: x\r\n\r\n
C: TOP 1 0
S: +OK
S. Subject: x\r\n\r\n

case lines of 511 to 513 octets, and ones without end
connect pop3s
log-in
send "NOOP " "x"*504 "\r\n"
S: -ERR Syntax error
send "NOOP " "x"*505 "\r\n"
S: -ERR Syntax error
send "NOOP " "x"*506 "\r\n"
S: -ERR The line is too long
C: NOOP
S: +OK
send "NOOP " "x"*5000 "\r\n"
S: -ERR The line is too long
C: NOOP
S: +OK
wait
send "x"*1000000
S: -ERR The line does not end
closed

case octets that are none: %EACH%
each "NOOP\0" "\0" "NO\rOP" "NOOP \r" "\xff\xfe" "\x80NOOP" "NOOP \x1b[31m" "%s%n%x" "" " " " NOOP" "NOOP " "NOOPNOOP" "+OK" "-ERR"
connect pop3s
log-in
C: %EACH%
S: -ERR
C: NOOP
S: +OK

case who says nothing that is a command
connect pop3
repeat 9
C: XYZZY
S: -ERR Unknown command
end
C: XYZZY
S: -ERR Too many errors
closed

case a browser
connect pop3
C: GET / HTTP/1.1
S: -ERR This is a POP3 server
closed

case each command in its state
connect pop3s
C: STAT
S: -ERR
C: RETR 1
S: -ERR
C: DELE 1
S: -ERR
C: PASS %PASS%
S: -ERR USER comes first
C: USER %USER%
S: +OK
C: PASS %PASS%
S: +OK
C: USER %USER%
S: -ERR
C: PASS %PASS%
S: -ERR
C: AUTH PLAIN %PLAIN%
S: -ERR
C: STLS
S: -ERR
C: UTF8
S: -ERR
C: STAT
S: +OK 0 0

case messages, their sizes and their ids
connect imaps
log-in
C: c APPEND INBOX {21+}
C: Subject: x
C:
C: .
C: ..
C:
S* c OK
C: c APPEND INBOX {17+}
C: Subject: y
C:
C: end
S* c OK
connect pop3s
log-in
C: STAT
S: +OK 2 38
C: LIST
S: +OK
S. 1 21\r\n2 17\r\n
C: LIST 2
S: +OK 2 17
C: UIDL
S: +OK
S. 1 ([!-~]{1,70})\r\n2 (?!\1\r)[!-~]{1,70}\r\n
C: UIDL 2
S~ \+OK 2 [!-~]{1,70}\r\n
C: RETR 1
S: +OK
S. Subject: x\r\n\r\n\.\.\r\n\.\.\.\r\n
C: TOP 1 1
S: +OK
S. Subject: x\r\n\r\n\.\.\r\n
C: RETR 2
S: +OK
S. Subject: y\r\n\r\nend\r\n

case what is marked is no more there, until RSET
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: DELE 1
S: +OK
C: DELE 1
S: -ERR
C: RETR 1
S: -ERR
C: TOP 1 0
S: -ERR
C: LIST 1
S: -ERR
C: UIDL 1
S: -ERR
C: LIST
S: +OK 0
S. 
C: STAT
S: +OK 0 0
C: RSET
S: +OK
C: STAT
S: +OK 1 14
C: QUIT
S: +OK
closed
mailbox INBOX has 1

case QUIT removes what is marked
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: DELE 1
S: +OK
C: QUIT
S: +OK
closed
mailbox INBOX has 0

case who goes without QUIT removes nothing: close
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: DELE 1
S: +OK
wait
send "QUI"
close
logged
mailbox INBOX has 1

case who goes without QUIT removes nothing: reset
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: DELE 1
S: +OK
wait
send "QUI"
reset
logged
mailbox INBOX has 1

case who goes without QUIT removes nothing: half-close
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
connect pop3s
log-in
C: DELE 1
S: +OK
wait
send "QUI"
half-close
closed
logged
mailbox INBOX has 1

case a maildrop is one session's, and the next one's as soon as that ends
connect pop3s as=first
log-in
connect pop3 as=second
C: USER %USER%
S: +OK
C: PASS %PASS%
S: -ERR [IN-USE]
C: STAT
S: -ERR
C: AUTH PLAIN %PLAIN%
S: -ERR [IN-USE]
wait
on first
C: QUIT
S: +OK
closed
on second
C: AUTH PLAIN %PLAIN%
S: +OK
C: QUIT
S: +OK
closed

case a thousand commands in one segment
segments exact
connect pop3s
log-in
send "STAT\r\n"*1000 "QUIT\r\n"
repeat 1000
S: +OK 0 0
end
S: +OK
closed

case DELE and RSET for ever take no memory, nor does coming and going
alone
segments exact
connect imaps
log-in
C: c APPEND INBOX {14+}
C: Subject: x
C:
C:
S* c OK
repeat 10
connect pop3s
log-in
repeat 100
send "DELE 1\r\nLIST\r\nRETR 1\r\nRSET\r\nTOP 1 0\r\n"
S: +OK
S: +OK
S. 
S: -ERR
S: +OK
S: +OK
S. .*
end
C: QUIT
S: +OK
closed
memory seen
end
memory mark
repeat 30
connect pop3s
log-in
repeat 100
send "DELE 1\r\nLIST\r\nRETR 1\r\nRSET\r\nTOP 1 0\r\n"
S: +OK
S: +OK
S. 
S: -ERR
S: +OK
S: +OK
S. .*
end
C: QUIT
S: +OK
closed
memory seen
end
memory grew less 512 KiB

case answers that nobody reads are not made
alone
segments exact
connect imaps
log-in
send "c APPEND INBOX {1000014+}\r\nSubject: x\r\n\r\n" "x"*1000000 "\r\n"
S* c OK
connect pop3s
log-in
memory mark
send "RETR 1\r\n"*1000
memory grew less 4096 KiB
reset
