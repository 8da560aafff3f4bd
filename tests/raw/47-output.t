# Who asks and does not read is not read from any more; the daemon keeps no more than it has to say at once.
covers 47
segments exact
alone

case a hundred thousand commands, and nothing is read
connect imaps
log-in
connect imap
memory mark
crowd 20 imap "a CAPABILITY\r\n"*100000
memory grew less 24000 KiB
timer start
connect imaps
log-in
timer under 2
drop crowd

case large answers to who does not read
connect imaps as=reader
log-in
send "a APPEND INBOX {5000014}\r\n"
S: +
send "Subject: x\r\n\r\n" "y"*5000000 "\r\n"
S* a OK
memory mark
connect imaps as=lazy
log-in
C: s SELECT INBOX
S* s OK
send "f FETCH 1 BODY.PEEK[]\r\n"*200
memory grew less 24000 KiB
timer start
connect imaps as=other
log-in
timer under 2
