# A literal costs what has come of it, never what was announced.
covers 41 48

case before the login: %EACH%
each "{2147483648}" "{99999999999999999999}" "{4097}" "{18446744073709551615}"
connect imap
C: a LOGIN %EACH%
S: a BAD [TOOBIG]
C: b NOOP
S: b OK

case no literal: %EACH%
each "{-1}" "{}" "{+}" "{a}" "{1" "{ 1}" "{1}x"
connect imap
C: a LOGIN %EACH%
S: a BAD
C: b NOOP
S: b OK

case announced without waiting, and too large: %EACH%
each "{4097+}" "{99999999999999999999+}" "{2147483648+}"
connect imap
C: a LOGIN %EACH%
C: b NOOP
S: * BYE [TOOBIG]
closed

case a login in literals of both kinds
connect imap
C: a LOGIN {4}
S: +
C: noop {3+}
C: xyz
S: a NO [AUTHENTICATIONFAILED]
C: b NOOP
S: b OK

case an octet beyond the size of a command before the login
connect imap
send "a LOGIN " "x"*8200 " y\r\n"
S: * BYE [TOOBIG]
closed

case announced gigabytes take no memory
segments exact
alone
repeat 50
connect imap
send "a LOGIN {4000+}\r\n"
close
memory seen
end
memory mark
repeat 300
connect imap
send "a LOGIN {4000+}\r\n"
connect imaps
log-in
send "a APPEND INBOX {50000000+}\r\n"
close
memory seen
end
memory grew less 1024 KiB

case a literal, and gone
connect imaps
log-in
send "a APPEND INBOX {1000+}\r\nSubject: half\r\n"
logged
mailbox INBOX has 0

case APPEND of nothing, of NUL, and to nowhere
connect imaps
log-in
C: a APPEND INBOX {0+}
C:
S: a NO [CANNOT]
C: b APPEND INBOX {5+}
send "a\0bcd\r\n"
S: b NO [UNKNOWN-CTE]
C: c APPEND Nowhere {12+}
send "Subject: x\r\n\r\n"
S: c NO [TRYCREATE]
C: d NOOP
S: d OK
mailbox INBOX has 0

case what follows a refused literal is the next command
connect imaps
log-in
C: a APPEND INBOX {99999999999}
S: a NO [TOOBIG]
C: b NOOP
S: b OK
C: c CREATE {200000}
S: c BAD [TOOBIG]
C: d NOOP
S: d OK

case a message above the limit, announced without waiting, is swallowed up to the limit and no further
host strict
segments exact
connect imaps
log-in
C: a APPEND INBOX {65537+}
send "b NOOP\r\n"*8192 "\r\n"
S: * BYE [TOOBIG]
closed
mailbox INBOX has 0

case a message at the limit
host strict
segments exact
connect imaps
log-in
C: a APPEND INBOX {65536}
S: +
send "Subject: x\r\n\r\n" "y"*65520 "\r\n" "\r\n"
S* a OK [APPENDUID
C: b APPEND INBOX {65537}
S: b NO [TOOBIG]
C: c NOOP
S* c OK
mailbox INBOX has 1
