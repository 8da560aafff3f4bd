# Those who open and say nothing, or half of something: gone after [limits] tls_handshake, and nobody else notices.
covers 31
segments exact
host strict
alone

case five hundred half handshakes
connect imaps
log-in
memory mark
timer start
crowd 500 imaps "%HELLO:half%"
memory grew less 20000 KiB
connect imaps
log-in
C: a SELECT INBOX
S* a OK
timer under 4
crowd closed 15
drop crowd
connect imaps
log-in

case five hundred that say nothing
memory mark
crowd 500 submissions ""
memory grew less 8000 KiB
timer start
connect submissions hello
log-in
C: QUIT
S: 221
timer under 1
crowd closed 15
drop crowd
