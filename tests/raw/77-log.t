# One event, one line, whatever a peer sends. (That no password stands in the log is looked at after every run.)
covers 77

case a user's name of control characters: %EACH%
each "a\x1b[31m@example.org" "a\x7f@example.org" "a\xe2\x80\xae@example.org" "a level=info b=\"c\"@example.org"
connect imaps
send "a LOGIN {%LENGTH%+}\r\n%EACH% wrong\r\n"
S~ a (NO|BAD)
logged
log lacks "[\x1b\x7f]|\xe2\x80\xae"

case a line end in a user's name
segments exact
connect imaps
send "a LOGIN {21+}\r\nevil\r\n2026-01-01T00:00:0 wrong\r\n"
S~ a (NO|BAD)
logged
log lacks "\n2026-01-01T00:00:0"

case a sender's name
connect smtp hello
send "MAIL FROM:<\"a\\\x1b\"@remote.example>\r\n"
S~ (250|501)
send "RCPT TO:<\"x\\\" session=1 \"@example.org>\r\n"
S~ 5
C: QUIT
S: 221
closed
logged
log lacks "\x1b"

case a user's name of eight kilobytes
segments exact
connect submission hello
C: AUTH LOGIN
S: 334
send "YWFh"*2000 "\r\n"
S~ (501|334)
