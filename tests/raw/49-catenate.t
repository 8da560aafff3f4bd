# A CATENATE that fails in the middle takes all of its literals with it; nothing of them is a command.
covers 49

case a URL that is none, before literals: %EACH%
each "/INBOX/;UID=9" "/../etc/passwd" "imap://127.0.0.1/INBOX/;UID=1" "http://example.org/" "/INBOX/;UID=1/;SECTION=1.1.1.1" "%00" "/%" "a]b" ""
connect imaps
log-in
C: a APPEND INBOX CATENATE (TEXT {6+}
C: a: b
C:  URL "%EACH%" TEXT {27+}
C: b LOGOUT
C: c CREATE hacked
C:  URL "/x/;UID=1" TEXT {10+}
C: d LOGOUT
C: )
S: a NO [BADURL
C: e LIST "" hacked
S: e OK
mailbox INBOX has 0

case the second of two messages fails
connect imaps
log-in
C: a APPEND INBOX {6+}
C: a: b
C:  CATENATE (URL "/INBOX/;UID=1") {6+}
C: c: d
C: 
S: a NO [BADURL /INBOX/;UID=1]
C: b NOOP
S: b OK
mailbox INBOX has 0

case syntax that ends in the middle
connect imaps
log-in
C: a APPEND INBOX CATENATE (TEXT {10+}
C: b LOGOUT
C:  FILE {10+}
C: c LOGOUT
C: )
S: a BAD
C: d NOOP
S: d OK

case more than a message may have
segments exact
host strict
connect imaps
log-in
send "a APPEND INBOX {60000+}\r\n\r\n" "x"*59996 "\r\n" "\r\n"
S: a OK
C: b APPEND INBOX CATENATE (URL "/INBOX/;UID=1" URL "/INBOX/;UID=1")
S: b NO [TOOBIG]
C: c APPEND INBOX CATENATE (TEXT {40000}
S: +
send "x"*40000 " TEXT {40000}\r\n"
S: c NO [TOOBIG]
C: d NOOP
S: d OK
mailbox INBOX has 1
